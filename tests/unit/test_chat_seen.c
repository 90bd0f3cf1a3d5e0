// objects: relay/chat/seen.o shared/ids.o shared/json*.o shared/buf.o shared/log.o
/*
 * seen: who left is remembered, who is back is not, and the oldest are forgotten first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "chat/seen.h"

static struct slice person(int64_t id)
{
	static char text[2][24];
	static int turn;

	turn = !turn;
	snprintf(text[turn], sizeof(text[turn]), "%lld", (long long)id);
	return slice_of(text[turn]);
}

static void who_left_is_remembered_until_back(void **state)
{
	struct seen *s = seen_new(100);
	(void)state;

	assert_int_equal(seen_find(s, person(7)), 0);
	seen_forget(s, person(7));
	seen_put(s, person(7), 1000);
	assert_int_equal(seen_find(s, person(7)), 1000);
	assert_int_equal(seen_find(s, person(8)), 0);
	seen_put(s, person(7), 2000);
	assert_int_equal(seen_find(s, person(7)), 2000);
	seen_forget(s, person(7));
	assert_int_equal(seen_find(s, person(7)), 0);
	seen_put(s, person(7), 3000);
	assert_int_equal(seen_find(s, person(7)), 3000);
	seen_put(s, SLICE("ana"), 1000);
	assert_int_equal(seen_find(s, SLICE("ana")), 0);
	seen_free(s);
	seen_free(NULL);
}

/* Ids that are alike, and the greatest: every one has its own slot. */
static void many_are_told_apart(void **state)
{
	struct seen *s = seen_new(20000);
	(void)state;

	for (int64_t i = 1; i <= 5000; i++)
		seen_put(s, person(i << 20), i);
	for (int64_t i = 0; i < 5000; i++)
		seen_put(s, person(INT64_MAX - i), 100000 + i);
	for (int64_t i = 1; i <= 5000; i++)
		assert_int_equal(seen_find(s, person(i << 20)), i);
	for (int64_t i = 0; i < 5000; i++)
		assert_int_equal(seen_find(s, person(INT64_MAX - i)), 100000 + i);
	seen_free(s);
}

static void the_oldest_are_forgotten_and_the_back_stay_back(void **state)
{
	struct seen *s = seen_new(200);
	size_t known = 0;
	(void)state;

	for (int64_t i = 1; i <= 100; i++)
		seen_put(s, person(i), i);
	seen_put(s, person(101), 101);             /* the first hundred are the old ones now */
	assert_int_equal(seen_find(s, person(1)), 1);
	seen_put(s, person(1), 500);
	seen_forget(s, person(1));
	assert_int_equal(seen_find(s, person(1)), 0);
	seen_forget(s, person(2));
	assert_int_equal(seen_find(s, person(2)), 0);
	for (int64_t i = 102; i <= 1000; i++)
		seen_put(s, person(i), i);
	for (int64_t i = 1; i <= 1000; i++)
		known += seen_find(s, person(i)) != 0;
	assert_in_range(known, 100, 200);
	for (int64_t i = 901; i <= 1000; i++)
		assert_int_equal(seen_find(s, person(i)), i);
	assert_int_equal(seen_find(s, person(3)), 0);
	seen_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_left_is_remembered_until_back),
		cmocka_unit_test(many_are_told_apart),
		cmocka_unit_test(the_oldest_are_forgotten_and_the_back_stay_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
