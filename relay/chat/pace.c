/*
 * pace: looks at the send queues of a room's hearers.
 *
 * Room: relay/chat.
 */
#include "pace.h"

struct look {
	struct hall *hall;
	size_t limit;                  /* bytes that may wait in a queue */
	bool wait;
};

/*
 * One who did not come down to a quarter in time is waited for again only after he did. All are looked at, whoever is found
 * first: the time of several who take nothing runs at once, not one after the other.
 */
static void look_at(void *ctx, struct sio_socket *s)
{
	struct look *look = ctx;
	struct seat *seat = sio_socket_data(s);
	size_t queued = eio_session_queued(sio_socket_session(s));
	uint64_t now = eio_loop_now_ms(look->hall->loop);

	if (!seat)
		return;
	if (queued <= look->hall->queue_half / 2)
		seat->behind_since_ms = 0;
	if (queued <= look->limit)
		return;
	if (!seat->behind_since_ms)
		seat->behind_since_ms = now;
	look->wait |= now - seat->behind_since_ms < PACE_PATIENCE_MS;
}

static bool may(struct hall *h, struct slice rooms, size_t limit)
{
	struct look look = { h, limit, false };
	struct slice room;

	while (wire_next_room(&rooms, &room) == 1)
		sio_room_each(h->ns, room, look_at, &look);
	return !look.wait;
}

bool pace_may_go_on(struct hall *h, struct slice rooms)
{
	return may(h, rooms, h->queue_half);
}

bool pace_may_begin(struct hall *h, struct slice rooms)
{
	return may(h, rooms, h->queue_half / 2);
}
