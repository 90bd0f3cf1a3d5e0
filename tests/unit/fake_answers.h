/*
 * What a worker answers to the jobs of a hall over stand-ins.
 */
#ifndef FAKE_ANSWERS_H
#define FAKE_ANSWERS_H

#include "tests/unit/fake_hall.h"

/* The push of message `id`: each is another, in a room of its own. */
static inline void put_push(struct buf *b, int64_t id)
{
	struct wire_effect push = { .kind = WIRE_PUSH, .mensaje_id = id };
	struct buf rooms = BUF_INIT;
	char event[24], uuid[37], room[24];

	snprintf(uuid, sizeof(uuid), "%08x-0b6e-5c51-9a0b-8f7d6a3c2e10", (unsigned)id);
	push.uuid = slice_of(uuid);
	snprintf(room, sizeof(room), "r%lld", (long long)id);
	wire_put_room(&rooms, slice_of(room));
	push.rooms = buf_slice(&rooms);
	snprintf(event, sizeof(event), "#%lld ", (long long)id);
	push.event = slice_of(event);
	wire_put_effect(b, &push);
	buf_fini(&rooms);
}

/* A worker's answer to command number `i` of a job: pushes message `id` (0: none) and replies `ack`. */
static inline void answer(uint64_t job, size_t i, int64_t id)
{
	struct buf b = BUF_INIT;
	struct wire_effect reply = { .kind = WIRE_REPLY, .name = SLICE("ack"), .object = SLICE("{}") };

	if (id)
		put_push(&b, id);
	wire_put_effect(&b, &reply);
	dispatch_on_bus(h, &(struct bus_event){ BUS_ANSWER, job, given[job].commands[i], buf_slice(&b) });
	buf_fini(&b);
}

static inline void done(uint64_t job)
{
	dispatch_on_bus(h, &(struct bus_event){ BUS_DONE, job, 0, SLICE_NONE });
}

/* Two jobs out: Ana's is the older. */
static inline void two_out(void)
{
	emit(&ana, "send_message");
	settle();
	emit(&bea, "send_message");
	pass(6);
	settle();
}

#endif
