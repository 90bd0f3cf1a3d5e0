// objects: relay/chat/holes.o relay/chat/pushed.o shared/buf.o
/*
 * What the feed remembers: ids seen, holes, messages pushed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "relay/chat/holes.h"
#include "relay/chat/pushed.h"

#define SECOND 1000u

/* The ranges due now as text: "4-4 7-9". */
static const char *due(struct holes *h, uint64_t now)
{
	static char text[2000];
	struct wire_range r[64];
	size_t n = holes_due(h, now, r, 64, 100000), len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%llu-%llu", i ? " " : "",
			(unsigned long long)r[i].first, (unsigned long long)r[i].last);
	return text;
}

#define ADVANCE(h, upto, now, ...) do { \
		const uint64_t list[] = { __VA_ARGS__ }; \
		holes_advance(h, list, sizeof(list) / sizeof(list[0]), upto, now); \
	} while (0)

static void ids_in_order_leave_no_hole(void **state)
{
	struct holes *h = holes_new(15 * SECOND);

	(void)state;
	holes_start(h, 100);
	assert_int_equal(holes_cursor(h, 5), 100);
	ADVANCE(h, 103, 10, 101, 102, 103);
	assert_int_equal(holes_count(h), 0);
	assert_int_equal(holes_high(h), 103);
	assert_int_equal(holes_cursor(h, 10), 103);
	holes_free(h);
}

static void a_late_id_is_a_hole_until_it_comes(void **state)
{
	struct holes *h = holes_new(15 * SECOND);

	(void)state;
	holes_start(h, 100);
	ADVANCE(h, 102, 1000, 102);
	assert_string_equal(due(h, 1000), "101-101");
	assert_true(holes_have(h, 101));
	assert_false(holes_have(h, 102));
	assert_int_equal(holes_cursor(h, 1000), 100);
	assert_false(holes_seen(h, 102));
	assert_true(holes_seen(h, 101));
	assert_false(holes_seen(h, 101));
	assert_int_equal(holes_cursor(h, 1000), 102);
	assert_int_equal(holes_count(h), 0);
	holes_free(h);
}

static void old_holes_let_the_cursor_pass_and_are_asked_less(void **state)
{
	struct holes *h = holes_new(15 * SECOND);

	(void)state;
	holes_start(h, 100);
	ADVANCE(h, 102, 1000, 102);
	assert_string_equal(due(h, 2000), "101-101");
	assert_string_equal(due(h, 15000), "101-101");
	assert_int_equal(holes_cursor(h, 15999), 100);
	assert_int_equal(holes_cursor(h, 16000), 102);
	assert_string_equal(due(h, 16000), "");
	assert_string_equal(due(h, 25000), "101-101");
	assert_string_equal(due(h, 26000), "");
	/* A younger hole above stops the cursor again. */
	ADVANCE(h, 105, 27000, 103, 105);
	assert_int_equal(holes_cursor(h, 27000), 103);
	/* After an hour nobody waits any more. */
	assert_string_equal(due(h, 1000 + HOLES_LIFE_MS + 1), "104-104");
	assert_int_equal(holes_count(h), 1);
	holes_free(h);
}

static void strides_make_one_range(void **state)
{
	struct holes *h = holes_new(15 * SECOND);
	uint64_t ids[100];

	(void)state;
	holes_start(h, 0);
	for (int i = 0; i < 100; i++)
		ids[i] = (uint64_t)(i + 1) * 3;
	holes_advance(h, ids, 100, 300, 1000);
	assert_int_equal(holes_count(h), 1);
	assert_string_equal(due(h, 1000), "1-299");
	assert_true(holes_have(h, 1));
	assert_true(holes_have(h, 299));
	assert_false(holes_have(h, 3));
	assert_false(holes_seen(h, 150));
	assert_true(holes_seen(h, 151));
	assert_false(holes_have(h, 151));
	assert_true(holes_seen(h, 1));
	assert_true(holes_seen(h, 2));
	assert_string_equal(due(h, 1001), "4-299");
	assert_true(holes_seen(h, 299));
	assert_string_equal(due(h, 1001), "4-298");
	for (uint64_t id = 4; id < 299; id++)
		holes_seen(h, id);
	assert_int_equal(holes_count(h), 0);
	holes_free(h);
}

static void a_giant_gap_costs_nothing_and_splits(void **state)
{
	struct holes *h = holes_new(15 * SECOND);

	(void)state;
	holes_start(h, 10);
	ADVANCE(h, 4000000000000u, 1000, 4000000000000u);
	assert_string_equal(due(h, 1000), "11-3999999999999");
	assert_true(holes_seen(h, 2000000000000u));
	assert_true(holes_seen(h, 11));
	assert_true(holes_seen(h, 3999999999999u));
	/* around each of them a part that can be a map, trimmed where it ends */
	assert_string_equal(due(h, 1001), "12-4106 4107-1999999995914 1999999995915-2000000000010 "
		"2000000000011-3999999995914 3999999995915-3999999999998");
	assert_false(holes_have(h, 2000000000000u));
	assert_true(holes_have(h, 2000000000001u));
	assert_int_equal(holes_cursor(h, 1001), 11);
	holes_free(h);
}

static void strides_in_a_wide_hole_make_few_ranges(void **state)
{
	struct holes *h = holes_new(15 * SECOND);

	(void)state;
	holes_start(h, 0);
	ADVANCE(h, 20000, 1000, 20000);
	for (uint64_t id = 3; id < 20000; id += 3)
		assert_true(holes_seen(h, id));
	assert_in_range(holes_count(h), 1, 6);
	for (uint64_t id = 1; id < 20000; id++)
		assert_int_equal(holes_have(h, id), id % 3 != 0);
	holes_free(h);
}

/* Old holes by the hundred, all overdue: a young one is asked for each time. */
static void the_young_come_before_the_overdue(void **state)
{
	struct holes *h = holes_new(15 * SECOND);
	struct wire_range r[64];
	uint64_t now = 100 * SECOND;

	(void)state;
	holes_start(h, 0);
	for (uint64_t upto = 100; upto <= 20000; upto += 100)
		holes_advance(h, (const uint64_t[]){ upto - 50 }, 1, upto, 1000);
	ADVANCE(h, 20002, now, 20002);
	for (int i = 0; i < 50; i++, now += SECOND / 4) {
		size_t n = holes_due(h, now, r, 64, 1000);

		assert_in_range(n, 1, 11);
		assert_int_equal(r[n - 1].first, 20001);
	}
	holes_free(h);
}

/* More than may be asked for at a time: the oldest is not behind those that come after it for ever. */
static void each_hole_has_its_turn(void **state)
{
	struct holes *h = holes_new(15 * SECOND);
	struct wire_range r[64];
	bool asked[10] = { false };

	(void)state;
	holes_start(h, 0);
	for (uint64_t upto = 100; upto <= 1000; upto += 100)
		holes_advance(h, (const uint64_t[]){ upto - 50 }, 1, upto, 1000);
	assert_int_equal(holes_count(h), 10);
	for (uint64_t now = 1001; now <= 1005; now++) {
		size_t n = holes_due(h, now, r, 64, 280);

		assert_int_equal(n, 2);
		for (size_t i = 0; i < n; i++)
			asked[r[i].first / 100] = true;
	}
	for (int i = 0; i < 10; i++)
		assert_true(asked[i]);
	holes_free(h);
}

/* A row in a wide hole needs room for the parts: with none, what goes is the oldest, here the hole itself. */
static void a_full_list_may_drop_what_is_cut(void **state)
{
	struct holes *h = holes_new(15 * SECOND);

	(void)state;
	holes_start(h, 0);
	ADVANCE(h, 20000, 1000, 20000);
	for (uint64_t i = 1; i < HOLES_MAX; i++)
		holes_advance(h, (const uint64_t[]){ 20000 + i * 2 }, 1, 20000 + i * 2, 1000 + i);
	assert_int_equal(holes_count(h), HOLES_MAX);
	assert_true(holes_seen(h, 10000));
	assert_false(holes_have(h, 10000));
	assert_true(holes_dropped(h) > 0);
	assert_true(holes_count(h) <= HOLES_MAX);
	for (uint64_t i = 1; i < HOLES_MAX; i++)
		assert_true(holes_have(h, 20000 + i * 2 - 1));
	holes_free(h);
}

static void the_list_is_bounded(void **state)
{
	struct holes *h = holes_new(15 * SECOND);

	(void)state;
	holes_start(h, 0);
	for (uint64_t i = 1; i <= HOLES_MAX + 10; i++)
		holes_advance(h, (const uint64_t[]){ i * 2 }, 1, i * 2, 1000 + i);
	assert_int_equal(holes_count(h), HOLES_MAX);
	assert_int_equal(holes_dropped(h), 10);
	assert_false(holes_have(h, 1));
	assert_true(holes_have(h, 21));
	holes_free(h);
}

static void a_table_that_goes_back_is_followed(void **state)
{
	struct holes *h = holes_new(15 * SECOND);

	(void)state;
	holes_start(h, 0);
	ADVANCE(h, 10, 1000, 10);
	ADVANCE(h, 50, 1000, 50);
	ADVANCE(h, 100, 1000, 100);
	assert_string_equal(due(h, 1000), "1-9 11-49 51-99");
	holes_back(h, 30);
	assert_int_equal(holes_high(h), 30);
	assert_string_equal(due(h, 1000), "1-9 11-30");
	ADVANCE(h, 32, 1000, 31, 32);
	assert_int_equal(holes_count(h), 2);
	holes_back(h, 0);
	assert_int_equal(holes_count(h), 0);
	assert_int_equal(holes_high(h), 0);
	holes_free(h);
}

/* Against a plain array of booleans. */
static void holes_agree_with_a_model(void **state)
{
	enum { IDS = 6000 };
	static bool seen[IDS + 1];
	struct holes *h = holes_new(15 * SECOND);
	uint64_t high = 0, list[600];
	unsigned seed = 7;

	(void)state;
	holes_start(h, 0);
	while (high < IDS - 600) {
		uint64_t upto = high + 1 + (uint64_t)(rand_r(&seed) % 500);
		unsigned part = 1 + (unsigned)rand_r(&seed) % 10;
		size_t n = 0;

		for (uint64_t id = high + 1; id <= upto; id++)
			if ((unsigned)rand_r(&seed) % 10 < part)
				seen[id] = true, list[n++] = id;
		holes_advance(h, list, n, upto, 1000);
		high = upto;
		for (int i = 0; i < 100; i++) {
			uint64_t id = 1 + (uint64_t)rand_r(&seed) % high;

			assert_int_equal(holes_have(h, id), !seen[id]);
			if (rand_r(&seed) % 2) {
				assert_int_equal(holes_seen(h, id), !seen[id]);
				seen[id] = true;
			}
		}
	}
	for (uint64_t id = 1; id <= high; id++)
		assert_int_equal(holes_have(h, id), !seen[id]);
	for (uint64_t id = 1; id <= high; id++)
		holes_seen(h, id);
	assert_int_equal(holes_count(h), 0);
	holes_free(h);
}

static void pushed_forgets_the_oldest_only(void **state)
{
	struct pushed *p = pushed_new(1024);

	(void)state;
	for (uint64_t id = 1; id <= 5000; id++) {
		assert_true(pushed_add(p, id, id * 77));
		assert_false(pushed_add(p, id, id * 77));
		assert_true(pushed_has(p, id, id * 77));
		assert_false(pushed_has(p, id, id * 77 + 1));
		if (id > 1024) {
			assert_false(pushed_has(p, id - 1024, (id - 1024) * 77));
			assert_true(pushed_has(p, id - 1023, (id - 1023) * 77));
		}
	}
	for (uint64_t id = 5000 - 1023; id <= 5000; id++)
		assert_true(pushed_has(p, id, id * 77));
	assert_int_equal(pushed_count(p), 1024);
	/* An id used again by another message is another message. */
	assert_true(pushed_add(p, 5000, 1));
	/* stored again under another id: the same message; without a uuid the id tells */
	assert_false(pushed_add(p, 5001, 1));
	assert_true(pushed_add(p, 5000, 0));
	assert_true(pushed_add(p, 5001, 0));
	assert_false(pushed_add(p, 5001, 0));
	pushed_free(p);
}

/* Rows of the companion's may have uuids of version 7, which begin with the time, or any other. */
static void every_byte_of_a_uuid_tells(void **state)
{
	uint8_t uuid[16];
	uint64_t tags[16 * 255 + 1];
	size_t n = 0;

	(void)state;
	memset(uuid, 0, sizeof(uuid));
	assert_int_equal(pushed_tag(uuid), 0);
	memset(uuid, 0x5a, sizeof(uuid));
	tags[n++] = pushed_tag(uuid);
	for (size_t at = 0; at < sizeof(uuid); at++)
		for (unsigned flip = 1; flip < 256; flip++) {
			uuid[at] ^= (uint8_t)flip;
			tags[n++] = pushed_tag(uuid);
			uuid[at] ^= (uint8_t)flip;
		}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_true(tags[i] != tags[k] && tags[i] != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_in_order_leave_no_hole),
		cmocka_unit_test(a_late_id_is_a_hole_until_it_comes),
		cmocka_unit_test(old_holes_let_the_cursor_pass_and_are_asked_less),
		cmocka_unit_test(strides_make_one_range),
		cmocka_unit_test(a_giant_gap_costs_nothing_and_splits),
		cmocka_unit_test(strides_in_a_wide_hole_make_few_ranges),
		cmocka_unit_test(each_hole_has_its_turn),
		cmocka_unit_test(the_young_come_before_the_overdue),
		cmocka_unit_test(a_full_list_may_drop_what_is_cut),
		cmocka_unit_test(the_list_is_bounded),
		cmocka_unit_test(a_table_that_goes_back_is_followed),
		cmocka_unit_test(holes_agree_with_a_model),
		cmocka_unit_test(pushed_forgets_the_oldest_only),
		cmocka_unit_test(every_byte_of_a_uuid_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
