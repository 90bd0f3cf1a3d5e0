// objects: relay/chat/roomname.o relay/chat/dispatch.o relay/chat/answers.o relay/chat/commands.o relay/chat/effects.o relay/chat/expiry.o relay/chat/backlog.o
// objects: relay/chat/lines.o relay/chat/targets.o relay/chat/seats.o relay/chat/replies.o relay/chat/events.o relay/chat/holes.o relay/chat/ahead.o
// objects: relay/chat/pushed.o relay/chat/limits.o relay/chat/*presence.o relay/chat/seen.o relay/chat/typing.o shared/map.o shared/siphash.o shared/network.o shared/buf.o shared/ids.o shared/json*.o
// objects: shared/wire*.o shared/log.o
/*
 * The order in which answers are heard: id order in a room, and of one socket the order emitted. As test_chat_dispatch.c,
 * without a loop, a bus or a socket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/fake_answers.h"

static void a_second_job_waits_for_the_first_in_id_order(void **state)
{
	(void)state;
	emit(&ana, "send_message");
	settle();
	emit(&bea, "send_message");
	settle();
	assert_int_equal(jobs, 2);
	answer(2, 0, 21);
	done(2);
	assert_string_equal(heard(), "");
	answer(1, 0, 20);
	done(1);
	assert_string_equal(heard(), "#20 A:ack #21 B:ack ");
}

/* After a failover that lost the end of the log: what a socket heard before says nothing of the ids now. */
static void ids_that_begin_again_lower_keep_their_order(void **state)
{
	(void)state;
	emit(&ana, "send_message");
	settle();
	answer(1, 0, 900);
	done(1);
	emit(&ana, "send_message");
	emit(&bea, "send_message");
	settle();
	assert_int_equal(given[2].count, 2);
	answer(2, 0, 20);
	answer(2, 1, 21);
	done(2);
	assert_string_equal(heard(), "#900 A:ack #20 A:ack #21 B:ack ");
}

static void nobody_waits_longer_than_250_ms(void **state)
{
	(void)state;
	two_out();
	answer(2, 0, 21);
	done(2);
	pass(249);
	assert_string_equal(heard(), "");
	pass(2);
	assert_string_equal(heard(), "#21 B:ack ");
	/* The slow one is not waited for again. */
	emit(&bea, "send_message");
	settle();
	answer(3, 0, 22);
	done(3);
	assert_string_equal(heard(), "#22 B:ack ");
	answer(1, 0, 20);
	done(1);
	assert_string_equal(heard(), "#20 A:ack ");
}

/* The end of one wait must not cut off the next. */
static void each_older_job_has_its_whole_time(void **state)
{
	(void)state;
	two_out();
	answer(2, 0, 21);
	done(2);
	pass(200);
	answer(1, 0, 20);
	done(1);
	assert_string_equal(heard(), "#20 A:ack #21 B:ack ");
	two_out();
	answer(4, 0, 23);
	done(4);
	pass(240);
	assert_string_equal(heard(), "");
	answer(3, 0, 22);
	done(3);
	assert_string_equal(heard(), "#22 A:ack #23 B:ack ");
	pass(1000);
	assert_string_equal(heard(), "");
}

/* The first was a repeat of something newer: what she hears is the order in which she said it. */
static void held_answers_of_a_socket_keep_the_order_emitted(void **state)
{
	(void)state;
	emit(&bea, "send_message");
	settle();
	emit(&ana, "send_message");
	emit(&ana, "send_message");
	pass(6);
	settle();
	assert_int_equal(given[2].count, 2);
	answer(2, 0, 50);
	answer(2, 1, 45);
	done(2);
	assert_string_equal(heard(), "");
	answer(1, 0, 30);
	done(1);
	assert_string_equal(heard(), "#30 B:ack #50 A:ack #45 A:ack ");
}

/* Its ack has its turn all the same, and comes once. */
static void a_second_answer_while_the_first_is_held_acks_nothing(void **state)
{
	(void)state;
	two_out();
	answer(2, 0, 21);
	answer(2, 0, 21);
	done(2);
	assert_null(strstr(heard(), "B:ack"));
	answer(1, 0, 20);
	done(1);
	assert_string_equal(heard(), "#20 A:ack B:ack ");
}

static void a_late_answer_does_not_overtake_the_command_before_it(void **state)
{
	(void)state;
	emit(&ana, "send_message");
	emit(&ana, "send_message");
	settle();
	assert_int_equal(given[1].count, 2);
	lost(1);
	answer(1, 1, 41);
	assert_string_equal(heard(), "#41 ");
	settle();
	answer(2, 0, 40);
	done(2);
	settle();
	assert_string_equal(heard(), "#40 A:ack ");
	answer(3, 0, 41);
	done(3);
	assert_string_equal(heard(), "A:ack ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_second_job_waits_for_the_first_in_id_order),
		TEST(ids_that_begin_again_lower_keep_their_order),
		TEST(nobody_waits_longer_than_250_ms),
		TEST(each_older_job_has_its_whole_time),
		TEST(held_answers_of_a_socket_keep_the_order_emitted),
		TEST(a_second_answer_while_the_first_is_held_acks_nothing),
		TEST(a_late_answer_does_not_overtake_the_command_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
