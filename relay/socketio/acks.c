/*
 * acks: acknowledgements that the server waits for.
 *
 * Room: relay/socketio. Called by socket, emit and gather; calls the loop's timers.
 */
#include "acks.h"

#include <stdlib.h>

struct sio_ack {
	struct sio_ack *next;
	struct sio_acks *list;
	uint64_t id;
	struct eio_timer *timer;
	struct sio_socket *socket;
	sio_answer_fn *fn;
	void *ctx;
};

/* Unlinks first and calls last: fn may end the socket in which the list lives. */
static void ack_finish(struct sio_ack *k, const struct sio_answer *answer)
{
	struct sio_ack **at = &k->list->first;

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	if (k->timer)
		eio_timer_free(k->timer);
	k->fn(k->ctx, k->socket, answer);
	free(k);
}

static void on_timeout(void *ctx)
{
	ack_finish(ctx, &(struct sio_answer){ .outcome = SIO_ANSWER_TIMEOUT });
}

void sio_acks_add(struct sio_acks *a, struct eio_loop *loop, uint64_t id, unsigned timeout_ms,
		  struct sio_socket *s, sio_answer_fn *fn, void *ctx)
{
	struct sio_ack *k = mem_alloc(sizeof(*k));

	*k = (struct sio_ack){ .next = a->first, .list = a, .id = id, .socket = s, .fn = fn, .ctx = ctx };
	if (timeout_ms)
		k->timer = eio_timer_new(loop, timeout_ms, 0, on_timeout, k);
	a->first = k;
}

int sio_acks_answer(struct sio_acks *a, uint64_t id, const struct sio_answer *answer)
{
	struct sio_ack *k = a->first;

	while (k && k->id != id)
		k = k->next;
	if (k)
		ack_finish(k, answer);
	return k != NULL;
}

void sio_acks_end(struct sio_acks *a)
{
	while (a->first)
		ack_finish(a->first, &(struct sio_answer){ .outcome = SIO_ANSWER_GONE });
}
