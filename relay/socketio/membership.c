/*
 * membership: the rooms of one socket.
 *
 * Room: relay/socketio. Called by the application through socketio.h; calls rooms and refusal.
 */
#include "inside.h"
#include "refusal.h"

int sio_socket_join(struct sio_socket *s, struct slice room, uint64_t *join_r)
{
	struct sio_namespace *n = s->nsp;
	int joined;

	if (s->state == SIO_SOCKET_ENDED)
		return -1;
	if (room.n > SIO_ROOM_MAX || (s->peer.count >= n->server->config.max_rooms && !sio_socket_in(s, room))) {
		sio_refusal_note(&n->server->stats, eio_session_address(s->client->session), SIO_REFUSED_ROOMS);
		return -1;
	}
	joined = sio_rooms_join(n->rooms, &s->peer, room, join_r);
	if (joined && n->cb.on_join)
		n->cb.on_join(n->ctx, s, room);
	return joined;
}

int sio_socket_leave(struct sio_socket *s, struct slice room)
{
	struct sio_namespace *n = s->nsp;
	int left = s->state == SIO_SOCKET_ENDED ? 0 : sio_rooms_leave(n->rooms, &s->peer, room);

	if (left && !s->returns)    /* who comes back leaves what is no room of his any more: it is not to be heard */
		s->back.left = s->back.last;
	if (left && n->cb.on_leave)
		n->cb.on_leave(n->ctx, s, room);
	return left;
}

bool sio_socket_in(const struct sio_socket *s, struct slice room)
{
	return sio_socket_join_number(s, room) != 0;
}

uint64_t sio_socket_join_number(const struct sio_socket *s, struct slice room)
{
	return sio_rooms_number(s->nsp->rooms, &s->peer, room);
}

void sio_socket_each_room(const struct sio_socket *s, void (*fn)(void *ctx, struct slice room, uint64_t join),
			  void *ctx)
{
	sio_rooms_of(&s->peer, fn, ctx);
}
