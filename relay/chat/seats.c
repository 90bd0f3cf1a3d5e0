/*
 * seats: the chat's side of each socket.
 *
 * Room: relay/chat. Calls presence, lines, socketio and log.
 */
#include "seats.h"

#include <stdlib.h>
#include "ids.h"
#include "log.h"
#include "presence.h"

struct seat *seat_new(struct hall *h, struct sio_socket *s)
{
	struct slice sid = slice_of(sio_socket_id(s));
	struct slice address = slice_of(eio_session_address(sio_socket_session(s)));
	struct seat *seat = mem_zero(1, sizeof(*seat) + sid.n + 1 + address.n + 1);

	seat->hall = h;
	seat->socket = s;
	seat->sid = memcpy(seat->text, sid.p, sid.n);
	seat->address = memcpy(seat->text + sid.n + 1, address.p, address.n);
	line_init(&seat->line);
	TAILQ_INSERT_TAIL(&h->seats, seat, next);
	sio_socket_set_data(s, seat);
	return seat;
}

void seat_set_user(struct seat *seat, struct slice user)
{
	int64_t id = 0;

	if (seat->user)
		return;
	presence_came(seat->hall, user);
	seat->user = mem_copy(user);
	if (ids_parse(user, &id) == 0)
		seat->user_id = (uint64_t)id;
}

void seat_release(struct seat *seat)
{
	if (seat->socket || seat->line.count > 0)
		return;
	free(seat->user);
	free(seat);
}

static void set_full(struct seat *seat, bool full)
{
	struct hall *h = seat->hall;

	if (seat->full == full)
		return;
	seat->full = full;
	if (full) {
		seat->full_since_ms = eio_loop_now_ms(h->loop);
		seat->full_bytes = eio_session_queued(sio_socket_session(seat->socket));
		TAILQ_INSERT_TAIL(&h->full, seat, in_full);
	} else {
		TAILQ_REMOVE(&h->full, seat, in_full);
	}
	lines_hold(&h->lines, &seat->line, full);
}

static bool queue_is_full(const struct seat *seat)
{
	return eio_session_queued(sio_socket_session(seat->socket)) > seat->hall->queue_half;
}

void seats_let_go(struct hall *h)
{
	struct seat *s, *next;

	for (s = TAILQ_FIRST(&h->full); s; s = next) {
		next = TAILQ_NEXT(s, in_full);
		if (!queue_is_full(s))
			set_full(s, false);
	}
}

void seats_close_stuck(struct hall *h)
{
	uint64_t now = eio_loop_now_ms(h->loop);
	struct seat *s, *next;

	for (s = TAILQ_FIRST(&h->full); s; s = next) {
		size_t queued = eio_session_queued(sio_socket_session(s->socket));

		next = TAILQ_NEXT(s, in_full);
		if (queued < s->full_bytes)
			s->full_since_ms = now;
		s->full_bytes = queued;
		if (s->stuck || now - s->full_since_ms < h->queue_stuck_ms)
			continue;
		s->stuck = true;
		h->stats.stuck++;
		log_info(s->sid, "refused: takes nothing of the %zu bytes that wait for it", queued);
		sio_socket_close_transport(s->socket, EIO_CUT);
	}
}

void seat_leave(struct seat *seat)
{
	set_full(seat, false);
	/* The connection may live on under a new socket: it must not stay stopped because of this one. */
	if (seat->paused)
		sio_socket_resume(seat->socket);
	seat->paused = false;
	sio_socket_set_data(seat->socket, NULL);
	seat->socket = NULL;
	if (seat->expiry)
		eio_timer_free(seat->expiry);
	seat->expiry = NULL;
	TAILQ_REMOVE(&seat->hall->seats, seat, next);
	if (seat->user)
		presence_went(seat->hall, slice_of(seat->user));
	seat_release(seat);
}

void seat_check_bounds(struct seat *seat)
{
	const struct line *l = &seat->line;
	bool crowded;

	if (!seat->socket)
		return;
	/* All hold too much together: no more of it is read until what it has is answered. */
	crowded = l->count > 0 && !lines_have_room(&seat->hall->lines, l, lines_cost(0));
	if (l->count > 0 && queue_is_full(seat))
		set_full(seat, true);
	if (!seat->paused && (l->count >= LINES_COUNT_MAX || l->bytes >= LINES_BYTES_MAX || crowded)) {
		seat->paused = true;
		sio_socket_pause(seat->socket);
	} else if (seat->paused && l->count <= LINES_COUNT_MAX / 2 && l->bytes <= LINES_BYTES_MAX / 2 && !crowded) {
		seat->paused = false;
		sio_socket_resume(seat->socket);
	}
}
