/* test_api_render: what other programs wrote into metadatos goes out only where it is what a client may send. */
// objects: fcgi-api/render.o shared/json.o shared/json_write.o shared/buf.o shared/arena.o
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_timestamp_is_an_integer_or_a_short_string) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
