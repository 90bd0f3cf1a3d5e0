/*
 * fake_rooms: presence and typing without a loop or a socket: rooms are lists of seats, the clock is the test's own,
 * and what anybody hears is one line of text.
 */
#ifndef FAKE_ROOMS_H
#define FAKE_ROOMS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "relay/chat/get_presence.h"
#include "relay/chat/presence.h"
#include "relay/chat/typing.h"

#define ROOM "group_r"
#define CROWD 120

struct sio_socket {
	bool in;               /* in ROOM */
	char name[16];
	struct seat seat;      /* last: it ends in its text */
};

static struct hall hall, *h = &hall;
static struct sio_socket sockets[CROWD];
static uint64_t now;
static struct buf said;

/* ---- what lies below ---- */

uint64_t eio_loop_now_ms(const struct eio_loop *l)
{
	(void)l;
	return now;
}

void *sio_socket_data(const struct sio_socket *s)
{
	return (void *)&s->seat;
}

bool sio_socket_in(const struct sio_socket *s, struct slice room)
{
	return s->in && slice_is(room, ROOM);
}

void sio_socket_each_room(const struct sio_socket *s, void (*fn)(void *ctx, struct slice room, uint64_t join),
		void *ctx)
{
	fn(ctx, SLICE("@1"), 1);
	if (s->in)
		fn(ctx, SLICE(ROOM), 2);
}

/* Sessions of three people, rooms in either order; 2 was in the room by an older one, 4 was gone for long. */
void sio_namespace_each_away(const struct sio_namespace *n, void (*fn)(void *ctx, const struct sio_absence *who, struct slice room),
			     void *ctx)
{
	const struct sio_absence one = { "one", 3000 }, old = { "old", 90000 }, two = { "two", 3000 }, four = { "four", 90000 };

	(void)n;
	fn(ctx, &one, SLICE("@1"));
	fn(ctx, &one, SLICE(ROOM));
	fn(ctx, &old, SLICE(ROOM));
	fn(ctx, &old, SLICE("@2"));
	fn(ctx, &two, SLICE("@2"));
	fn(ctx, &four, SLICE(ROOM));
	fn(ctx, &four, SLICE("@4"));
}

void sio_room_each(struct sio_namespace *n, struct slice room, void (*fn)(void *ctx, struct sio_socket *s),
		void *ctx)
{
	(void)n;
	assert_true(slice_is(room, ROOM));
	for (size_t i = 0; i < CROWD; i++)
		if (sockets[i].in)
			fn(ctx, &sockets[i]);
}

void sio_socket_emit(struct sio_socket *s, struct slice event)
{
	buf_putf(&said, "%s:%.*s ", s->name, (int)event.n, event.p);
}

struct eio_session *sio_socket_session(const struct sio_socket *s) { (void)s; return NULL; }
void eio_session_spare(struct eio_session *s, size_t size) { (void)s, (void)size; }
void sio_socket_ack(struct sio_socket *s, uint64_t ack, struct slice args)
{
	(void)ack;
	buf_putf(&said, "%s=%.*s ", s->name, (int)args.n, args.p);
}

size_t sio_push(struct sio_namespace *n, const struct slice *rooms, size_t count, struct slice except,
		struct slice event)
{
	(void)n;
	assert_int_equal(count, 1);
	buf_putf(&said, "%.*s-%.*s:%.*s ", (int)rooms->n, rooms->p, (int)except.n, except.p, (int)event.n,
		event.p);
	return 1;
}

/* ---- people ---- */

static void come(size_t i, const char *user)
{
	struct seat *seat = &sockets[i].seat;

	snprintf(sockets[i].name, sizeof(sockets[i].name), "s%zu", i);
	*seat = (struct seat){ .hall = h, .socket = &sockets[i], .sid = sockets[i].name };
	seat->user = mem_copy(slice_of(user));
	presence_came(h, slice_of(user));
}

static void enter(size_t i)
{
	sockets[i].in = true;
	presence_entered(h, &sockets[i].seat, SLICE("@7"));
	presence_entered(h, &sockets[i].seat, SLICE(ROOM));
}

static void go(size_t i)
{
	presence_gone(&sockets[i].seat);
	sockets[i].in = false;
	presence_went(h, slice_of(sockets[i].seat.user));
	free(sockets[i].seat.user);
	sockets[i].seat.user = NULL;
}

static void pass(uint64_t ms)
{
	for (uint64_t end = now + ms; now < end; now += 100) {
		presence_tick(h);
		typing_tick(h);
	}
}

/* What was said since the last call; the time of a last_seen is not looked at. */
static const char *heard(void)
{
	static char text[4096];
	char *seen;

	snprintf(text, sizeof(text), "%s", said.len ? said.data : "");
	while ((seen = strstr(text, "\"20")))
		memmove(seen, strchr(seen + 1, '"') + 1, strlen(strchr(seen + 1, '"') + 1) + 1);
	buf_reset(&said);
	return text;
}

static int setup(void **state)
{
	(void)state;
	memset(&hall, 0, sizeof(hall));
	memset(sockets, 0, sizeof(sockets));
	now = 100000;
	h->presence = presence_new();
	h->typing = typing_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < CROWD; i++)
		free(sockets[i].seat.user);
	presence_free(h->presence);
	typing_free(h->typing);
	buf_fini(&said);
	return 0;
}

#endif
