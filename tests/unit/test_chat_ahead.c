// objects: relay/chat/ahead.o relay/chat/holes.o shared/buf.o
/*
 * How far what was pushed saves the feed the reading.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "relay/chat/ahead.h"

static void high_follows_pushes_without_a_gap(void **state)
{
	struct holes *h = holes_new(15000);
	struct ahead *a = ahead_new();

	(void)state;
	holes_start(h, 100);
	ahead_pushed(a, h, 101);
	assert_int_equal(holes_high(h), 101);
	ahead_pushed(a, h, 104);
	ahead_pushed(a, h, 103);
	assert_int_equal(holes_high(h), 101);
	ahead_pushed(a, h, 102);
	assert_int_equal(holes_high(h), 104);
	ahead_pushed(a, h, 50);
	ahead_pushed(a, h, 104);
	ahead_pushed(a, h, 104 + AHEAD_IDS + 1);       /* too far: the feed reads it */
	ahead_pushed(a, h, UINT64_MAX);
	assert_int_equal(holes_high(h), 104);
	assert_int_equal(holes_count(h), 0);
	/* what a sweep finds missing is a hole, and high goes on behind it */
	ahead_pushed(a, h, 107);
	ahead_pushed(a, h, 108);
	holes_advance(h, (const uint64_t[]){ 106, 107 }, 2, 107, 1000);
	ahead_swept(a, h);
	assert_int_equal(holes_high(h), 108);
	assert_true(holes_have(h, 105));
	assert_int_equal(holes_cursor(h, 1000), 104);
	ahead_free(a);
	holes_free(h);
}

static void what_was_pushed_before_the_table_went_back_is_forgotten(void **state)
{
	struct holes *h = holes_new(15000);
	struct ahead *a = ahead_new();

	(void)state;
	holes_start(h, 100);
	ahead_pushed(a, h, 102);
	ahead_pushed(a, h, 205);
	holes_back(h, 90);
	ahead_forget(a);
	holes_advance(h, (const uint64_t[]){ 91, 204 }, 2, 204, 1000);
	ahead_swept(a, h);
	assert_int_equal(holes_high(h), 204);
	/* nor does it come back when high passes it by pushes, or at a leap of the map's size */
	ahead_pushed(a, h, 206);
	holes_start(h, 204 + AHEAD_IDS);
	ahead_pushed(a, h, 205 + AHEAD_IDS);
	assert_int_equal(holes_high(h), 205 + AHEAD_IDS);
	ahead_free(a);
	holes_free(h);
}

/* Somebody set AUTO_INCREMENT, or a row has an id of its own choice. */
static void a_leap_of_the_ids_costs_nothing(void **state)
{
	struct holes *h = holes_new(15000);
	struct ahead *a = ahead_new();

	(void)state;
	holes_start(h, 100);
	ahead_pushed(a, h, 102);
	holes_start(h, 1ull << 60);
	ahead_pushed(a, h, (1ull << 60) + 1);
	assert_int_equal(holes_high(h), (1ull << 60) + 1);
	ahead_free(a);
	holes_free(h);
}

/* Against a plain array: pushes in some disorder, some of them never, and sweeps now and then. */
static void high_agrees_with_a_model(void **state)
{
	enum { IDS = 60000, DISORDER = 200 };
	static bool pushed[IDS + 1];
	struct holes *h = holes_new(15000);
	struct ahead *a = ahead_new();
	uint64_t high = 0;
	unsigned seed = 11;

	(void)state;
	memset(pushed, 0, sizeof(pushed));
	holes_start(h, 0);
	for (uint64_t at = 1; at < IDS - DISORDER; at++) {
		uint64_t id = at + (uint64_t)rand_r(&seed) % DISORDER;

		if (rand_r(&seed) % 50 == 0)
			continue;
		for (id = rand_r(&seed) % 4 ? at : id; id > high && pushed[id]; id--)
			;
		pushed[id] = id <= high + AHEAD_IDS;
		ahead_pushed(a, h, id);
		if (rand_r(&seed) % 3000 == 0 && at > high) {
			holes_advance(h, NULL, 0, at, 1000);
			high = at;
			ahead_swept(a, h);
		}
		while (pushed[high + 1])
			high++;
		assert_int_equal(holes_high(h), high);
	}
	assert_true(high > IDS / 2);
	ahead_free(a);
	holes_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(high_follows_pushes_without_a_gap),
		cmocka_unit_test(what_was_pushed_before_the_table_went_back_is_forgotten),
		cmocka_unit_test(a_leap_of_the_ids_costs_nothing),
		cmocka_unit_test(high_agrees_with_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
