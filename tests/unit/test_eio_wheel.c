// objects: relay/engineio/wheel.o
/*
 * wheel: nothing fires early, nothing later than a tick, whatever the jumps of time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wheel.h"

#define COUNT 3000

struct timed {
	struct wheel_entry e;
	uint64_t due, fired;
	unsigned times;
};

static struct wheel wheel;
static uint64_t now;

static void on_due(struct wheel_entry *e)
{
	struct timed *t = (struct timed *)e;

	t->fired = now;
	t->times++;
}

static void on_again(struct wheel_entry *e)
{
	struct timed *t = (struct timed *)e;

	t->times++;
	wheel_set(&wheel, e, now + 100, on_again);
}

static void each_fires_once_in_time(void **state)
{
	static struct timed t[COUNT];
	(void)state;

	now = 1000003;
	wheel_init(&wheel, now);
	srand(7);
	for (int i = 0; i < COUNT; i++) {
		t[i].due = now + (uint64_t)(rand() % 200000);     /* up to three turns */
		wheel_set(&wheel, &t[i].e, t[i].due, on_due);
	}
	for (int i = 0; i < COUNT; i += 10)
		wheel_cancel(&t[i].e);
	for (uint64_t end = now + 220000; now < end; ) {
		uint64_t next = wheel_next(&wheel);

		now = next == WHEEL_NEVER || next > end ? end : next > now ? next : now;
		wheel_advance(&wheel, now);
	}
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(t[i].times, i % 10 ? 1 : 0);
		if (i % 10) {
			assert_true(t[i].fired >= t[i].due);
			assert_true(t[i].fired <= t[i].due + 2 * WHEEL_TICK_MS);
		}
		assert_false(wheel_armed(&t[i].e));
	}
	assert_true(wheel_next(&wheel) == WHEEL_NEVER);
}

static void a_jump_of_hours_fires_all(void **state)
{
	static struct timed t[100];
	(void)state;

	now = 5000;
	wheel_init(&wheel, now);
	for (int i = 0; i < 100; i++)
		wheel_set(&wheel, &t[i].e, now + (uint64_t)i * 5000, on_due);
	now += 7200000;
	wheel_advance(&wheel, now);
	for (int i = 0; i < 100; i++)
		assert_int_equal(t[i].times, 1);
}

static void armed_anew_from_its_own_call(void **state)
{
	struct timed t = { 0 };
	(void)state;

	now = 0;
	wheel_init(&wheel, now);
	wheel_set(&wheel, &t.e, 100, on_again);
	for (now = 0; now <= 1000; now += 10)
		wheel_advance(&wheel, now);
	assert_in_range(t.times, 8, 10);
	wheel_cancel(&t.e);
	wheel_cancel(&t.e);
	wheel_advance(&wheel, 5000);
	assert_in_range(t.times, 8, 10);
}

static void what_is_due_already_fires_next(void **state)
{
	struct timed t = { 0 };
	(void)state;

	now = 10000;
	wheel_init(&wheel, now);
	wheel_set(&wheel, &t.e, 1, on_due);
	wheel_set(&wheel, &t.e, 2, on_due);
	assert_true(wheel_next(&wheel) <= now + WHEEL_TICK_MS);
	now += WHEEL_TICK_MS;
	wheel_advance(&wheel, now);
	assert_int_equal(t.times, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fires_once_in_time), cmocka_unit_test(a_jump_of_hours_fires_all),
		cmocka_unit_test(armed_anew_from_its_own_call), cmocka_unit_test(what_is_due_already_fires_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
