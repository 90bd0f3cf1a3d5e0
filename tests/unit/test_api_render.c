/*
 * test_api_render: messages and rooms as JSON; what other programs wrote into metadatos goes out only where it is what a
 * client may send.
 */
// objects: fcgi-api/render.o shared/json.o shared/json_write.o shared/buf.o shared/arena.o
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "json.h"
#include "render.h"

static void timestamp_of(const char *metadata, char *out, size_t size)
{
	struct store_message m = { .id = 1, .tipo = SLICE("texto"), .contenido = SLICE("x"), .sent_at = 1700000000,
				   .metadatos = slice_of(metadata), .room.kind = STORE_DIRECTO };
	struct slice event, name, object = SLICE_NONE, value = SLICE_NONE;
	struct buf b = BUF_INIT;

	render_receive_message(&b, &m);
	event = buf_slice(&b);
	assert_int_equal(json_check(event), JSON_OK);
	assert_true(json_next(&event, &name) == 1 && json_next(&event, &object) == 1);
	assert_true(json_member(object, "timestamp", &value));
	snprintf(out, size, "%.*s", (int)value.n, value.p);
	buf_fini(&b);
}

static void a_timestamp_is_an_integer_or_a_short_string(void **state)
{
	static const char *const kept[] = { "\"2026-02-25T10:00:00.000Z\"", "\"\"", "1700000000123", "-5", "\"\\u00f1\"" };
	static const char *const wrong[] = { "1.5", "1e3", "1E3", "123456789012345678901", "true", "null", "[1]",
					     "\"\\ud800\"" };
	char text[400], out[400], longest[203], over[204];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		snprintf(text, sizeof(text), "{\"client_timestamp\":%s}", kept[i]);
		timestamp_of(text, out, sizeof(out));
		assert_string_equal(out, kept[i]);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(text, sizeof(text), "{\"client_timestamp\":%s}", wrong[i]);
		timestamp_of(text, out, sizeof(out));
		assert_string_equal(out, "\"2023-11-14T22:13:20Z\"");
	}
	snprintf(longest, sizeof(longest), "\"%0200d\"", 7);
	snprintf(text, sizeof(text), "{\"client_timestamp\":%s}", longest);
	timestamp_of(text, out, sizeof(out));
	assert_string_equal(out, longest);
	snprintf(over, sizeof(over), "\"%0201d\"", 7);
	snprintf(text, sizeof(text), "{\"client_timestamp\":%s}", over);
	timestamp_of(text, out, sizeof(out));
	assert_string_equal(out, "\"2023-11-14T22:13:20Z\"");
}

static void messages_and_rooms_have_their_members(void **state)
{
	struct store_message m = {
		.id = 9,
		.uuid = SLICE("u"),
		.tipo = SLICE("texto"),
		.contenido = SLICE("a\"b"),
		.sent_at = 86400,
		.room = { .id = 3, .uuid = SLICE("r"), .kind = STORE_GRUPAL, .group_id = 7 },
		.sender = { .id = 5,
			    .nombre = SLICE("Ana"),
			    .apellido_paterno = SLICE("Paz"),
			    .correo = SLICE("a@b") },
		.metadatos = SLICE("{\"client_timestamp\":5}")
	};
	struct store_room_entry room = { .room = m.room, .unread = 2 };
	struct arena *a = arena_new();
	struct buf b = BUF_INIT;

	(void)state;
	render_receive_message(&b, &m);
	assert_string_equal(
		b.data,
		"[\"receive_message\",{\"from\":\"5\",\"sender_name\":\"Ana Paz\",\"sender_email\":\"a@b\","
		"\"message\":\"a\\\"b\",\"type\":\"grupal\",\"message_type\":\"texto\",\"timestamp\":5,\"url_"
		"archivo\":null,"
		"\"mensaje_id\":\"9\",\"mensaje_uuid\":\"u\",\"enviado_en\":\"1970-01-02T00:00:00Z\",\"sala_"
		"uuid\":\"r\"}]");
	buf_reset(&b);
	m.metadatos = SLICE("not json");
	render_ack(&b, &m, true);
	assert_string_equal(b.data,
			    "{\"status\":\"sent\",\"sender_id\":\"5\",\"timestamp\":\"1970-01-02T00:00:00Z\","
			    "\"type\":\"grupal\",\"message_type\":\"texto\",\"mensaje_id\":\"9\",\"mensaje_"
			    "uuid\":\"u\",\"sala_uuid\":\"r\","
			    "\"message\":\"Mensaje enviado y guardado en BD\",\"duplicate\":true}");
	buf_reset(&b);
	render_room(&b, &room);
	assert_string_equal(b.data,
			    "{\"id\":3,\"sala_uuid\":\"r\",\"tipo_sala\":\"grupal\",\"usuario_a_id\":null,"
			    "\"usuario_b_id\":null,\"grupo_id\":7,\"creado_en\":null,\"actualizado_en\":null,"
			    "\"ultimo_mensaje\":null,"
			    "\"no_leidos\":2}");
	buf_reset(&b);
	room.unread = -1;
	room.named = true;
	render_room(&b, &room);
	assert_non_null(strstr(b.data, "\"ultimo_mensaje\":null,\"nombre\":null}"));
	room.name = SLICE("Ana \"Paz\"");
	buf_reset(&b);
	render_room(&b, &room);
	assert_non_null(strstr(b.data, "\"nombre\":\"Ana \\\"Paz\\\"\"}"));
	assert_true(slice_is(render_room_name(a, &m.room), "group_r"));
	assert_true(slice_is(render_personal_name(a, INT64_MAX), "@9223372036854775807"));
	buf_fini(&b);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timestamp_is_an_integer_or_a_short_string),
		cmocka_unit_test(messages_and_rooms_have_their_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
