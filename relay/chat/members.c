/*
 * members: slices of who is where; the answers say who must leave.
 *
 * Room: relay/chat. Calls commands, effects and socketio.
 * A round goes through all seats, a few slices at a time, and goes on when one is answered: so neither a full relay nor
 * a slow database holds up anything but the check. Whoever was asked about stands at the end of the list of seats, so a
 * round remembers no place in it, and seats may go.
 */
#include "members.h"

#include <stdlib.h>
#include "commands.h"
#include "effects.h"

#define MEMBERS_EVERY_MS 2000
#define MEMBERS_IN_SLICE 500
#define MEMBERS_OUT 2                  /* slices under way; one seat in many rooms may bring it over this */

struct members {
	struct hall *hall;
	struct eio_timer *timer;
	uint32_t round;                /* seats with this number were asked about */
	bool running;
	size_t out;                    /* slices not answered yet */
	size_t count;                  /* entries in the slice being made */
	const struct seat *seat;       /* whose rooms are being walked */
	struct buf slice;
};

static void go_on(struct members *m);

static void on_checked(void *ctx, struct slice effects, bool failed)
{
	struct members *m = ctx;

	m->out--;
	/* what is left of a round would fail at once, too: the next one begins with it */
	if (failed)
		m->running = false;
	else
		effects_apply(m->hall, NULL, effects);
	go_on(m);
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
	if (roomname_kind(room) == ROOMNAME_GROUP)
		put_entry(ctx, room, join);
}

static void put_seat(struct members *m, struct seat *seat)
{
	seat->round = m->round;
	TAILQ_REMOVE(&m->hall->seats, seat, next);
	TAILQ_INSERT_TAIL(&m->hall->seats, seat, next);
	if (!seat->user)
		return;
	m->seat = seat;
	put_entry(m, SLICE_NONE, 0);
	sio_socket_each_room(seat->socket, put_room, m);
}

static void go_on(struct members *m)
{
	struct seat *seat;

	while (m->running && m->out < MEMBERS_OUT) {
		seat = TAILQ_FIRST(&m->hall->seats);
		m->running = seat && seat->round != m->round;
		if (m->running)
			put_seat(m, seat);
		else
			ask_slice(m);
	}
}

static void on_tick(void *ctx)
{
	struct members *m = ctx;

	if (m->running || m->out > 0 || !bus_alive(m->hall->bus))
		return;
	m->running = true;
	m->round++;
	m->count = 0;
	buf_reset(&m->slice);
	go_on(m);
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
