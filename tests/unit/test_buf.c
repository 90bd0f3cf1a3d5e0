// objects: shared/buf.o
/* buf: bytes go in one by one or in bulk and come out whole and terminated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "buf.h"

static void grows_and_stays_terminated(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_null(b.data);
	for (int i = 0; i < 1000; i++) {
		buf_putc(&b, (char)('a' + i % 26));
		assert_int_equal(b.data[b.len], 0);
		assert_true(b.len < b.cap);
	}
	assert_int_equal(b.len, 1000);
	assert_int_equal(b.data[27], 'b');
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.data[0], 0);
	buf_fini(&b);
	assert_null(b.data);
}

static void keeps_every_kind_of_bytes(void **state)
{
	struct buf b = BUF_INIT;
	static const char expected[] = "ab\0cd-texto7 18446744073709551615";

	(void)state;
	buf_put(&b, "ab\0c", 4);
	buf_putc(&b, 'd');
	buf_puts(&b, "-tex");
	buf_put_slice(&b, SLICE("to"));
	buf_put_slice(&b, SLICE_NONE);
	buf_putf(&b, "%d ", 7);
	buf_put_u64(&b, UINT64_MAX);
	assert_true(slice_eq(buf_slice(&b), (struct slice){ expected, sizeof(expected) - 1 }));
	buf_fini(&b);
}

static void formats_more_than_it_had_room_for(void **state)
{
	struct buf b = BUF_INIT;
	char *text;

	(void)state;
	buf_puts(&b, ">");
	buf_putf(&b, "%0500d|", 1);
	assert_int_equal(b.len, 502);
	assert_int_equal(b.data[501], '|');
	text = buf_take(&b);
	assert_null(b.data);
	assert_int_equal(strlen(text), 502);
	free(text);
}

static void numbers(void **state)
{
	static const struct { uint64_t v; const char *text; } rows[] = {
		{ 0, "0" }, { 9, "9" }, { 10, "10" }, { 9223372036854775807u, "9223372036854775807" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = BUF_INIT;

		buf_put_u64(&b, rows[i].v);
		assert_string_equal(b.data, rows[i].text);
		buf_fini(&b);
	}
}

static void takes_an_empty_one(void **state)
{
	struct buf b = BUF_INIT;
	char *text = buf_take(&b);

	(void)state;
	assert_string_equal(text, "");
	free(text);
	text = mem_copy(SLICE_NONE);
	assert_string_equal(text, "");
	free(text);
}

static void slices_compare(void **state)
{
	(void)state;
	assert_true(slice_is(SLICE("hola"), "hola"));
	assert_false(slice_is(SLICE("hola"), "holas"));
	assert_true(slice_is(SLICE_NONE, ""));
	assert_true(slice_eq(SLICE_NONE, SLICE("")));
	assert_false(slice_eq(SLICE("a"), SLICE("b")));
}

static void lists_are_cut(void **state)
{
	static const struct {
		const char *list, *parts[4];
	} rows[] = {
		{ "", { "" } }, { "a", { "a" } }, { " a ,\tb", { "a", "b" } }, { "a,,b", { "a", "", "b" } },
		{ "a,", { "a", "" } }, { " , ", { "", "" } }, { "a b,c", { "a b", "c" } }, { "a,\nb\r\n", { "a", "b" } },
	};
	struct slice part;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice list = slice_of(rows[i].list);
		size_t n = 0;

		for (; slice_cut(&list, ',', &part); n++) {
			assert_true(n < 4 && rows[i].parts[n]);
			assert_true(slice_is(part, rows[i].parts[n]));
		}
		assert_true(n == 4 || !rows[i].parts[n]);
		assert_null(list.p);
	}
	part = SLICE_NONE;
	assert_false(slice_cut(&part, ',', &part));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_stays_terminated), cmocka_unit_test(keeps_every_kind_of_bytes),
		cmocka_unit_test(formats_more_than_it_had_room_for), cmocka_unit_test(numbers),
		cmocka_unit_test(takes_an_empty_one), cmocka_unit_test(slices_compare),
		cmocka_unit_test(lists_are_cut),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
