// objects: fcgi-api/fields.o fcgi-api/fields_send.o fcgi-api/fields_more.o fcgi-api/refusals.o shared/arena.o shared/buf.o shared/ids.o shared/json.o shared/json_write.o
/*
 * fields: what clients send, row by row: the JSON, and the refusal or the fields.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fields.h"
#include "json.h"

#define ME 123

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct fields fields_of(const char *event, const char *args)
{
	return (struct fields){
		arena, slice_of(event), slice_of(args), json_check(slice_of(args)) == JSON_BAD_TEXT, ME, false
	};
}

static void assert_text(const char *what, const struct refusal *no, const char *want)
{
	if (!no != !want || (no && strcmp(no->text, want) != 0))
		fail_msg("%s: got \"%s\", want \"%s\"", what, no ? no->text : "(accepted)",
			 want ? want : "(accepted)");
}

/* ---- ids ---- */

static void test_ids(void **state)
{
	static const struct { const char *json; int64_t id;
	} rows[] = {
		{ "1", 1 },
		{ "\"1\"", 1 },
		{ "9223372036854775807", INT64_MAX },
		{ "\"9223372036854775807\"", INT64_MAX },
		{ "\"\\u0031\\u0032\"", 12 },
		{ "0", 0 },
		{ "-1", 0 },
		{ "1.0", 0 },
		{ "1e3", 0 },
		{ "9223372036854775808", 0 },
		{ "\"\"", 0 },
		{ "\"01\"", 0 },
		{ "\"+1\"", 0 },
		{ "\" 1\"", 0 },
		{ "\"1 \"", 0 },
		{ "\"0\"", 0 },
		{ "true", 0 },
		{ "null", 0 },
		{ "[1]", 0 },
		{ "{}", 0 },
		{ "\"1a\"", 0 },
		{ "\"18446744073709551617\"", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t id = 0;
		int rc = fields_id(arena, slice_of(rows[i].json), &id);

		if (rc != (rows[i].id ? 0 : -1) || (rc == 0 && id != rows[i].id))
			fail_msg("%s: rc %d id %lld", rows[i].json, rc, (long long)id);
	}
}

static void test_small_events(void **state)
{
	static const struct { const char *event, *args, *text;
	} rows[] = {
		{ "join_direct_chat", "{\"other_user_id\":\"456\"}", NULL },
		{ "join_direct_chat", "{\"other_user_id\":456},\"more\"", NULL },
		{ "join_direct_chat", "{}", "other_user_id es requerido" },
		{ "join_direct_chat", "{\"other_user_id\":null}", "other_user_id es requerido" },
		{ "join_direct_chat", "{\"OTHER_USER_ID\":1}", "other_user_id es requerido" },
		{ "join_direct_chat", "{\"other_user_id\":\"\"}", "Payload inválido para join_direct_chat" },
		{ "join_direct_chat", "{\"other_user_id\":[]}", "Payload inválido para join_direct_chat" },
		{ "join_direct_chat", "", "Payload inválido para join_direct_chat" },
		{ "join_direct_chat", "null", "Payload inválido para join_direct_chat" },
		{ "join_direct_chat", "[{\"other_user_id\":1}]", "Payload inválido para join_direct_chat" },
		{ "join_direct_chat", "{\"other_user_id\":1,\"x\":\"\\u0000\"}",
		  "El texto contiene caracteres no permitidos" },
		{ "join_group", "{\"group_id\":789}", NULL },
		{ "join_group", "{\"other_user_id\":789}", "group_id es requerido" },
		{ "leave_group", "7", "Payload inválido para leave_group" },
		{ "mark_read", "{\"mensaje_id\":\"9\",\"user_id\":123}", NULL },
		{ "mark_read", "{\"mensaje_id\":\"9\",\"user_id\":\"124\"}",
		  "user_id no coincide con el usuario conectado" },
		{ "mark_read", "{\"mensaje_id\":\"9\"}", "mensaje_id y user_id son requeridos" },
		{ "mark_read", "{\"mensaje_id\":\"x\",\"user_id\":123}", "Payload inválido para mark_read" },
		{ "load_message_history", "{\"sala_uuid\":\"a\"}", NULL },
		{ "load_message_history", "{}", "sala_uuid es requerido" },
		{ "load_message_history", "{\"sala_uuid\":5}", "Payload inválido para load_message_history" },
		{ "load_message_history", "{\"sala_uuid\":\"a\",\"limit\":\"5\"}",
		  "Payload inválido para load_message_history" },
		{ "load_message_history", "{\"sala_uuid\":\"a\",\"limit\":1.5}",
		  "Payload inválido para load_message_history" },
		{ "load_message_history", "{\"sala_uuid\":\"a\",\"before\":1,\"after\":1}",
		  "Payload inválido para load_message_history" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fields f = fields_of(rows[i].event, rows[i].args);
		struct fields_history h;
		const struct refusal *no;
		int64_t id;

		if (rows[i].event[0] == 'm')
			no = fields_receipt(&f, &id);
		else if (strcmp(rows[i].event, "join_direct_chat") == 0)
			no = fields_other_user(&f, &id);
		else if (strcmp(rows[i].event, "load_message_history") == 0)
			no = fields_history(&f, &h);
		else
			no = fields_group(&f, &id);
		assert_text(rows[i].args, no, rows[i].text);
	}
}

static void test_history_limits(void **state)
{
	static const struct { const char *args; unsigned limit; int64_t before, after;
	} rows[] = {
		{ "{\"sala_uuid\":\"a\"}", 50, -1, -1 },
		{ "{\"sala_uuid\":\"a\",\"limit\":0}", 1, -1, -1 },
		{ "{\"sala_uuid\":\"a\",\"limit\":-7}", 1, -1, -1 },
		{ "{\"sala_uuid\":\"a\",\"limit\":1000}", 200, -1, -1 },
		{ "{\"sala_uuid\":\"a\",\"limit\":99999999999999999999999}", 200, -1, -1 },
		{ "{\"sala_uuid\":\"a\",\"limit\":null,\"before\":\"10\"}", 50, 10, -1 },
		{ "{\"sala_uuid\":\"a\",\"limit\":3,\"after\":0}", 3, -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fields f = fields_of("load_message_history", rows[i].args);
		struct fields_history h;

		assert_null(fields_history(&f, &h));
		assert_int_equal(h.limit, rows[i].limit);
		assert_int_equal(h.before, rows[i].before);
		assert_int_equal(h.after, rows[i].after);
	}
}

/* ---- sending ---- */

#define BASE \
	"\"sala_uuid\":\"s\",\"message\":\"m\",\"sender_id\":\"123\",\"timestamp\":\"t\",\"type\":" \
	"\"directo\""
#define ALMOST "\"sala_uuid\":\"s\",\"message\":\"m\",\"sender_id\":\"123\",\"timestamp\":\"t\""
#define WRONG_TYPE "message_type debe ser uno de: texto, imagen, archivo, audio, sistema"
#define WRONG_KIND "type debe ser 'directo' o 'grupal'"
#define SIXTEEN "0123456789abcdef"

static const struct { const char *args, *text; } sends[] = {
	{ "{" BASE "}", NULL },
	{ "{" BASE "},1,2", NULL },
	{ "\"x\"", "Payload inválido" },
	{ "", "Payload inválido" },
	{ "[]", "Payload inválido" },
	{ "{}", "Faltan campos: sala_uuid, message, sender_id, timestamp, type" },
	{ "{\"message\":null,\"to\":\"4\"}", "Faltan campos: message, sender_id, timestamp, type" },
	{ "{\"sala_uuid\":\"s\",\"message\":\"\",\"sender_id\":1,\"timestamp\":1,\"type\":\"x\"}",
	  "Faltan campos: message" },
	{ "{\"sala_uuid\":\"s\",\"message\":\"\",\"url_archivo\":\"u\",\"sender_id\":123,"
	  "\"timestamp\":1,\"type\":\"directo\"}",
	  NULL },
	{ "{\"sala_uuid\":\"s\",\"message\":\"\",\"url_archivo\":\"\",\"sender_id\":123,"
	  "\"timestamp\":1,\"type\":\"directo\"}",
	  "Faltan campos: message" },
	/* the sender comes before the types, the message_type before the type */
	{ "{\"sala_uuid\":\"s\",\"message\":\"m\",\"sender_id\":4,\"timestamp\":1,\"type\":\"x\","
	  "\"message_type\":\"x\"}",
	  "sender_id no coincide con el usuario conectado" },
	{ "{\"sala_uuid\":\"s\",\"message\":\"m\",\"sender_id\":123,\"timestamp\":1,\"type\":\"x\","
	  "\"message_type\":\"x\"}",
	  WRONG_TYPE },
	{ "{" ALMOST ",\"type\":\"x\"}", WRONG_KIND },
	{ "{" ALMOST ",\"type\":1}", WRONG_KIND },
	{ "{" ALMOST ",\"type\":\"Directo\"}", WRONG_KIND },
	{ "{" BASE ",\"message_type\":\"\"}", WRONG_TYPE },
	{ "{" BASE ",\"message_type\":null}", NULL },
	{ "{" BASE ",\"message_type\":5}", WRONG_TYPE },
	{ "{" BASE ",\"message_type\":\"sistema\"}", NULL },
	{ "{" BASE ",\"url_archivo\":5}", "Payload inválido" },
	{ "{\"sala_uuid\":\"s\",\"message\":\"\",\"url_archivo\":5,\"sender_id\":123,\"timestamp\":1,\"type\":\"directo\"}",
	  "Payload inválido" },
	{ "{" BASE ",\"client_id\":\"\"}", "Payload inválido" },
	{ "{" BASE ",\"client_id\":7}", "Payload inválido" },
	{ "{" BASE ",\"client_id\":\"" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "\"}", NULL },
	{ "{" BASE ",\"client_id\":\"" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "x\"}", "Payload inválido" },
	{ "{" BASE ",\"client_id\":\"ñ" SIXTEEN SIXTEEN SIXTEEN "0123456789abcde\"}", NULL },
	{ "{" BASE ",\"more\":\"\\ud800\"}", "El texto contiene caracteres no permitidos" },
	{ "{\"sala_uuid\":5,\"message\":\"m\",\"sender_id\":123,\"timestamp\":1,\"type\":"
	  "\"directo\"}",
	  "Payload inválido" },
	{ "{\"sala_uuid\":\"s\",\"message\":5,\"sender_id\":123,\"timestamp\":1,\"type\":"
	  "\"directo\"}",
	  "Payload inválido" },
	{ "{\"sala_uuid\":\"s\",\"message\":\"m\",\"sender_id\":\"x\",\"timestamp\":1,\"type\":"
	  "\"directo\"}",
	  "Payload inválido" },
	{ "{\"sala_uuid\":\"s\",\"message\":\"m\",\"sender_id\":123,\"timestamp\":1.5,\"type\":"
	  "\"directo\"}",
	  "Payload inválido" },
	{ "{\"sala_uuid\":\"s\",\"message\":\"m\",\"sender_id\":123,\"timestamp\":{},\"type\":"
	  "\"directo\"}",
	  "Payload inválido" },
	{ "{\"sala_uuid\":\"s\",\"message\":\"m\",\"sender_id\":123,\"timestamp\":\"\",\"type\":"
	  "\"directo\"}",
	  NULL },
	{ "{\"sala_uuid\":\"s\",\"message\":\"m\",\"sender_id\":123,\"timestamp\":-5,\"type\":"
	  "\"grupal\"}",
	  NULL },
	{ "{\"to\":\"x\",\"message\":\"m\",\"sender_id\":123,\"timestamp\":1,\"type\":\"grupal\"}",
	  "Payload inválido" },
};

static void test_send_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sends) / sizeof(sends[0]); i++) {
		struct fields f = fields_of("send_message", sends[i].args);
		struct fields_send s;

		assert_text(sends[i].args, fields_send_message(&f, &s), sends[i].text);
	}
}

static void test_send_message_values(void **state)
{
	struct fields f =
		fields_of("send_message", "{\"to\":\"456\",\"message\":\"\\ud83d\\ude00 \\\"x\\\"\","
					  "\"sender_id\":123,\"timestamp\":1700000000123,\"type\":\"grupal\","
					  "\"url_archivo\":\"u\",\"client_id\":\"c\"}");
	struct fields_send s;
	struct buf b = BUF_INIT;

	(void)state;
	assert_null(fields_send_message(&f, &s));
	assert_true(slice_is(s.text, "\xf0\x9f\x98\x80 \"x\""));
	assert_true(slice_is(s.url, "u") && slice_is(s.client_id, "c") && slice_is(s.tipo, "texto"));
	assert_int_equal(s.to_group, 456);
	assert_int_equal(s.to_person, 0);
	assert_int_equal(s.kind, STORE_GRUPAL);
	fields_put_metadata(&b, &s, "grupal");
	assert_string_equal(b.data, "{\"client_timestamp\":1700000000123,\"type\":\"grupal\"}");
	buf_fini(&b);
	f = fields_of("send_message", "{" BASE ",\"to\":\"456\"}");
	assert_null(fields_send_message(&f, &s));
	assert_true(slice_is(s.sala_uuid, "s") && s.to_person == 0 && !s.url.p);
	f = fields_of("send_message", "{" BASE ",\"message_type\":\"sistema\"}");
	f.verified = true;
	assert_text("sistema", fields_send_message(&f, &s), "No puedes enviar mensajes de tipo sistema");
}

static void test_too_long(void **state)
{
	char *args = malloc(80000), *text = malloc(70000);
	struct fields_send s;

	(void)state;
	for (int n = STORE_TEXT_MAX; n <= STORE_TEXT_MAX + 1; n++) {
		struct fields f;

		memset(text, 'x', (size_t)n);
		text[n] = '\0';
		snprintf(args, 80000,
			 "{\"sala_uuid\":\"s\",\"message\":\"%s\",\"sender_id\":123,\"timestamp\":1,"
			 "\"type\":\"directo\"}",
			 text);
		f = fields_of("send_message", args);
		assert_text("length", fields_send_message(&f, &s),
			    n > STORE_TEXT_MAX ? REFUSE(TOO_LONG)->text : NULL);
	}
	free(args);
	free(text);
}

static void test_send_to(void **state)
{
	static const struct { enum store_kind kind; const char *args, *text;
	} rows[] = {
		{ STORE_DIRECTO, "{\"sender_id\":123,\"recipient_id\":\"4\",\"content\":\"x\"}", NULL },
		{ STORE_DIRECTO, "{\"sender_id\":123,\"recipient_id\":\"4\",\"file_url\":\"x\"}", NULL },
		{ STORE_DIRECTO,
		  "{\"sender_id\":123,\"recipient_id\":\"4\",\"content\":\"\",\"file_url\":\"x\"}", NULL },
		{ STORE_DIRECTO, "{\"sender_id\":123,\"recipient_id\":\"4\",\"content\":\"\"}",
		  "Faltan campos: content" },
		{ STORE_DIRECTO, "{\"sender_id\":123,\"recipient_id\":\"4\",\"file_url\":\"\"}",
		  "Faltan campos: content" },
		{ STORE_DIRECTO, "{\"sender_id\":123,\"recipient_id\":\"4\",\"file_url\":5}", "Payload inválido para send" },
		{ STORE_DIRECTO, "{\"sender_id\":123,\"recipient_id\":\"4\",\"content\":\"\",\"file_url\":5}",
		  "Payload inválido para send" },
		{ STORE_GRUPAL, "{}", "Faltan campos: sender_id, group_id, content" },
		{ STORE_GRUPAL, "{\"sender_id\":4,\"group_id\":7,\"content\":\"x\"}",
		  "sender_id no coincide con el usuario conectado" },
		{ STORE_GRUPAL, "{\"sender_id\":123,\"group_id\":7,\"content\":\"x\",\"type\":\"grupal\"}",
		  WRONG_TYPE },
		{ STORE_GRUPAL,
		  "{\"sender_id\":123,\"group_id\":7,\"content\":\"x\",\"type\":\"imagen\",\"timestamp\":5}",
		  NULL },
		{ STORE_GRUPAL, "5", "Payload inválido para send" },
		{ STORE_GRUPAL, "{\"sender_id\":123,\"group_id\":\"0\",\"content\":\"x\"}",
		  "Payload inválido para send" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fields f = fields_of("send", rows[i].args);
		struct fields_send s;

		assert_text(rows[i].args, fields_send_to(&f, rows[i].kind, &s), rows[i].text);
	}
}

static void test_send_rest(void **state)
{
	static const struct { const char *body, *key, *text; int status;
	} rows[] = {
		{ "{\"contenido\":\"x\"}", NULL, NULL, 0 },
		{ "{\"url_archivo\":\"x\",\"contenido\":null}", "k", NULL, 0 },
		{ "", NULL, "El cuerpo no es JSON válido", 400 },
		{ "{\"contenido\":\"x\"} x", NULL, "El cuerpo no es JSON válido", 400 },
		{ "[]", NULL, "Campo inválido: cuerpo", 422 },
		{ "{}", NULL, "Se requiere contenido o url_archivo", 400 },
		{ "{\"contenido\":\"\",\"url_archivo\":\"\"}", NULL, "Se requiere contenido o url_archivo",
		  400 },
		{ "{\"contenido\":1}", NULL, "Campo inválido: contenido", 422 },
		{ "{\"contenido\":\"x\",\"url_archivo\":1}", NULL, "Campo inválido: url_archivo", 422 },
		{ "{\"contenido\":\"x\",\"tipo_mensaje\":\"\"}", NULL, "Campo inválido: tipo_mensaje", 422 },
		{ "{\"contenido\":\"x\",\"metadatos\":[]}", NULL, "Campo inválido: metadatos", 422 },
		{ "{\"contenido\":\"x\"}", "", "Campo inválido: Idempotency-Key", 422 },
		{ "{\"contenido\":\"x\"}", "\xff", "Campo inválido: Idempotency-Key", 422 },
		{ "{\"contenido\":\"\\u0000\"}", NULL, "El texto contiene caracteres no permitidos", 422 },
	};
	struct fields_send s;
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct refusal *no =
			fields_send_rest(arena, slice_of(rows[i].body), slice_of(rows[i].key), false, &s);

		assert_text(rows[i].body, no, rows[i].text);
		assert_int_equal(no ? no->status : 0, rows[i].status);
	}
	assert_null(fields_send_rest(
		arena,
		SLICE("{\"contenido\":\"x\",\"metadatos\":{\"type\":5, \"a\" : [1,2],\"client_timestamp\":1,"
		      "\"client\\u005ftimestamp\":\"1999\",\"ty\\u0070e\":1,\"b\":{}}}"),
		SLICE_NONE, false, &s));
	fields_put_metadata(&b, &s, "directo");
	assert_string_equal(b.data, "{\"a\":[1,2],\"b\":{},\"type\":\"directo\"}");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_small_events),
		cmocka_unit_test(test_history_limits),
		cmocka_unit_test(test_send_message),
		cmocka_unit_test(test_send_message_values),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_send_to),
		cmocka_unit_test(test_send_rest),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
