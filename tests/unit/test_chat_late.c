// objects: relay/chat/roomname.o relay/chat/dispatch.o relay/chat/answers.o relay/chat/commands.o relay/chat/effects.o relay/chat/expiry.o relay/chat/backlog.o
// objects: relay/chat/lines.o relay/chat/targets.o relay/chat/seats.o relay/chat/replies.o relay/chat/events.o relay/chat/holes.o relay/chat/ahead.o
// objects: relay/chat/pushed.o relay/chat/limits.o relay/chat/*presence.o relay/chat/seen.o relay/chat/typing.o shared/map.o shared/siphash.o shared/network.o shared/buf.o shared/ids.o shared/json*.o
// objects: shared/wire*.o shared/log.o
/*
 * In a room where nobody knows whether a send was stored: answers that come late, and what second attempts find.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/fake_sends.h"

/* Bea's second attempt finds what her first stored, and both are answered: whichever comes first is held, the other is nothing. */
static void two_answers_wait_as_one(bool late_first)
{
	h->feed_ready = true;
	lose_one("one");
	say(&bea, "one");
	settle();
	lost(3);
	settle();
	assert_int_equal(jobs, 4);
	if (late_first)
		answer(3, 0, "one", 11);
	push_flags = WIRE_PUSH_FOUND;
	answer(4, 0, "one", 11);
	push_flags = 0;
	done(4);
	if (!late_first)
		answer(3, 0, "one", 11);
	settle();
	assert_string_equal(heard(), "");
	pass_begins();
	feed_notes("one", 10);
	pass_ends();
	feed_pushes("one", 10);
	assert_string_equal(heard(), "#10 #11 B:ack ");
}

static void a_late_answer_does_not_pass_by_what_is_held(void **state)
{
	(void)state;
	two_answers_wait_as_one(true);
}

static void nor_does_it_come_behind(void **state)
{
	(void)state;
	two_answers_wait_as_one(false);
}

/* What the feed has passed is pushed no more. */
static void what_was_found_and_pushed_waits_for_nothing(void **state)
{
	(void)state;
	h->feed_ready = true;
	holes_start(h->holes, 20);
	lose_one("one");
	say(&bea, "one");
	settle();
	push_flags = WIRE_PUSH_FOUND;
	answer(3, 0, "one", 11);
	push_flags = 0;
	done(3);
	assert_string_equal(heard(), "B:ack ");
	say(&eva, "one");
	settle();
	answer(4, 0, "one", 21);
	done(4);
	assert_string_equal(heard(), "");
	pass_begins();
	pass_ends();
	assert_string_equal(heard(), "#21 C:ack ");
}

/* It was not waited for in vain: who stands behind it has all his time. */
static void what_the_feed_passes_meanwhile_hurries_nobody(void **state)
{
	(void)state;
	h->feed_ready = true;
	holes_start(h->holes, 9);
	lose_one("one");
	pass(1);
	say(&bea, "one");
	settle();
	pass(100);
	say(&eva, "one");
	pass(2400);
	lost(3);
	settle();
	pass(2300);
	pass_begins();
	push_flags = WIRE_PUSH_FOUND;
	answer(4, 0, "one", 11);
	push_flags = 0;
	done(4);
	assert_string_equal(heard(), "");
	pass(300);
	holes_start(h->holes, 20);
	pass_ends();
	assert_string_equal(heard(), "B:ack ");
	settle();
	assert_int_equal(jobs, 5);
	assert_int_equal(given[5].ms, 2500);
}

/* The feed brings it, behind what it owes before. */
static void what_nobody_waits_for_any_more_does_not_pass_by_either(void **state)
{
	(void)state;
	h->feed_ready = true;
	lose_one("one");
	say(&bea, "one");
	settle();
	lost(3);
	settle();
	lost(4);
	assert_non_null(strstr(heard(), "\"outcome\":\"unknown\""));
	h->feed_hurry = false;
	answer(3, 0, "one", 11);
	assert_string_equal(heard(), "");
	assert_true(h->feed_hurry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_late_answer_does_not_pass_by_what_is_held),
		TEST(nor_does_it_come_behind),
		TEST(what_was_found_and_pushed_waits_for_nothing),
		TEST(what_the_feed_passes_meanwhile_hurries_nobody),
		TEST(what_nobody_waits_for_any_more_does_not_pass_by_either),
	};

	return cmocka_run_group_tests_name("chat_late", tests, NULL, NULL);
}
