/*
 * seats: the chat's side of each socket.
 *
 * Room: relay/chat. Called by arrival, commands, effects; calls socketio.
 */
#include "seats.h"

#include <stdlib.h>
#include "ids.h"

struct person {
	size_t sockets;
};

struct seat *seat_new(struct hall *h, struct sio_socket *s)
{
	struct seat *seat = mem_zero(1, sizeof(*seat));

	seat->hall = h;
	seat->socket = s;
	seat->sid = mem_copy(slice_of(sio_socket_id(s)));
	seat->address = mem_copy(slice_of(eio_session_address(sio_socket_session(s))));
	line_init(&seat->line);
	TAILQ_INSERT_TAIL(&h->seats, seat, next);
	sio_socket_set_data(s, seat);
	return seat;
}

void seat_set_user(struct seat *seat, struct slice user)
{
	struct person *p = map_find(seat->hall->people, user);
	int64_t id = 0;

	if (seat->user)
		return;
	if (!p) {
		p = mem_zero(1, sizeof(*p));
		map_put(seat->hall->people, user, p);
	}
	p->sockets++;
	seat->user = mem_copy(user);
	if (ids_parse(user, &id) == 0)
		seat->user_id = (uint64_t)id;
}

static void forget_person(struct seat *seat)
{
	struct slice user = slice_of(seat->user);
	struct person *p = seat->user ? map_find(seat->hall->people, user) : NULL;

	if (p && --p->sockets == 0) {
		map_remove(seat->hall->people, user);
		free(p);
	}
}

void seat_release(struct seat *seat)
{
	if (seat->socket || seat->line.count > 0)
		return;
	free(seat->sid);
	free(seat->address);
	free(seat->user);
	free(seat);
}

void seat_leave(struct seat *seat)
{
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
	forget_person(seat);
	seat_release(seat);
}

void seat_check_bounds(struct seat *seat)
{
	const struct line *l = &seat->line;

	if (!seat->socket)
		return;
	if (!seat->paused && (l->count >= LINES_COUNT_MAX || l->bytes >= LINES_BYTES_MAX)) {
		seat->paused = true;
		sio_socket_pause(seat->socket);
	} else if (seat->paused && l->count <= LINES_COUNT_MAX / 2 && l->bytes <= LINES_BYTES_MAX / 2) {
		seat->paused = false;
		sio_socket_resume(seat->socket);
	}
}

size_t seats_people(const struct hall *h)
{
	return map_count(h->people);
}
