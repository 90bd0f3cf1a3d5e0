/*
 * namespace: the sockets of one name, and what is sent to many of them.
 *
 * Room: relay/socketio. Called by server and by the application; calls rooms and send.
 * A push is one frame: each receiver's queue holds a reference to it.
 */
#include "namespace.h"
#include "map.h"
#include "send.h"

#include <stdlib.h>

struct sio_namespace *sio_namespace_new(struct sio_server *s, const char *name,
					const struct sio_callbacks *cb, void *ctx)
{
	struct sio_namespace *n = mem_zero(1, sizeof(*n));

	n->server = s;
	n->name = mem_copy(slice_of(name));
	n->cb = *cb;
	n->ctx = ctx;
	n->ids = map_new();
	n->rooms = sio_rooms_new();
	return n;
}

void sio_namespace_free(struct sio_namespace *n)
{
	map_free(n->ids);
	sio_rooms_free(n->rooms);
	free(n->name);
	free(n);
}

struct sio_socket *sio_namespace_find(struct sio_namespace *n, struct slice id)
{
	return map_find(n->ids, id);
}

size_t sio_namespace_count(const struct sio_namespace *n)
{
	return n->open;
}

size_t sio_room_size(const struct sio_namespace *n, struct slice room)
{
	return sio_rooms_size(n->rooms, room);
}

struct visit {
	void (*fn)(void *ctx, struct sio_socket *s);
	void *ctx;
};

static void on_member(void *ctx, struct sio_peer *peer)
{
	struct sio_socket *s = (struct sio_socket *)peer;
	const struct visit *v = ctx;

	if (s->state != SIO_SOCKET_ENDED)
		v->fn(v->ctx, s);
}

void sio_room_each(struct sio_namespace *n, struct slice room, void (*fn)(void *ctx, struct sio_socket *s),
		   void *ctx)
{
	struct visit v = { fn, ctx };

	sio_rooms_each(n->rooms, room, on_member, &v);
}

struct push {
	const struct sio_outgoing *packet;
	struct eio_frame *frame;        /* made for the first receiver */
	const struct sio_socket *except; /* NULL: none */
	size_t reached;
};

static void on_receiver(void *ctx, struct sio_peer *peer)
{
	const struct sio_socket *s = (struct sio_socket *)peer;
	struct push *p = ctx;

	if (s->state != SIO_SOCKET_OPEN || s->client->over || s == p->except)
		return;
	if (!p->frame)
		p->frame = sio_send_frame(p->packet);
	eio_session_send(s->client->session, p->frame);
	p->reached++;
}

size_t sio_push(struct sio_namespace *n, const struct slice *rooms, size_t room_count, struct slice except,
		struct slice event)
{
	struct sio_outgoing packet = { .type = SIO_EVENT, .nsp = slice_of(n->name), .json = event };
	struct push p = { .packet = &packet, .except = map_find(n->ids, except) };
	struct sio_stats *stats = &n->server->stats;

	sio_rooms_union(n->rooms, rooms, room_count, on_receiver, &p);
	stats->pushes++;
	stats->deliveries += p.reached;
	if (p.frame) {
		stats->broadcasts_encoded++;
		eio_frame_unref(p.frame);
	}
	return p.reached;
}
