// objects: shared/json.o shared/json_write.o shared/buf.o
/* json: what passes and what does not, what is found in what passed, what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "json.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define T(literal) { literal, sizeof(literal) - 1 }

static const struct { struct slice text; enum json_fault fault; } checks[] = {
	{ T("{}"), JSON_OK }, { T("[]"), JSON_OK }, { T("\"\""), JSON_OK }, { T("0"), JSON_OK }, { T("-0"), JSON_OK },
	{ T(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : null } \n"), JSON_OK }, { T("[[],{},[[]]]"), JSON_OK },
	{ T("1.5e-10"), JSON_OK }, { T("1E+2"), JSON_OK }, { T("true"), JSON_OK }, { T("false"), JSON_OK },
	{ T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\""), JSON_OK }, { T("\"\\ud83d\\ude00\""), JSON_OK },
	{ T("\"ñ€😀\x7f\""), JSON_OK }, { T("{\"a\":1,\"a\":2}"), JSON_OK }, { T("\"12345678\\\"12345678\""), JSON_OK },
	{ T("123456789012345678901234567890123456789012345678901234567890123"), JSON_OK },
	{ T("1234567890123456789012345678901234567890123456789012345678901234"), JSON_OK },

	{ T(""), JSON_BAD_SYNTAX }, { T("  "), JSON_BAD_SYNTAX }, { T("01"), JSON_BAD_SYNTAX },
	{ T("-"), JSON_BAD_SYNTAX }, { T("+1"), JSON_BAD_SYNTAX }, { T("1."), JSON_BAD_SYNTAX },
	{ T(".5"), JSON_BAD_SYNTAX }, { T("1e"), JSON_BAD_SYNTAX }, { T("1e+"), JSON_BAD_SYNTAX },
	{ T("NaN"), JSON_BAD_SYNTAX }, { T("nul"), JSON_BAD_SYNTAX }, { T("True"), JSON_BAD_SYNTAX },
	{ T("nullx"), JSON_BAD_SYNTAX }, { T("[1,]"), JSON_BAD_SYNTAX }, { T("[,1]"), JSON_BAD_SYNTAX },
	{ T("[1 2]"), JSON_BAD_SYNTAX }, { T("[1"), JSON_BAD_SYNTAX }, { T("[1}"), JSON_BAD_SYNTAX },
	{ T("]"), JSON_BAD_SYNTAX }, { T("{\"a\"}"), JSON_BAD_SYNTAX }, { T("{\"a\":}"), JSON_BAD_SYNTAX },
	{ T("{\"a\":1,}"), JSON_BAD_SYNTAX }, { T("{a:1}"), JSON_BAD_SYNTAX }, { T("{1:1}"), JSON_BAD_SYNTAX },
	{ T("{,}"), JSON_BAD_SYNTAX }, { T("{"), JSON_BAD_SYNTAX }, { T("[] []"), JSON_BAD_SYNTAX },
	{ T("[1] trailing"), JSON_BAD_SYNTAX }, { T("\xef\xbb\xbf{}"), JSON_BAD_SYNTAX }, { T("// c\n1"), JSON_BAD_SYNTAX },
	{ T("'a'"), JSON_BAD_SYNTAX }, { T("\"a"), JSON_BAD_SYNTAX }, { T("\"a\nb\""), JSON_BAD_SYNTAX },
	{ T("\"a\0b\""), JSON_BAD_SYNTAX }, { T("\"\\x41\""), JSON_BAD_SYNTAX }, { T("\"\\u12g4\""), JSON_BAD_SYNTAX },
	{ T("\"\\u12\""), JSON_BAD_SYNTAX }, { T("\"\\"), JSON_BAD_SYNTAX }, { T("\"\\\0\""), JSON_BAD_SYNTAX },
	{ T("1\0"), JSON_BAD_SYNTAX }, { T("[1]\0"), JSON_BAD_SYNTAX }, { T("\xa0" "1"), JSON_BAD_SYNTAX },
	{ T("\"12345678901234\x1f\""), JSON_BAD_SYNTAX },

	{ T("\"\xff\xfe\""), JSON_BAD_UTF8 }, { T("\"\xc0\x80\""), JSON_BAD_UTF8 }, { T("\"\xed\xa0\x80\""), JSON_BAD_UTF8 },
	{ T("\"\xf4\x90\x80\x80\""), JSON_BAD_UTF8 }, { T("\"\xe2\x82\""), JSON_BAD_UTF8 },
	{ T("\"\xe0\x9f\xbf\""), JSON_BAD_UTF8 }, { T("\"\xf0\x8f\xbf\xbf\""), JSON_BAD_UTF8 },
	{ T("\"\x80\""), JSON_BAD_UTF8 }, { T("{\"\xff\":1}"), JSON_BAD_UTF8 }, { T("\"1234567\xff" "12345678\""), JSON_BAD_UTF8 },
	{ T("[\"\xff\",\"\\u0000\"]"), JSON_BAD_UTF8 }, { T("[\"\xff\",]"), JSON_BAD_SYNTAX },

	{ T("\"\\u0000\""), JSON_BAD_TEXT }, { T("{\"a\\u0000\":1}"), JSON_BAD_TEXT }, { T("\"\\ud800\""), JSON_BAD_TEXT },
	{ T("\"\\udc00\""), JSON_BAD_TEXT }, { T("\"\\ud800\\u0041\""), JSON_BAD_TEXT },
	{ T("\"\\ud800\\ud800\\udc00\""), JSON_BAD_TEXT }, { T("\"\\udbff\\n\""), JSON_BAD_TEXT },
	{ T("[\"\\u0000\",1,]"), JSON_BAD_SYNTAX },
};

static void check_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(checks); i++) {
		/* a copy of exactly its size, so that the sanitizer sees a look behind the end */
		char *exact = malloc(checks[i].text.n ? checks[i].text.n : 1);
		enum json_fault fault;

		memcpy(exact, checks[i].text.p, checks[i].text.n);
		fault = json_check((struct slice){ exact, checks[i].text.n });
		free(exact);
		if (fault != checks[i].fault)
			fail_msg("row %zu %s: %d", i, checks[i].text.p, fault);
	}
	assert_int_equal(json_check(SLICE_NONE), JSON_BAD_SYNTAX);
}

static void depth_is_bounded(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 2];

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_int_equal(json_check((struct slice){ text, 2 * JSON_DEPTH_MAX }), JSON_OK);
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_int_equal(json_check((struct slice){ text, 2 * JSON_DEPTH_MAX + 2 }), JSON_BAD_SYNTAX);
}

static void kinds(void **state)
{
	static const struct { struct slice text; enum json_kind kind; } rows[] = {
		{ T("{}"), JSON_OBJECT }, { T(" [1]"), JSON_ARRAY }, { T("\"a\""), JSON_STRING }, { T("-1"), JSON_NUMBER },
		{ T("true"), JSON_TRUE }, { T("false"), JSON_FALSE }, { T("null"), JSON_NULL }, { T(""), JSON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(json_kind(rows[i].text), rows[i].kind);
}

static void members(void **state)
{
	struct slice object = SLICE(" { \"b\":{\"a\":0}, \"s\" : \"}\\\"]\" ,\"a\":3,\"\\u0061\":2,\"n\\u0074\":[1,{}],\"\":4 } ");
	static const struct { const char *key; int rc; const char *value; } rows[] = {
		{ "b", 1, "{\"a\":0}" }, { "s", 1, "\"}\\\"]\"" }, { "a", 1, "2" }, { "nt", 1, "[1,{}]" }, { "", 1, "4" },
		{ "A", 0, "kept" }, { "zz", 0, "kept" }, { "\\u0061", 0, "kept" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice value = SLICE("kept");

		assert_int_equal(json_member(object, rows[i].key, &value), rows[i].rc);
		assert_true(slice_is(value, rows[i].value));
	}
	assert_int_equal(json_member(SLICE("[{\"a\":1}]"), "a", &object), 0);
	assert_int_equal(json_member(SLICE("{}"), "a", &object), 0);
	assert_int_equal(json_member(SLICE_NONE, "a", &object), 0);
}

static void expect_values(int (*next)(struct slice *, struct slice *), const char *text, const char *values)
{
	struct slice rest = slice_of(text), value;
	struct buf seen = BUF_INIT;

	buf_puts(&seen, "");
	while (next(&rest, &value) == 1) {
		buf_put_slice(&seen, value);
		buf_putc(&seen, '|');
	}
	assert_int_equal(next(&rest, &value), 0);
	if (strcmp(seen.data, values) != 0)
		fail_msg("%s gave %s", text, seen.data);
	buf_fini(&seen);
}

static void lists(void **state)
{
	static const struct { const char *text, *values, *arguments; } rows[] = {
		{ "[1, \"a,]\" ,{\"b\":[2,3]},[4],null]", "1|\"a,]\"|{\"b\":[2,3]}|[4]|null|",
		  "[1, \"a,]\" ,{\"b\":[2,3]},[4],null]|" },
		{ "{\"a\":1},\"x\" , 3", "{\"a\":1}|\"x\"|3|", "{\"a\":1}|\"x\"|3|" },
		{ "[1],[2]", "[1]|[2]|", "[1]|[2]|" },
		{ "[[1],[2]]", "[1]|[2]|", "[[1],[2]]|" },
		{ "[]", "", "[]|" }, { " [ ] ", "", "[ ]|" }, { "", "", "" }, { "[[]]", "[]|", "[[]]|" },
		{ "-1.5e3", "-1.5e3|", "-1.5e3|" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		expect_values(json_next, rows[i].text, rows[i].values);
		expect_values(json_next_argument, rows[i].text, rows[i].arguments);
	}
}

static void decoding(void **state)
{
	static const struct { struct slice text; int rc; const char *out; } rows[] = {
		{ T("\"\""), 0, "" }, { T("\"hola ñ\""), 0, "hola ñ" },
		{ T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), 0, "\"\\/\b\f\n\r\t" },
		{ T("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00z\""), 0, "Aé€😀z" }, { T(" \"a\" "), 0, "a" },
		{ T("\"\\u0000\""), -1, NULL }, { T("\"\\ud800x\""), -1, NULL }, { T("\"\\ude00\""), -1, NULL },
		{ T("1"), -1, NULL }, { T("\""), -1, NULL }, { T(""), -1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf out = BUF_INIT;

		assert_int_equal(json_decode(rows[i].text, &out), rows[i].rc);
		if (rows[i].out)
			assert_string_equal(out.data, rows[i].out);
		buf_fini(&out);
	}
}

static void utf8(void **state)
{
	(void)state;
	assert_true(json_is_utf8(SLICE("0123456789 ñ€😀 \0 fin")));
	assert_true(json_is_utf8(SLICE_NONE));
	assert_false(json_is_utf8(SLICE("0123456789\xc3")));
	assert_false(json_is_utf8(SLICE("\xed\xbf\xbf")));
	assert_int_equal(json_code_points(SLICE("añ€😀")), 4);
	assert_int_equal(json_code_points(SLICE_NONE), 0);
}

static void writing(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, "[\"ack\",{");
	json_put_text_member(&b, "a", SLICE("x\"\\\n\x01/😀\x7f"));
	json_put_text_member(&b, "n", SLICE_NONE);
	json_put_text_member(&b, "e", SLICE(""));
	json_put_number_member(&b, "i", INT64_MIN);
	json_put_id_member(&b, "id", 42);
	json_put_raw_member(&b, "o", SLICE("{\"k\":[]}"));
	buf_puts(&b, "}]");
	assert_string_equal(b.data, "[\"ack\",{\"a\":\"x\\\"\\\\\\n\\u0001/😀\x7f\",\"n\":null,\"e\":\"\","
			    "\"i\":-9223372036854775808,\"id\":\"42\",\"o\":{\"k\":[]}}]");
	assert_int_equal(json_check(buf_slice(&b)), JSON_OK);
	buf_fini(&b);
}

static void what_is_written_reads_the_same(void **state)
{
	struct buf text = BUF_INIT, json = BUF_INIT, back = BUF_INIT;

	(void)state;
	for (int c = 1; c < 0x80; c++)
		buf_putc(&text, (char)c);
	json_put_string(&json, buf_slice(&text));
	assert_int_equal(json_string_size(buf_slice(&text)), json.len);
	assert_int_equal(json_string_size(SLICE_NONE), 2);
	assert_int_equal(json_check(buf_slice(&json)), JSON_OK);
	assert_int_equal(json_decode(buf_slice(&json), &back), 0);
	assert_true(slice_eq(buf_slice(&text), buf_slice(&back)));
	buf_fini(&text);
	buf_fini(&json);
	buf_fini(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_table), cmocka_unit_test(depth_is_bounded), cmocka_unit_test(kinds),
		cmocka_unit_test(members), cmocka_unit_test(lists), cmocka_unit_test(decoding), cmocka_unit_test(utf8),
		cmocka_unit_test(writing), cmocka_unit_test(what_is_written_reads_the_same),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
