// objects: relay/chat/roomname.o relay/chat/dispatch.o relay/chat/answers.o relay/chat/commands.o relay/chat/effects.o relay/chat/expiry.o relay/chat/backlog.o
// objects: relay/chat/lines.o relay/chat/targets.o relay/chat/seats.o relay/chat/replies.o relay/chat/events.o relay/chat/holes.o relay/chat/ahead.o
// objects: relay/chat/pushed.o relay/chat/limits.o relay/chat/*presence.o relay/chat/seen.o relay/chat/typing.o shared/map.o shared/siphash.o shared/network.o shared/buf.o shared/ids.o shared/json*.o
// objects: shared/wire*.o shared/log.o
// ldflags: -Wl,--wrap=clock_gettime
/*
 * What commands may cost and how they end when their socket goes: as test_chat_dispatch.c, without a loop, a bus or
 * a socket.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "relay/chat/effects.h"
#include "relay/chat/expiry.h"
#include "shared/share.h"
#include "tests/unit/fake_hall.h"

/* As arrival.c hears of it, from within the refusal. */
static void leave(struct sio_socket *s)
{
	commands_drop_arrival(h, s->data);
	commands_drop_reads(h, s->data);
	seat_leave(s->data);
}

static void a_late_refusal_of_a_connect_that_waits_for_its_second_attempt(void **state)
{
	struct wire_effect e = { .kind = WIRE_REFUSE, .object = SLICE("{}") };
	struct buf b = BUF_INIT;

	(void)state;
	refused = leave;
	commands_connect(h, eva.data, SLICE("{}"));
	settle();
	assert_int_equal(jobs, 1);
	pass(2500);
	lost(1);
	wire_put_effect(&b, &e);
	dispatch_on_bus(h, &(struct bus_event){ BUS_ANSWER, 1, given[1].commands[0], buf_slice(&b) });
	buf_fini(&b);
	assert_null(eva.data);
	assert_int_equal(h->lines.count, 0);
	settle();
	assert_int_equal(jobs, 1);
}

/* Each command costs more than its arguments, and who has some waiting is read no further while all hold too much. */
static void what_all_hold_together_is_bounded(void **state)
{
	size_t others = LINES_TOTAL_MAX - SHARE_OF_LEFT * lines_cost(30) * 3 / 2;

	(void)state;
	h->lines.bytes += others;
	emit(&ana, "send_message");
	assert_int_equal(h->stats.refused_full, 0);
	assert_int_equal(ana.paused, 1);
	/* What was read of her already. */
	emit(&ana, "send_message");
	assert_int_equal(h->stats.refused_full, 1);
	settle();
	lost(1);
	settle();
	lost(2);
	settle();
	/* Both told, in their turn: nothing waits that would keep her from being read again. */
	assert_non_null(strstr(strstr(heard(), "A:ack") + 1, "A:ack"));
	assert_int_equal(ana.paused, 0);
	emit(&ana, "send_message");
	assert_int_equal(h->stats.refused_full, 1);
	h->lines.bytes -= others;
}

/* She takes nothing, so that her refusals wait for their turn, and there are no workers. */
static void what_is_refused_for_want_of_workers_keeps_no_arguments(void **state)
{
	size_t n = 900 * 1000;
	char *args = mem_zero(1, n);
	struct seat *seat = ana.data;
	struct sio_event e = { .name = SLICE("mark_read"), .args = { args, n } };

	(void)state;
	memset(args, ' ', n);
	h->queue_half = 100;
	queued = 101;
	alive = false;
	for (int i = 0; i < 2; i++)
		commands_take(h, seat, &e);
	settle();
	assert_int_equal(h->stats.unavailable, 2);
	assert_int_equal(seat->line.count, 2);
	assert_in_range(malloc_usable_size(TAILQ_FIRST(&seat->line.commands)), 1, 1000);
	queued = 0;
	settle();
	assert_int_equal(seat->line.count, 0);
	free(args);
}

static void unknown_events_that_ask_for_an_answer_have_a_rate(void **state)
{
	struct sio_event e = { .name = SLICE("nothing"), .args = SLICE("{}"), .wants_ack = true };

	(void)state;
	h->config.rate_limits = true;
	for (int i = 0; i < 201; i++)
		commands_take(h, ana.data, &e);
	assert_int_equal(h->stats.unknown_events, 201);
	assert_int_equal(h->stats.refused_fast, 1);
}

/* The wall clock. */
static int64_t wall_ms = 1790000000250;
int __real_clock_gettime(clockid_t clock, struct timespec *t_r);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t_r);

int __wrap_clock_gettime(clockid_t clock, struct timespec *t_r)
{
	if (clock != CLOCK_REALTIME)
		return __real_clock_gettime(clock, t_r);
	*t_r = (struct timespec){ wall_ms / 1000, wall_ms % 1000 * 1000000 };
	return 0;
}

/* A newer token, as the answer to an event brings it. */
static void renew(int64_t expires)
{
	struct wire_effect e = { .kind = WIRE_ACCEPT, .user = SLICE("1"), .expires = expires };
	struct buf b = BUF_INIT;

	emit(&ana, "join_group");
	settle();
	wire_put_effect(&b, &e);
	dispatch_on_bus(h, &(struct bus_event){ BUS_ANSWER, jobs, given[jobs].commands[0], buf_slice(&b) });
	dispatch_on_bus(h, &(struct bus_event){ BUS_DONE, jobs, 0, SLICE_NONE });
	buf_fini(&b);
	heard();
}

static void a_token_ends_by_the_wall_clock_wherever_that_is_set(void **state)
{
	(void)state;
	renew(INT64_MIN);
	assert_null(((struct seat *)ana.data)->expiry);
	renew(wall_ms / 1000 + 90);
	pass(89000);
	assert_string_equal(heard(), "");
	/* Set back: it lasts so much longer. Set forward: it ends within a minute. */
	wall_ms -= 3600000;
	pass(3000000);
	assert_string_equal(heard(), "");
	wall_ms += 7200000;
	pass(60001);
	assert_non_null(strstr(heard(), "A:end "));
	renew(INT64_MAX);
	pass(61000);
	assert_string_equal(heard(), "");
}

/* The token's second is full when it begins, not when it is over; and an event behind it is not done. */
static void a_token_ends_to_the_millisecond(void **state)
{
	struct seat *seat = ana.data;

	(void)state;
	renew(wall_ms / 1000 + 10);
	wall_ms += 9749;
	assert_false(expiry_ends(seat));
	pass(9749);
	assert_string_equal(heard(), "");
	wall_ms += 1;
	pass(1);
	assert_non_null(strstr(heard(), "A:end "));
	renew(wall_ms / 1000 + 10);
	wall_ms += 10000;
	assert_true(expiry_ends(seat));
	assert_non_null(strstr(heard(), "A:end "));
	assert_false(expiry_ends(seat));
}

/* Said in time it counts, however long the answer takes, but for one that does not come. */
static void a_newer_token_that_is_looked_at_prolongs_the_session(void **state)
{
	struct seat *seat = ana.data;

	(void)state;
	renew(wall_ms / 1000 + 10);
	emit(&ana, "refresh_token");
	settle();
	wall_ms += 10000;
	pass(10000);
	assert_false(expiry_ends(seat));
	assert_string_equal(heard(), "");
	wall_ms += 4900;
	pass(100);
	assert_string_equal(heard(), "");
	wall_ms += 200;
	pass(100);
	assert_non_null(strstr(heard(), "A:end "));
}

/* As a membership check says it, which looked at the join of this number. */
static void take_out(uint64_t join)
{
	struct wire_effect e = { .kind = WIRE_LEAVE, .room = SLICE("group_1"), .sid = SLICE("A"), .join = join };
	struct buf b = BUF_INIT;

	wire_put_effect(&b, &e);
	effects_apply(h, NULL, buf_slice(&b));
	buf_fini(&b);
}

static void a_check_of_an_earlier_join_leaves_the_later_one(void **state)
{
	(void)state;
	meant = &ana;
	ana.join = 8;
	take_out(7);
	assert_string_equal(heard(), "");
	assert_int_equal(h->stats.removed, 0);
	take_out(8);
	assert_string_equal(heard(), "A:leave(group_1) ");
	assert_int_equal(h->stats.removed, 1);
	meant = NULL;
	ana.join = 0;
}

/* Eva, who was cut, is let in; what is heard of that. */
static const char *eva_comes_back(bool whole)
{
	struct wire_effect e = { .kind = WIRE_ACCEPT, .user = SLICE("3") };
	struct buf b = BUF_INIT;

	eva.returns = true;
	eva.whole = whole;
	eva.join = 1;
	commands_connect(h, eva.data, SLICE("{}"));
	settle();
	wire_put_effect(&b, &e);
	dispatch_on_bus(h, &(struct bus_event){ BUS_ANSWER, jobs, given[jobs].commands[0], buf_slice(&b) });
	dispatch_on_bus(h, &(struct bus_event){ BUS_DONE, jobs, 0, SLICE_NONE });
	buf_fini(&b);
	eva.returns = false;
	eva.join = 0;
	return heard();
}

static void who_comes_back_when_what_was_missed_is_gone_begins_anew(void **state)
{
	(void)state;
	assert_null(strstr(eva_comes_back(false), "accept"));
	assert_int_equal(strncmp(last_heard, "C:forget C:close1006 ", 21), 0);
	assert_int_equal(h->stats.arrivals_closed, 1);
	assert_int_equal(h->stats.arrivals_accepted, 0);
	assert_string_equal(eva_comes_back(true), "C:accept C:replay ");
	assert_int_equal(h->stats.arrivals_accepted, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_late_refusal_of_a_connect_that_waits_for_its_second_attempt),
		TEST(what_all_hold_together_is_bounded),
		TEST(a_token_ends_by_the_wall_clock_wherever_that_is_set), TEST(a_token_ends_to_the_millisecond),
		TEST(a_newer_token_that_is_looked_at_prolongs_the_session),
		TEST(what_is_refused_for_want_of_workers_keeps_no_arguments),
		TEST(unknown_events_that_ask_for_an_answer_have_a_rate),
		TEST(a_check_of_an_earlier_join_leaves_the_later_one),
		TEST(who_comes_back_when_what_was_missed_is_gone_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
