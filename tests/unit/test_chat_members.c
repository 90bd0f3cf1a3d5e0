// objects: relay/chat/roomname.o relay/chat/members.o shared/wire*.o shared/ids.o shared/json*.o shared/buf.o
/*
 * The membership check of many sockets: each is asked about once in a round, whoever comes and goes meanwhile, and never
 * more than a little of it at a time. The test answers for the worker.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "relay/chat/commands.h"
#include "relay/chat/effects.h"
#include "relay/chat/members.h"

#define SEATS 3000
#define ROOMS 5                /* groups of each; and one direct chat */

struct sio_socket { unsigned asked[ROOMS + 1]; };

static struct hall hall, *h = &hall;
static struct seat *seats[SEATS];
static struct sio_socket sockets[SEATS];
static void (*tick)(void *ctx);
static void *tick_ctx;
static bool alive;

/* ---- what lies below ---- */

static struct { void (*on_end)(void *ctx, struct slice effects, bool failed); void *ctx; } out[8];
static size_t out_count, applied;

struct eio_timer *eio_timer_new(struct eio_loop *l, uint64_t delay_ms, uint64_t repeat_ms, void (*fn)(void *ctx), void *ctx)
{
	(void)l, (void)delay_ms, (void)repeat_ms;
	tick = fn;
	tick_ctx = ctx;
	return NULL;
}

void eio_timer_free(struct eio_timer *t) { (void)t; }

bool bus_alive(const struct bus *b)
{
	(void)b;
	return alive;
}

void effects_apply(struct hall *hall_of, struct command *c, struct slice effects)
{
	(void)hall_of, (void)c, (void)effects;
	applied++;
}

void sio_socket_each_room(const struct sio_socket *s, void (*fn)(void *ctx, struct slice room, uint64_t join), void *ctx)
{
	char name[32];

	(void)s;
	fn(ctx, SLICE("@1"), 1);
	fn(ctx, SLICE("chat_direct"), 2);
	for (unsigned i = 0; i < ROOMS; i++) {
		snprintf(name, sizeof(name), "group_g%u", i);
		fn(ctx, slice_of(name), i + 3);
	}
}

void commands_ask(struct hall *hall_of, enum wire_command_type type, struct slice args,
		  void (*on_end)(void *ctx, struct slice effects, bool failed), void *ctx)
{
	struct wire_member m;
	size_t n = 0;

	(void)hall_of;
	assert_int_equal(type, WIRE_MEMBERS);
	while (wire_next_member(&args, &m) == 1) {
		unsigned room = m.room.n ? (unsigned)(m.room.p[m.room.n - 1] - '0') + 1 : 0;

		sockets[m.user - 1].asked[room]++;
		n++;
	}
	assert_true(n > 0 && n <= 500);
	assert_true(out_count < 8);
	out[out_count].on_end = on_end;
	out[out_count++].ctx = ctx;
}

/* ---- the cases ---- */

static void add(unsigned i)
{
	seats[i] = mem_zero(1, sizeof(**seats) + 1);
	seats[i]->user = "x";
	seats[i]->user_id = i + 1;
	seats[i]->sid = "sid";
	seats[i]->socket = &sockets[i];
	TAILQ_INSERT_TAIL(&h->seats, seats[i], next);
}

static void drop(unsigned i)
{
	TAILQ_REMOVE(&h->seats, seats[i], next);
	free(seats[i]);
	seats[i] = NULL;
}

static void answer(bool failed)
{
	assert_true(out_count > 0);
	out_count--;
	out[out_count].on_end(out[out_count].ctx, SLICE_NONE, failed);
}

static unsigned whole_round(void)
{
	unsigned answers = 0;

	for (tick(tick_ctx); out_count; answers++) {
		assert_true(out_count <= 2);
		tick(tick_ctx);        /* meanwhile no other round begins */
		answer(false);
	}
	return answers;
}

static void expect_asked(unsigned i, unsigned times)
{
	for (unsigned r = 0; r <= ROOMS; r++)
		assert_int_equal(sockets[i].asked[r], times);
}

static void each_is_asked_about_once_and_little_at_a_time(void **state)
{
	struct members *m;

	(void)state;
	TAILQ_INIT(&h->seats);
	m = members_new(h);
	for (unsigned i = 0; i < SEATS - 1; i++)
		add(i);
	tick(tick_ctx);
	assert_int_equal(out_count, 0);        /* no worker */
	alive = true;
	assert_int_equal(whole_round(), ((SEATS - 1) * (ROOMS + 1) + 499) / 500);
	for (unsigned i = 0; i < SEATS - 1; i++)
		expect_asked(i, 1);
	assert_true(applied > 0);
	/* some go and one comes in the middle of a round */
	tick(tick_ctx);
	for (unsigned i = 0; i < SEATS - 1; i += 3)
		drop(i);
	add(SEATS - 1);
	while (out_count)
		answer(false);
	for (unsigned i = 0; i < SEATS - 1; i++)
		if (seats[i])
			expect_asked(i, 2);
	whole_round();
	expect_asked(1, 3);
	/* one that nobody answers ends, asks for nothing more meanwhile, and the next goes on with those behind it */
	tick(tick_ctx);
	while (out_count)
		answer(true);
	expect_asked(1, 4);
	expect_asked(SEATS - 2, 3);
	whole_round();
	expect_asked(1, 5);
	expect_asked(SEATS - 2, 4);
	for (unsigned i = 0; i < SEATS; i++)
		if (seats[i])
			drop(i);
	assert_int_equal(whole_round(), 0);
	members_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_is_asked_about_once_and_little_at_a_time) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
