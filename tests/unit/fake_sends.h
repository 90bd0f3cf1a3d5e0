/*
 * Sends into rooms, and what workers and the feed make of them, in a hall over stand-ins.
 */
#ifndef FAKE_SENDS_H
#define FAKE_SENDS_H

#include "tests/unit/fake_hall.h"

static inline void say(struct sio_socket *s, const char *room)
{
	struct buf b = BUF_INIT;
	struct sio_event e = { .name = SLICE("send_message") };

	buf_putf(&b, "{\"sala_uuid\":\"%s\"}", room);
	e.args = buf_slice(&b);
	commands_take(h, s->data, &e);
	buf_fini(&b);
}

static inline void put_rooms(struct buf *b, const char *room)
{
	struct buf name = BUF_INIT;

	buf_putf(&name, "chat_%s", room);
	wire_put_room(b, buf_slice(&name));
	buf_fini(&name);
}

static uint8_t push_flags;             /* of the messages that are answered */

static inline void put_push(struct buf *b, const char *room, int64_t id)
{
	struct wire_effect push = { .kind = WIRE_PUSH, .mensaje_id = id, .flags = push_flags };
	struct buf rooms = BUF_INIT;
	char event[24], uuid[37];

	snprintf(uuid, sizeof(uuid), "%08x-0b6e-5c51-9a0b-8f7d6a3c2e10", (unsigned)id);
	push.uuid = slice_of(uuid);
	put_rooms(&rooms, room);
	push.rooms = buf_slice(&rooms);
	snprintf(event, sizeof(event), "#%lld ", (long long)id);
	push.event = slice_of(event);
	wire_put_effect(b, &push);
	buf_fini(&rooms);
}

static inline void answer(uint64_t job, size_t i, const char *room, int64_t id)
{
	struct buf b = BUF_INIT;
	struct wire_effect reply = { .kind = WIRE_REPLY, .name = SLICE("ack"), .object = SLICE("{}") };

	if (id)
		put_push(&b, room, id);
	wire_put_effect(&b, &reply);
	dispatch_on_bus(h, &(struct bus_event){ BUS_ANSWER, job, given[job].commands[i], buf_slice(&b) });
	buf_fini(&b);
}

static inline void done(uint64_t job)
{
	dispatch_on_bus(h, &(struct bus_event){ BUS_DONE, job, 0, SLICE_NONE });
}

/* Ana's send is lost twice: she hears that nobody knows. */
static inline void lose_one(const char *room)
{
	say(&ana, room);
	settle();
	lost(jobs);
	settle();
	lost(jobs);
	assert_non_null(strstr(heard(), "\"outcome\":\"unknown\""));
	h->feed_hurry = false;
}

/* What Bea says then in that room is stored as number 11. */
static inline void the_next_is_answered(void)
{
	say(&bea, "one");
	settle();
	answer(3, 0, "one", 11);
	done(3);
}

/* A pass of the feed begins, and it ends. */
static inline void pass_begins(void)
{
	h->feed_pass++;
}

static inline void pass_ends(void)
{
	h->feed_passed = h->feed_pass;
	settle();
}

/* The feed has seen a row of a room, and later it pushes it. */
static inline void feed_notes(const char *room, uint64_t id)
{
	struct buf rooms = BUF_INIT;

	put_rooms(&rooms, room);
	backlog_add(h->backlog, buf_slice(&rooms), id);
	buf_fini(&rooms);
}

static inline void feed_pushes(const char *room, uint64_t id)
{
	struct buf b = BUF_INIT;
	struct wire_effect e;
	struct slice effects;
	size_t n;

	put_push(&b, room, (int64_t)id);
	effects = buf_slice(&b);
	assert_int_equal(wire_next_effect(&effects, &e), 1);
	backlog_take(h->backlog, 64, &n);
	assert_int_equal(n, 1);
	buf_put_slice(&transcript, e.event);
	backlog_settle(h->backlog);
	buf_fini(&b);
	settle();
}

#endif
