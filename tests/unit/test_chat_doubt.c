// objects: relay/chat/roomname.o relay/chat/dispatch.o relay/chat/answers.o relay/chat/commands.o relay/chat/effects.o relay/chat/expiry.o relay/chat/backlog.o
// objects: relay/chat/lines.o relay/chat/targets.o relay/chat/seats.o relay/chat/replies.o relay/chat/events.o relay/chat/holes.o relay/chat/ahead.o
// objects: relay/chat/pushed.o relay/chat/limits.o relay/chat/*presence.o relay/chat/seen.o relay/chat/typing.o shared/map.o shared/siphash.o shared/network.o shared/buf.o shared/ids.o shared/json*.o
// objects: shared/wire*.o shared/log.o
/*
 * Behind a send whose outcome nobody knows: the next answer of its room waits until the feed has brought what may be
 * stored before it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/fake_sends.h"

static void the_next_waits_until_the_feed_has_brought_the_lost_one(void **state)
{
	(void)state;
	lose_one("one");
	pass_begins();  /* too early: the next is not stored yet */
	the_next_is_answered();
	assert_true(h->feed_hurry);
	pass_ends();
	assert_string_equal(heard(), "");
	pass_begins();
	settle();
	assert_string_equal(heard(), "");
	feed_notes("one", 10);
	pass_ends();
	assert_string_equal(heard(), "");
	feed_pushes("one", 10);
	assert_string_equal(heard(), "#10 #11 B:ack ");
	/* and now nobody waits any more */
	say(&bea, "one");
	settle();
	answer(4, 0, "one", 12);
	done(4);
	assert_string_equal(heard(), "#12 B:ack ");
}

static void meanwhile_nothing_else_goes_to_that_room_and_all_else_goes(void **state)
{
	(void)state;
	lose_one("one");
	the_next_is_answered();
	say(&ana, "one");
	say(&eva, "two");
	settle();
	assert_int_equal(jobs, 4);
	assert_int_equal(given[4].count, 1);
	answer(4, 0, "two", 12);
	done(4);
	assert_string_equal(heard(), "#12 C:ack ");
	pass_begins();
	pass_ends();  /* there was nothing: it was never stored */
	assert_string_equal(heard(), "#11 B:ack ");
	assert_int_equal(jobs, 5);
	answer(5, 0, "one", 13);
	done(5);
	assert_string_equal(heard(), "#13 A:ack ");
}

/* It goes alone, so that nobody's answer waits with its answer; and of one socket in the order emitted. */
static void other_rooms_do_not_wait_for_it(void **state)
{
	(void)state;
	lose_one("one");
	say(&eva, "three");
	say(&bea, "one");
	say(&bea, "two");
	settle();
	assert_int_equal(given[3].count, 1);
	answer(3, 0, "three", 10);
	done(3);
	assert_string_equal(heard(), "#10 C:ack ");
	settle();
	assert_int_equal(given[4].count, 1);
	answer(4, 0, "one", 11);
	done(4);
	settle();
	assert_int_equal(jobs, 4);
	pass_begins();
	pass_ends();
	assert_string_equal(heard(), "#11 B:ack ");
	assert_int_equal(jobs, 5);
	answer(5, 0, "two", 12);
	done(5);
	assert_string_equal(heard(), "#12 B:ack ");
}

/* One after the other would each have 5 s of its own, and the last of many wait for ever. */
static void who_waits_behind_a_lost_one_has_his_time_from_his_birth(void **state)
{
	(void)state;
	say(&ana, "one");
	settle();
	pass(300);
	say(&bea, "one");
	say(&bea, "two");
	say(&eva, "one");
	settle();
	assert_int_equal(jobs, 1);
	pass(2200);
	lost(1);
	settle();
	assert_int_equal(jobs, 2);
	pass(2500);
	lost(2);
	assert_non_null(strstr(heard(), "A:ack"));
	assert_non_null(strstr(last_heard, "\"outcome\":\"unknown\""));
	settle();
	assert_int_equal(jobs, 3);
	assert_int_equal(given[3].ms, 500);
	pass(500);
	lost(3);
	commands_tick(h);
	/* the one that was tried is in doubt; the others were never given to anybody: of his socket, and of the room */
	assert_non_null(strstr(heard(), "B:ack"));
	assert_non_null(strstr(last_heard, "\"outcome\":\"unknown\""));
	assert_non_null(strstr(last_heard, "C:ack"));
	assert_null(strstr(strstr(last_heard, "C:ack"), "outcome"));
	assert_int_equal(h->lines.count, 0);
	/* who comes after the trouble has all his time */
	pass(1);
	say(&eva, "two");
	settle();
	assert_int_equal(jobs, 4);
	assert_int_equal(given[4].ms, 2500);
	answer(4, 0, "two", 12);
	done(4);
	assert_string_equal(heard(), "#12 C:ack ");
}

/* What waits long because much is to be done has no such end: only where something ended without an answer. */
static void who_waits_in_a_busy_line_is_served_in_his_turn(void **state)
{
	int64_t id = 10;

	(void)state;
	for (int i = 0; i < 200; i++)
		say(&ana, "one");
	for (unsigned job = 1; job <= 3; job++) {
		settle();
		assert_int_equal(jobs, job);
		assert_int_equal(given[job].count, WIRE_JOB_COMMANDS);
		pass(2000);
		for (unsigned k = 0; k < WIRE_JOB_COMMANDS; k++)
			answer(job, k, "one", id++);
		done(job);
		assert_null(strstr(heard(), "unavailable"));
	}
	settle();
	assert_int_equal(given[4].count, 8);
	assert_int_equal(given[4].ms, 2500);
}

/* All of a job of 64 is answered. */
static int64_t answer_all(unsigned job, const char *where, int64_t id)
{
	for (unsigned k = 0; k < given[job].count; k++)
		answer(job, k, where, id++);
	done(job);
	return id;
}

/* A room that somebody holds is the trouble of those who write there, and of nobody else. */
static void who_is_served_elsewhere_is_not_hurried(void **state)
{
	int64_t id = 10;

	(void)state;
	say(&ana, "one");
	settle();
	pass(300);
	for (int i = 0; i < 300; i++)
		say(&bea, "two");
	settle();
	assert_int_equal(jobs, 2);
	pass(2000);
	id = answer_all(2, "two", id);
	pass(251);                             /* so long her job is waited for */
	settle();
	assert_int_equal(jobs, 3);
	lost(1);
	pass(6);
	settle();
	assert_int_equal(jobs, 4);             /* her second attempt */
	pass(1800);
	id = answer_all(3, "two", id);
	pass(251);
	settle();
	assert_int_equal(jobs, 5);
	pass(400);
	heard();
	lost(4);
	settle();
	assert_non_null(strstr(heard(), "A:ack"));
	pass(600);
	settle();
	assert_string_equal(heard(), "");
	assert_int_equal(h->lines.count, 300 - 2 * WIRE_JOB_COMMANDS);
	answer_all(5, "two", id);
	settle();
	assert_int_equal(jobs, 6);
	assert_int_equal(given[6].ms, 2500);
}

static void a_feed_without_answer_is_not_waited_for_for_ever(void **state)
{
	(void)state;
	lose_one("one");
	the_next_is_answered();
	pass(300);
	say(&ana, "one");
	pass(4690);
	settle();
	assert_string_equal(heard(), "");
	pass(20);
	settle();
	assert_string_equal(heard(), "#11 B:ack ");
	/* who stood behind it has his time from his birth on; and a room waits once for each doubt */
	settle();
	assert_int_equal(jobs, 4);
	assert_int_equal(given[4].ms, 500);
	answer(4, 0, "one", 12);
	done(4);
	assert_string_equal(heard(), "#12 A:ack ");
}

static void an_answer_that_comes_late_waits_as_well(void **state)
{
	(void)state;
	lose_one("one");
	say(&bea, "one");
	settle();
	idle = 0;
	lost(3);
	answer(3, 0, "one", 11);
	settle();
	assert_string_equal(heard(), "");
	pass_begins();
	pass_ends();
	assert_string_equal(heard(), "#11 B:ack ");
	assert_int_equal(h->lines.count, 0);
}

/* Neither took the room's lock: the lost one may be there already, or be stored later. */
static void repeats_and_refusals_settle_no_doubt(void **state)
{
	(void)state;
	lose_one("one");
	say(&bea, "one");
	settle();
	answer(3, 0, "one", 0);
	done(3);
	assert_string_equal(heard(), "B:ack ");
	push_flags = WIRE_PUSH_FOUND;
	for (unsigned job = 4; job <= 6; job++, push_flags = 0) {
		int64_t id = 10 + 2 * (int64_t)job;
		char both[64];

		say(&bea, "one");
		settle();
		answer(job, 0, "one", id);
		done(job);
		if (job < 6) {
			assert_string_equal(heard(), "");
			pass_begins();
			feed_notes("one", (uint64_t)id - 1);
			pass_ends();
			feed_pushes("one", (uint64_t)id - 1);
		}
		snprintf(both, sizeof(both), "%s#%lld B:ack ", job == 4 ? "#17 " : job == 5 ? "#19 " : "", (long long)id);
		assert_string_equal(heard(), both);
	}
}

/* An older job that is out is waited for as ever, whatever else waits. */
static void a_late_job_is_given_up_all_the_same(void **state)
{
	(void)state;
	lose_one("one");
	the_next_is_answered();
	say(&eva, "two");
	settle();
	pass(6);
	say(&ana, "three");
	settle();
	answer(5, 0, "three", 13);
	done(5);
	pass(249);
	assert_string_equal(heard(), "");
	pass(2);
	assert_string_equal(heard(), "#13 A:ack ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_next_waits_until_the_feed_has_brought_the_lost_one),
		TEST(meanwhile_nothing_else_goes_to_that_room_and_all_else_goes),
		TEST(other_rooms_do_not_wait_for_it),
		TEST(who_waits_behind_a_lost_one_has_his_time_from_his_birth),
		TEST(who_waits_in_a_busy_line_is_served_in_his_turn),
		TEST(who_is_served_elsewhere_is_not_hurried),
		TEST(a_feed_without_answer_is_not_waited_for_for_ever),
		TEST(an_answer_that_comes_late_waits_as_well),
		TEST(a_late_job_is_given_up_all_the_same),
		TEST(repeats_and_refusals_settle_no_doubt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
