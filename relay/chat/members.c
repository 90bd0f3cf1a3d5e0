/*
 * members: slices of who is where; the answers say who must leave.
 *
 * Room: relay/chat. Called by chat; calls commands, effects and socketio. A round is asked slice by slice
 * and the next begins when it is answered, so a slow database slows only the check.
 */
#include "members.h"

#include <stdlib.h>
#include "commands.h"
#include "effects.h"

#define MEMBERS_EVERY_MS 2000
#define MEMBERS_IN_SLICE 500
#define GROUP_PREFIX "group_"

struct members {
	struct hall *hall;
	struct eio_timer *timer;
	size_t out;                    /* slices not answered yet */
	size_t count;                  /* entries in the slice being made */
	const struct seat *seat;       /* whose rooms are being walked */
	struct buf slice;
};

static void on_checked(void *ctx, struct slice effects, bool failed)
{
	struct members *m = ctx;

	m->out--;
	if (!failed)
		effects_apply(m->hall, NULL, effects);
}

static void ask_slice(struct members *m)
{
	if (m->count == 0)
		return;
	m->out++;
	m->hall->stats.members_asked += m->count;
	commands_ask(m->hall, WIRE_MEMBERS, buf_slice(&m->slice), on_checked, m);
	buf_reset(&m->slice);
	m->count = 0;
}

static void put_entry(struct members *m, struct slice room, uint64_t join)
{
	struct wire_member e = {
		.sid = slice_of(m->seat->sid), .user = m->seat->user_id, .room = room, .join = join,
	};

	wire_put_member(&m->slice, &e);
	if (++m->count == MEMBERS_IN_SLICE)
		ask_slice(m);
}

static void put_room(void *ctx, struct slice room, uint64_t join)
{
	if (room.n > sizeof(GROUP_PREFIX) && memcmp(room.p, GROUP_PREFIX, sizeof(GROUP_PREFIX) - 1) == 0)
		put_entry(ctx, room, join);
}

static void on_tick(void *ctx)
{
	struct members *m = ctx;

	if (m->out > 0 || !bus_alive(m->hall->bus))
		return;
	TAILQ_FOREACH(m->seat, &m->hall->seats, next) {
		if (!m->seat->user)
			continue;
		put_entry(m, SLICE_NONE, 0);
		sio_socket_each_room(m->seat->socket, put_room, m);
	}
	ask_slice(m);
}

struct members *members_new(struct hall *h)
{
	struct members *m = mem_zero(1, sizeof(*m));

	m->hall = h;
	m->timer = eio_timer_new(h->loop, MEMBERS_EVERY_MS, MEMBERS_EVERY_MS, on_tick, m);
	return m;
}

void members_free(struct members *m)
{
	if (!m)
		return;
	eio_timer_free(m->timer);
	buf_fini(&m->slice);
	free(m);
}
