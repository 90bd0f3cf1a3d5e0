// objects: relay/chat/roomname.o relay/chat/dispatch.o relay/chat/answers.o relay/chat/commands.o relay/chat/effects.o relay/chat/expiry.o relay/chat/backlog.o
// objects: relay/chat/lines.o relay/chat/targets.o relay/chat/seats.o relay/chat/replies.o relay/chat/events.o relay/chat/holes.o relay/chat/ahead.o
// objects: relay/chat/pushed.o relay/chat/limits.o relay/chat/*presence.o relay/chat/seen.o relay/chat/typing.o shared/map.o shared/siphash.o shared/network.o shared/buf.o shared/ids.o shared/json*.o
// objects: shared/wire*.o shared/log.o
/*
 * From emits to jobs to answers, without a loop, a bus or a socket: the clock, the workers and the clients
 * are the test's own, and what clients hear is one line of text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "relay/chat/effects.h"
#include "tests/unit/fake_answers.h"

static void signal_says(int64_t id)
{
	struct buf b = BUF_INIT;

	put_push(&b, id);
	dispatch_on_bus(h, &(struct bus_event){ BUS_SIGNAL, 0, 0, buf_slice(&b) });
	buf_fini(&b);
}

static void feed_brings(int64_t id)
{
	struct buf b = BUF_INIT;

	put_push(&b, id);
	effects_apply(h, NULL, buf_slice(&b));
	buf_fini(&b);
}

static void say_retry(uint64_t job, size_t i)
{
	struct wire_effect e = { .kind = WIRE_RETRY };
	struct buf b = BUF_INIT;

	wire_put_effect(&b, &e);
	dispatch_on_bus(h, &(struct bus_event){ BUS_ANSWER, job, given[job].commands[i], buf_slice(&b) });
	buf_fini(&b);
}

static void sends_collect_into_one_job_past_the_one_that_is_out(void **state)
{
	(void)state;
	emit(&ana, "send_message");
	settle();
	assert_int_equal(jobs, 1);
	emit(&bea, "send_message");
	emit(&eva, "send_message");
	emit(&eva, "join_group");
	settle();
	assert_int_equal(jobs, 2);
	assert_int_equal(given[2].count, 2);
	answer(1, 0, 10);
	done(1);
	settle();
	assert_int_equal(jobs, 2);
	assert_string_equal(heard(), "#10 A:ack ");
	answer(2, 0, 11);
	answer(2, 1, 12);
	done(2);
	settle();
	/* Her next command is of another kind: it went when the one before was answered. */
	assert_int_equal(jobs, 3);
	assert_int_equal(given[3].kind, WIRE_JOB_OTHERS);
	answer(3, 0, 0);
	done(3);
	assert_string_equal(heard(), "#11 B:ack #12 C:ack C:ack ");
}

static void two_stuck_jobs_do_not_stop_the_others(void **state)
{
	(void)state;
	two_out();
	assert_int_equal(jobs, 2);
	emit(&eva, "send_message");
	pass(6);
	settle();
	assert_int_equal(jobs, 2);
	pass(250);
	settle();
	assert_int_equal(jobs, 3);
	/* The last waiting worker is not for a fourth. */
	idle = 1;
	answer(3, 0, 33);
	done(3);
	pass(251);
	emit(&eva, "send_message");
	settle();
	assert_int_equal(jobs, 3);
	idle = 2;
	settle();
	assert_int_equal(jobs, 4);
}

static void a_lost_job_goes_again_one_by_one_then_is_unknown(void **state)
{
	(void)state;
	emit(&ana, "send_message");
	emit(&bea, "send_message");
	settle();
	assert_int_equal(given[1].count, 2);
	pass(2500);
	lost(1);
	assert_true(h->feed_hurry);
	settle();
	assert_int_equal(jobs, 3);
	assert_int_equal(given[2].count, 1);
	assert_int_equal(given[2].attempt, WIRE_AGAIN_UNKNOWN);
	assert_in_range(given[2].ms, 1, 2500);
	answer(3, 0, 31);
	done(3);
	lost(2);
	assert_non_null(strstr(heard(), "unavailable"));
	assert_non_null(strstr(last_heard, "\"outcome\":\"unknown\""));
	assert_non_null(strstr(last_heard, "#31"));
	/* What comes after all: the message is pushed, the reply is nobody's. */
	answer(2, 0, 30);
	assert_string_equal(heard(), "#30 ");
	assert_int_equal(h->lines.count, 0);
}

static void the_first_answer_wins_also_when_it_is_late(void **state)
{
	(void)state;
	emit(&ana, "send_message");
	settle();
	lost(1);
	answer(1, 0, 40);
	assert_string_equal(heard(), "#40 A:ack ");
	settle();
	assert_int_equal(jobs, 1);
	assert_int_equal(h->lines.count, 0);
	/* The same row again, as found or as new: known. */
	answer(1, 0, 40);
	assert_string_equal(heard(), "");
}

static void passing_trouble_twice_is_unavailable_without_outcome(void **state)
{
	(void)state;
	emit(&ana, "mark_read");
	settle();
	say_retry(1, 0);
	done(1);
	settle();
	assert_int_equal(given[2].attempt, WIRE_AGAIN);
	say_retry(2, 0);
	done(2);
	assert_non_null(strstr(heard(), "A:error"));
	assert_null(strstr(last_heard, "outcome"));
}

static void without_workers_unavailable_at_once_and_in_turn(void **state)
{
	(void)state;
	emit(&ana, "send_message");
	settle();
	alive = false;
	emit(&ana, "send_message");
	emit(&bea, "join_group");
	settle();
	assert_non_null(strstr(heard(), "B:error"));
	assert_null(strstr(last_heard, "A:"));
	answer(1, 0, 50);
	done(1);
	settle();
	assert_non_null(strstr(heard(), "#50 A:ack A:ack"));
}

static void a_full_line_stops_the_reading(void **state)
{
	(void)state;
	idle = 0;
	for (int i = 0; i < LINES_COUNT_MAX - 1; i++)
		emit(&ana, "send_message");
	assert_int_equal(ana.paused, 0);
	emit(&ana, "send_message");
	assert_int_equal(ana.paused, 1);
	idle = 4;
	for (uint64_t job = 1; h->lines.count > LINES_COUNT_MAX / 2; job++) {
		assert_int_equal(ana.paused, 1);
		settle();
		for (size_t i = 0; i < given[job].count; i++)
			answer(job, i, 0);
		done(job);
	}
	assert_int_equal(ana.paused, 0);
}

static void commands_of_a_gone_socket_are_executed(void **state)
{
	(void)state;
	emit(&ana, "send_message");
	emit(&ana, "join_group");
	emit(&ana, "load_message_history");    /* but this one: nobody would read its answer */
	commands_drop_reads(h, ana.data);
	seat_leave(ana.data);
	settle();
	answer(1, 0, 60);
	done(1);
	assert_string_equal(heard(), "#60 ");
	settle();
	assert_int_equal(jobs, 2);
	answer(2, 0, 0);
	done(2);
	assert_int_equal(h->lines.count, 0);
}

static void a_connect_waits_ten_seconds(void **state)
{
	(void)state;
	idle = 0;
	alive = false;
	commands_connect(h, eva.data, SLICE("{}"));
	pass(9900);
	commands_tick(h);
	assert_string_equal(heard(), "");
	pass(200);
	commands_tick(h);
	assert_string_equal(heard(), "C:close1006 ");
	assert_int_equal(h->lines.count, 0);
}

static void signals_wait_for_the_feed_of_a_new_relay(void **state)
{
	(void)state;
	signal_says(31);
	signal_says(32);
	settle();
	assert_string_equal(heard(), "");
	feed_brings(30);
	feed_brings(31);
	h->feed_ready = true;
	signal_says(33);               /* in the same pass, behind those that wait */
	settle();
	signal_says(34);
	assert_string_equal(heard(), "#30 #31 #32 #33 #34 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sends_collect_into_one_job_past_the_one_that_is_out),
		TEST(two_stuck_jobs_do_not_stop_the_others),
		TEST(a_lost_job_goes_again_one_by_one_then_is_unknown),
		TEST(the_first_answer_wins_also_when_it_is_late),
		TEST(passing_trouble_twice_is_unavailable_without_outcome),
		TEST(without_workers_unavailable_at_once_and_in_turn),
		TEST(a_full_line_stops_the_reading),
		TEST(commands_of_a_gone_socket_are_executed),
		TEST(a_connect_waits_ten_seconds),
		TEST(signals_wait_for_the_feed_of_a_new_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
