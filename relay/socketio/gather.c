/*
 * gather: one question to many sockets, and their acknowledgements.
 *
 * Room: relay/socketio. Called by the application through socketio.h; calls acks, rooms and send. The packet is
 * encoded once: all are asked under one id, which the namespace gives out, as the reference does.
 */
#include "inside.h"
#include "map.h"
#include "send.h"

#include <stdlib.h>

struct gather {                             /* lives until the last of those asked has answered or will not */
	sio_answer_fn *each;
	sio_gathered_fn *done;
	void *ctx;
	size_t asked, given, open;
};

struct asking {
	struct gather *gather;
	struct sio_outgoing packet;
	uint64_t id;
	unsigned timeout_ms;
	const struct sio_socket *except;
	struct eio_frame *frame;            /* made for the first receiver */
};

static void on_answer(void *ctx, struct sio_socket *s, const struct sio_answer *a)
{
	struct gather *g = ctx;

	g->given += a->outcome == SIO_ANSWER_GIVEN;
	if (g->each)
		g->each(g->ctx, s, a);
	if (--g->open > 0)
		return;
	if (g->done)
		g->done(g->ctx, g->asked, g->given);
	free(g);
}

static void on_receiver(void *ctx, struct sio_peer *peer)
{
	struct sio_socket *s = (struct sio_socket *)peer;
	struct asking *k = ctx;

	if (peer->away || s->state != SIO_SOCKET_OPEN || s->client->over || s == k->except)
		return;
	if (!k->frame)
		k->frame = sio_send_frame(&k->packet);
	sio_acks_add(&s->acks, s->nsp->server->loop, k->id, k->timeout_ms, s, on_answer, k->gather);
	eio_session_send(s->client->session, k->frame);
	k->gather->asked++;
}

size_t sio_push_ask(struct sio_namespace *n, const struct slice *rooms, size_t room_count, struct slice except,
		    struct slice event, unsigned timeout_ms, sio_answer_fn *each, sio_gathered_fn *done, void *ctx)
{
	struct gather *g = mem_zero(1, sizeof(*g));
	struct asking k = { .gather = g, .id = n->next_ack++, .timeout_ms = timeout_ms };
	size_t asked;

	*g = (struct gather){ .each = each, .done = done, .ctx = ctx };
	k.except = map_find(n->ids, except);
	k.packet = (struct sio_outgoing){ .type = SIO_EVENT, .nsp = slice_of(n->name), .id = &k.id, .json = event };
	sio_rooms_union(n->rooms, rooms, room_count, on_receiver, &k);
	if (k.frame) {
		n->server->stats.broadcasts_encoded++;
		eio_frame_unref(k.frame);
	}
	n->server->stats.pushes++;
	n->server->stats.deliveries += g->asked;
	asked = g->open = g->asked;
	if (asked == 0) {
		if (done)
			done(ctx, 0, 0);
		free(g);
	}
	return asked;
}
