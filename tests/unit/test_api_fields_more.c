// objects: fcgi-api/fields.o fcgi-api/fields_more.o fcgi-api/fields_send.o fcgi-api/cursor.o fcgi-api/refusals.o
// objects: fcgi-api/store/*.o shared/*.o
/*
 * What edit_message, delete_message, load_missed_messages, load_rooms and refresh_token bring; how long a send's timestamp and
 * metadatos may be; and where a page's walk goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fcgi-api/cursor.h"
#include "fcgi-api/fields.h"
#include "json.h"

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
		arena, slice_of(event), slice_of(args), json_check(slice_of(args)) == JSON_BAD_TEXT, 123, false
	};
}

static const struct refusal *read_event(const struct fields *f)
{
	struct fields_edit edit;
	struct fields_missed missed;
	struct slice token;
	int64_t id;

	if (slice_is(f->event, "edit_message"))
		return fields_edit(f, &edit);
	if (slice_is(f->event, "delete_message"))
		return fields_delete(f, &id);
	if (slice_is(f->event, "load_missed_messages"))
		return fields_missed(f, &missed);
	return fields_token(f, &token);
}

static void test_events(void **state)
{
	static const struct { const char *event, *args, *no; } rows[] = {
		{ "edit_message", "{\"mensaje_id\":\"7\",\"message\":\"x\"}", NULL },
		{ "edit_message", "{\"mensaje_id\":7,\"message\":\"\"},5", NULL },
		{ "edit_message", "", "Payload inválido" },
		{ "edit_message", "[{}]", "Payload inválido" },
		{ "edit_message", "{}", "Faltan campos: mensaje_id, message" },
		{ "edit_message", "{\"mensaje_id\":7,\"message\":null}", "Faltan campos: message" },
		{ "edit_message", "{\"mensaje_id\":null,\"message\":\"x\"}", "Faltan campos: mensaje_id" },
		{ "edit_message", "{\"mensaje_id\":\"07\",\"message\":\"x\"}", "Payload inválido" },
		{ "edit_message", "{\"mensaje_id\":7,\"message\":5}", "Payload inválido" },
		{ "edit_message", "{\"mensaje_id\":7,\"message\":\"\\u0000\"}",
		  "El texto contiene caracteres no permitidos" },
		{ "delete_message", "{\"mensaje_id\":7}", NULL },
		{ "delete_message", "5", "Payload inválido" },
		{ "delete_message", "{}", "Faltan campos: mensaje_id" },
		{ "delete_message", "{\"mensaje_id\":7.0}", "Payload inválido" },
		{ "load_missed_messages", "{}", NULL },
		{ "load_missed_messages", "{\"after\":0,\"limit\":-5}", NULL },
		{ "load_missed_messages", "{\"after\":\"5-9\",\"limit\":9999}", NULL },
		{ "load_missed_messages", "{\"after\":null,\"limit\":null}", NULL },
		{ "load_missed_messages", "null", "Payload inválido para load_missed_messages" },
		{ "load_missed_messages", "{\"after\":true}", "Payload inválido para load_missed_messages" },
		{ "load_missed_messages", "{\"limit\":\"5\"}", "Payload inválido para load_missed_messages" },
		{ "refresh_token", "{\"token\":\"x\"}", NULL },
		{ "refresh_token", "{}", "token es requerido" },
		{ "refresh_token", "{\"token\":5}", "No autorizado" },
		{ "refresh_token", "\"x\"", "Payload inválido para refresh_token" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fields f = fields_of(rows[i].event, rows[i].args);
		const struct refusal *no = read_event(&f);

		if (!no != !rows[i].no || (no && strcmp(no->text, rows[i].no) != 0))
			fail_msg("%s %s: %s", rows[i].event, rows[i].args, no ? no->text : "(accepted)");
	}
}

static void test_values(void **state)
{
	struct fields f = fields_of("load_missed_messages", "{\"after\":12,\"limit\":400}");
	struct fields_missed m;
	struct slice text;

	(void)state;
	assert_null(fields_missed(&f, &m));
	assert_true(slice_is(m.after, "12"));
	assert_int_equal(m.limit, FIELDS_MISSED_LIMIT_MAX);
	f = fields_of("load_missed_messages", "{}");
	assert_null(fields_missed(&f, &m));
	assert_null(m.after.p);
	assert_int_equal(m.limit, FIELDS_MISSED_LIMIT);
	assert_null(fields_edit_rest(arena, SLICE("{\"contenido\":\"\\u00f1\"}"), &text));
	assert_true(slice_is(text, "ñ"));
	assert_int_equal(fields_edit_rest(arena, SLICE("{"), &text)->status, 400);
	assert_int_equal(fields_edit_rest(arena, SLICE("[]"), &text)->status, 422);
	assert_int_equal(fields_edit_rest(arena, SLICE("{\"contenido\":null}"), &text)->status, 400);
	assert_int_equal(fields_edit_rest(arena, SLICE("{\"contenido\":[]}"), &text)->status, 422);
}

/* As long as may be, and a byte longer. */
/* Whoever asked for rooms with any argument got them; only what means `nombres` and is neither is refused. */
static void test_rooms(void **state)
{
	static const struct { const char *args; bool fine, named; } rows[] = {
		{ "", true, false }, { "null", true, false }, { "[]", true, false }, { "{}", true, false },
		{ "{\"nombres\":null}", true, false }, { "{\"nombres\":false}", true, false },
		{ "{\"nombres\":true},7", true, true }, { "{\"nombres\":1}", false, false },
		{ "{\"nombres\":\"true\"}", false, false }, { "{\"nombres\":{}}", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fields f = fields_of("load_rooms", rows[i].args);
		bool named;
		const struct refusal *no = fields_rooms(&f, &named);

		assert_int_equal(no == NULL, rows[i].fine);
		assert_int_equal(named, rows[i].named);
	}
}

static void test_longest(void **state)
{
	static char text[FIELDS_METADATA_MAX + 100];

	(void)state;
	for (int more = 0; more <= 1; more++) {
		struct fields_send s;
		struct fields f;

		snprintf(text, sizeof(text), "{\"sala_uuid\":\"s\",\"message\":\"m\",\"sender_id\":123,\"timestamp\":\"%0*d\","
			 "\"type\":\"directo\"}", FIELDS_TIMESTAMP_MAX + more, 0);
		f = fields_of("send_message", text);
		assert_int_equal(fields_send_message(&f, &s) != NULL, more);
		snprintf(text, sizeof(text), "{\"contenido\":\"x\",\"metadatos\":{\"a\":\"%0*d\"}}",
			 (int)FIELDS_METADATA_MAX - 8 + more, 0);
		assert_int_equal(fields_send_rest(arena, slice_of(text), SLICE_NONE, false, &s) != NULL, more);
	}
}

/* Where a page leads: from, the safe place now, the page's last id when there is more. */
static void test_walk(void **state)
{
	static const struct { const char *from; int64_t safe, last; const char *to; } rows[] = {
		{ "10", 50, 0, "50" },          /* all read: the safe place */
		{ "10", 50, 30, "50-30" },      /* a walk begins */
		{ "50-30", 60, 45, "50-45" },   /* it goes on, its beginning's safe place is kept */
		{ "50-45", 70, 0, "50" },       /* it ends there */
		{ "50", 40, 0, "40" },          /* a hole is open below: read again rather than missed */
		{ "50-45", 40, 48, "40-48" },
		{ "0", 0, 0, "0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cursor from, to;
		char text[CURSOR_TEXT_MAX];

		assert_int_equal(cursor_parse(slice_of(rows[i].from), &from), 0);
		to = cursor_after(&from, rows[i].safe, rows[i].last);
		cursor_text(&to, text);
		assert_string_equal(text, rows[i].to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events), cmocka_unit_test(test_values), cmocka_unit_test(test_rooms), cmocka_unit_test(test_longest), cmocka_unit_test(test_walk),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
