/* test_store_text: what a statement's text becomes for a set, and the memory that results live in. */
// objects: shared/buf.o shared/arena.o fcgi-api/store/sql.o
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "arena.h"
#include "sql.h"

static void braces_are_written_out(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *out;
	} rows[] = {
		{ "SELECT 1", 3, "SELECT 1" },
		{ "", 3, "" },
		{ "IN ({?})", 1, "IN (?)" },
		{ "IN ({?})", 3, "IN (?, ?, ?)" },
		{ "VALUES {(?, ?)} END", 2, "VALUES (?, ?), (?, ?) END" },
		{ "{(a = ? AND b = ?)| OR }", 2, "(a = ? AND b = ?) OR (a = ? AND b = ?)" },
		{ "{x| UNION ALL }", 1, "x" },
		{ "IN ({?}) AND y IN ({?})", 2, "IN (?, ?) AND y IN (?, ?)" },
	};
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_reset(&b);
		sql_expand(&b, rows[i].text, rows[i].size);
		buf_putc(&b, '\0');
		assert_string_equal(b.data, rows[i].out);
	}
	buf_fini(&b);
}

static void arena_gives_zeroed_aligned_separate_places(void **state)
{
	size_t sizes[] = { 0, 1, 15, 16, 17, 5000, 16384, 100000, 3 };
	struct arena *a = arena_new();
	char *last = NULL;
	int round;
	size_t i, k;

	(void)state;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			char *p = arena_alloc(a, sizes[i]);

			assert_non_null(p);
			assert_ptr_not_equal(p, last);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (k = 0; k < sizes[i]; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xAA, sizes[i]);
			last = p;
		}
		arena_reset(a);
		last = NULL;
	}
	arena_free(a);
	arena_free(NULL);
}

static void copies_end_with_nul(void **state)
{
	struct arena *a = arena_new();
	struct slice empty = arena_copy(a, SLICE_NONE), text = arena_copy(a, SLICE("a\0b"));

	(void)state;
	assert_non_null(empty.p);
	assert_int_equal(empty.n, 0);
	assert_memory_equal(text.p, "a\0b", 4);
	assert_int_equal(text.n, 3);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(braces_are_written_out),
		cmocka_unit_test(arena_gives_zeroed_aligned_separate_places),
		cmocka_unit_test(copies_end_with_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
