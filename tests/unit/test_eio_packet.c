// objects: relay/engineio/packet.o relay/engineio/payload3.o relay/engineio/frame.o shared/buf.o shared/json.o shared/json_write.o
/*
 * packet and payload3: payloads of both revisions, as tables: bytes in, packets out; and what must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "payload3.h"

static struct buf scratch;

/* Packets written as `type data` (binary: B), one behind another with a bar; "!" behind what was read before a fault. */
static void describe(struct buf *out, const struct eio_packet *p)
{
	if (out->len)
		buf_putc(out, '|');
	buf_putc(out, p->binary ? 'B' : p->type);
	buf_put_slice(out, p->data);
}

static void check4(struct slice body, const char *want)
{
	struct buf got = BUF_INIT;
	struct eio_packet p;
	int rc;

	buf_puts(&got, "");
	while ((rc = payload_next(&body, &p, &scratch)) == 1)
		describe(&got, &p);
	if (rc < 0)
		buf_putc(&got, '!');
	assert_string_equal(got.data ? got.data : "", want);
	buf_fini(&got);
}

static void payload_of_revision_4(void **state)
{
	(void)state;
	static const struct { const char *body, *want; } rows[] = {
		{ "4hola", "4hola" }, { "4", "4" }, { "2", "2" }, { "4a\x1e" "4b", "4a|4b" }, { "4a\x1e" "2\x1e" "1", "4a|2|1" },
		{ "bAQ==", "B\x01" }, { "bAQI=", "B\x01\x02" }, { "bQUJD", "BABC" }, { "b", "B" }, { "4a\x1e" "bQUJD\x1e" "4c", "4a|BABC|4c" },
		{ "7x", "!" }, { "x", "!" }, { "4a\x1e", "4a!" }, { "\x1e" "4a", "!" }, { "4a\x1e\x1e" "4b", "4a!" },
		{ "bQ", "!" }, { "bQQ", "!" }, { "bQQ=", "!" }, { "b====", "!" }, { "bQ===", "!" }, { "bQU=D", "!" }, { "b-_AA", "!" },
		{ "bQQ==QQ==", "!" }, { "bQQ=\n=\n", "BA" }, { "bQU\r\nJD\n", "BABC" }, { "bQQ==\nQ", "!" }, { "4bQUJD", "4bQUJD" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check4(slice_of(rows[i].body), rows[i].want);
	check4((struct slice){ "4a\0b", 4 }, "4a");     /* U+0000 within is the text's own affair: string compare stops */
	check4((struct slice){ "", 0 }, "!");
}

static void base64_both_ways(void **state)
{
	char bytes[70];
	(void)state;

	for (size_t n = 0; n <= sizeof bytes; n++) {
		struct buf text = BUF_INIT, back = BUF_INIT;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)(i * 37 + n);
		packet_put_base64(&text, (struct slice){ bytes, n });
		assert_int_equal(text.len, (n + 2) / 3 * 4);
		assert_int_equal(packet_base64_decode(buf_slice(&text), &back), 0);
		assert_true(slice_eq(buf_slice(&back), (struct slice){ bytes, n }));
		buf_fini(&text);
		buf_fini(&back);
	}
}

static void check3(struct slice body, bool octets, const char *want)
{
	struct buf got = BUF_INIT;
	struct eio_packet p;
	int rc;

	while ((rc = octets ? payload3_next_binary(&body, &p) : payload3_next_text(&body, &p, &scratch)) == 1)
		describe(&got, &p);
	if (rc < 0)
		buf_putc(&got, '!');
	assert_string_equal(got.data ? got.data : "", want);
	buf_fini(&got);
}

static void text_payload_of_revision_3(void **state)
{
	(void)state;
	static const struct { const char *body, *want; } rows[] = {
		{ "5:4hola", "4hola" }, { "1:4", "4" }, { "2:4a2:4b", "4a|4b" }, { "1:2", "2" }, { "01:2", "2" },
		{ "2:4\xc3\xb1", "4\xc3\xb1" }, { "3:4\xf0\x9f\x98\x80", "4\xf0\x9f\x98\x80" }, { "2:4\xe2\x82\xac", "4\xe2\x82\xac" },
		{ "6:b4QUJD", "BABC" }, { "2:b4", "B" },
		{ "", "" }, { "4a", "!" }, { ":4", "!" }, { "0:", "!" }, { "3:4a", "!" }, { "2:4a3:4b", "4a!" },
		{ "2:4\xf0\x9f\x98\x80", "!" }, { "1:9", "!" }, { "1:b", "!" }, { "6:b5QUJD", "!" }, { "4:b4QQ", "!" },
		{ "9999999999:4", "!" }, { "-1:4", "!" }, { "1x:4", "!" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check3(slice_of(rows[i].body), false, rows[i].want);
}

static void binary_payload_of_revision_3(void **state)
{
	(void)state;
	check3((struct slice){ "\0\5\xff" "4hola", 8 }, true, "4hola");
	check3((struct slice){ "\0\1\xff" "2" "\1\4\xff\4ABC", 11 }, true, "2|BABC");
	check3((struct slice){ "\0\1\0\xff" "4012345678", 13 }, true, "!");     /* ten announced (digits 1, 0), nine there */
	check3((struct slice){ "\0\1\0\xff" "4123456789", 14 }, true, "4123456789");
	check3((struct slice){ "\1\1\xff\4", 4 }, true, "B");
	check3((struct slice){ "\1\1\xff\2", 4 }, true, "!");
	check3((struct slice){ "\2\1\xff" "4", 4 }, true, "!");
	check3((struct slice){ "\0\xff" "4", 3 }, true, "!");
	check3((struct slice){ "\0\2\xff" "4", 4 }, true, "!");
	check3((struct slice){ "\0\0\xff" "4", 4 }, true, "!");
	check3((struct slice){ "\0\1", 2 }, true, "!");
}

static void what_is_written_is_read(void **state)
{
	struct eio_frame *frames[3] = { eio_frame_text(slice_of("a\xc3\xb1\xf0\x9f\x98\x80")),
					eio_frame_binary((struct slice){ "\0\1\xff", 3 }), frame_packet('2', slice_of("x")) };
	struct buf four = BUF_INIT, three = BUF_INIT, octets = BUF_INIT;
	struct eio_packet p;
	(void)state;

	for (int i = 0; i < 3; i++) {
		if (i)
			buf_putc(&four, PAYLOAD_SEPARATOR);
		frame_put_polling(frames[i], &four);
		payload3_put_text(&three, frames[i]);
		payload3_put_binary(&octets, frames[i]);
	}
	struct slice a = buf_slice(&four), b = buf_slice(&three), c = buf_slice(&octets);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(payload_next(&a, &p, &scratch), 1);
		assert_true(slice_eq(p.data, frame_data(frames[i])) && p.binary == frame_is_binary(frames[i]));
		assert_int_equal(payload3_next_text(&b, &p, &scratch), 1);
		assert_true(slice_eq(p.data, frame_data(frames[i])) && p.type == frame_type(frames[i]));
		assert_int_equal(payload3_next_binary(&c, &p), 1);
		assert_true(slice_eq(p.data, frame_data(frames[i])) && p.binary == frame_is_binary(frames[i]));
		eio_frame_unref(frames[i]);
	}
	assert_int_equal(payload_next(&a, &p, &scratch) | payload3_next_text(&b, &p, &scratch) |
			 payload3_next_binary(&c, &p), 0);
	buf_fini(&four);
	buf_fini(&three);
	buf_fini(&octets);
}

static void jsonp(void **state)
{
	static const struct { const char *form, *want; } rows[] = {
		{ "d=5%3A4hola", "5:4hola" }, { "d=a+b%2B", "a b+" }, { "d=a%5Cnb", "a\nb" }, { "d=a%5C%5Cnb", "a\\nb" },
		{ "d=a&e=b", "a" }, { "d=", "" }, { "e=a", "" }, { "d=%zz", "" }, { "d=%4", "" }, { "", "" }, { "d=a%5C", "a\\" },
	};
	struct buf script = BUF_INIT;
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf body = BUF_INIT;

		buf_puts(&body, rows[i].form);
		assert_true(slice_is(payload3_form(&body), rows[i].want));
		buf_fini(&body);
	}
	payload3_put_script(&script, 7, slice_of("1:\"\n\xe2\x80\xa8\xe2\x80\xa7"));
	assert_string_equal(script.data, "___eio[7](\"1:\\\"\\n\\u2028\xe2\x80\xa7\");");
	buf_fini(&script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payload_of_revision_4), cmocka_unit_test(base64_both_ways),
		cmocka_unit_test(text_payload_of_revision_3), cmocka_unit_test(binary_payload_of_revision_3),
		cmocka_unit_test(what_is_written_is_read), cmocka_unit_test(jsonp),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_fini(&scratch);
	return failed;
}
