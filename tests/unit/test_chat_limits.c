// objects: relay/chat/limits.o relay/chat/events.o shared/map.o shared/siphash.o shared/network.o shared/buf.o
/*
 * Token buckets and the table of events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "relay/chat/limits.h"

static void a_burst_passes_then_the_rate_counts(void **state)
{
	struct limits *l = limits_new();
	struct slice ana = SLICE("123"), home = SLICE("10.0.0.1");
	uint64_t wait;

	(void)state;
	for (int i = 0; i < 200; i++)
		assert_int_equal(limits_take(l, RATE_SEND, ana, home, 0, 1000), 0);
	wait = limits_take(l, RATE_SEND, ana, home, 0, 1000);
	assert_in_range(wait, 1, 60);
	/* Another person, another class: untouched. */
	assert_int_equal(limits_take(l, RATE_SEND, SLICE("456"), home, 0, 1000), 0);
	assert_int_equal(limits_take(l, RATE_RECEIPT, ana, home, 0, 1000), 0);
	/* After the wait that was told there is one, and one only. */
	assert_int_equal(limits_take(l, RATE_SEND, ana, home, 0, 1000 + wait), 0);
	assert_true(limits_take(l, RATE_SEND, ana, home, 0, 1000 + wait) > 0);
	limits_free(l);
}

static void what_is_large_costs_more(void **state)
{
	struct limits *l = limits_new();
	struct slice ana = SLICE("123"), home = SLICE("10.0.0.1");
	int passed = 0;

	(void)state;
	while (passed < 200 && limits_take(l, RATE_SEND, ana, home, 65536, 1000) == 0)
		passed++;
	assert_int_equal(passed, 23);
	/* what is owed is waited for: 7 tokens of 20 a second, and the one that it takes */
	assert_in_range(limits_take(l, RATE_SEND, ana, home, 0, 1000), 400, 401);
	assert_int_equal(limits_take(l, RATE_SEND, ana, home, 0, 1401), 0);
	limits_free(l);
}

static void an_address_has_its_own_bucket(void **state)
{
	struct limits *l = limits_new();
	char user[16];
	int refused = 0;

	(void)state;
	for (int i = 0; i < 12000; i++) {
		struct slice name = { user, (size_t)snprintf(user, sizeof(user), "%d", 1 + i % 1000) };

		refused += limits_take(l, RATE_SEND, name, SLICE("10.0.0.2"), 0, 1000) > 0;
	}
	assert_int_equal(refused, 2000);
	assert_int_equal(limits_take(l, RATE_SEND, SLICE("77777"), SLICE("10.0.0.3"), 0, 1000), 0);
	limits_free(l);
}

static void the_quiet_are_forgotten_and_begin_full(void **state)
{
	struct limits *l = limits_new();

	(void)state;
	for (int i = 0; i < 200; i++)
		limits_take(l, RATE_SEND, SLICE("1"), SLICE("a"), 0, 1000);
	assert_true(limits_take(l, RATE_SEND, SLICE("1"), SLICE("a"), 0, 1000) > 0);
	limits_sweep(l, 30000);
	limits_sweep(l, 100000);
	for (int i = 0; i < 200; i++)
		assert_int_equal(limits_take(l, RATE_SEND, SLICE("1"), SLICE("a"), 0, 100000), 0);
	limits_free(l);
}

/* Who spoke a moment ago begins nothing anew: a sweep leaves what the rate gave meanwhile. */
static void a_sweep_is_no_new_burst(void **state)
{
	struct limits *l = limits_new();
	int passed = 0;

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(limits_take(l, RATE_CONNECT, SLICE("1"), SLICE("a"), 0, 1000), 0);
	limits_sweep(l, 5000);
	while (passed < 20 && limits_take(l, RATE_CONNECT, SLICE("1"), SLICE("a"), 0, 5000) == 0)
		passed++;
	assert_int_equal(passed, 4);
	limits_free(l);
}

/* Nor is what a large one still owes forgiven, however long its payer was quiet. */
static void a_sweep_forgives_no_debt(void **state)
{
	struct limits *l = limits_new();
	uint64_t wait;

	(void)state;
	assert_int_equal(limits_take(l, RATE_TYPING, SLICE("1"), SLICE("a"), 3000000, 1000), 0);
	limits_sweep(l, 62000);
	wait = limits_take(l, RATE_TYPING, SLICE("1"), SLICE("a"), 0, 62000);
	assert_in_range(wait, 6000, 7000);
	limits_free(l);
}

static void events_are_known_byte_for_byte(void **state)
{
	static const struct { const char *name; int kind; enum refusal_form form; } table[] = {
		{ "send_message", WIRE_JOB_SENDS, REFUSAL_ACK },
		{ "send_direct_message", WIRE_JOB_SENDS, REFUSAL_ERROR },
		{ "send_group_message", WIRE_JOB_SENDS, REFUSAL_ERROR },
		{ "mark_read", WIRE_JOB_RECEIPTS, REFUSAL_ERROR },
		{ "mark_delivered", WIRE_JOB_RECEIPTS, REFUSAL_ERROR },
		{ "join_group", WIRE_JOB_OTHERS, REFUSAL_ERROR },
		{ "join_direct_chat", WIRE_JOB_OTHERS, REFUSAL_ERROR },
		{ "leave_group", WIRE_JOB_OTHERS, REFUSAL_ERROR },
		{ "load_message_history", WIRE_JOB_OTHERS, REFUSAL_ERROR },
	};
	static const char *const unknown[] = {
		"", "Send_message", "send_message ", "send", "connect", "receive_message",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct event_row *row = events_find(slice_of(table[i].name));

		assert_non_null(row);
		assert_int_equal(row->kind, table[i].kind);
		assert_int_equal(row->refusal, table[i].form);
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_null(events_find(slice_of(unknown[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_passes_then_the_rate_counts),
		cmocka_unit_test(what_is_large_costs_more),
		cmocka_unit_test(an_address_has_its_own_bucket),
		cmocka_unit_test(the_quiet_are_forgotten_and_begin_full),
		cmocka_unit_test(a_sweep_is_no_new_burst),
		cmocka_unit_test(a_sweep_forgives_no_debt),
		cmocka_unit_test(events_are_known_byte_for_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
