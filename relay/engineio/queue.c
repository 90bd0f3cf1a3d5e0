/*
 * queue: see queue.h.
 *
 * Room: relay/engineio. Pure; calls frame.
 */
#include <stdlib.h>

#include "frame.h"
#include "queue.h"
#include "share.h"

#define QUEUE_FREE 65536           /* bytes that no queue is denied */
#define RING_FIRST 4
#define RING_KEPT 64               /* a longer ring, made by a burst, is given back when it has run empty */

/* By all queues of the process, as its frames may be in any of them. */
static size_t held;

size_t queue_held(void)
{
	return held;
}

bool queue_may_hold(size_t size, size_t elsewhere, size_t max)
{
	return share_fits(size, held + elsewhere, max, QUEUE_FREE);
}

static void leave(struct queue *q, struct eio_frame *f)
{
	q->size -= queue_cost(f);
	held -= QUEUE_FRAME_COST + (frame_leave_queue(f) ? frame_size(f) : 0);
	eio_frame_unref(f);
}

void queue_put(struct queue *q, struct eio_frame *f)
{
	if (q->count == q->cap) {
		uint32_t cap = q->cap ? q->cap * 2 : RING_FIRST;
		struct eio_frame **ring = mem_alloc(cap * sizeof *ring);

		for (uint32_t i = 0; i < q->count; i++)
			ring[i] = q->ring[(q->head + i) % q->cap];
		free(q->ring);
		q->ring = ring;
		q->cap = cap;
		q->head = 0;
	}
	q->ring[(q->head + q->count++) % q->cap] = eio_frame_ref(f);
	q->size += queue_cost(f);
	held += QUEUE_FRAME_COST + (frame_enter_queue(f) ? frame_size(f) : 0);
}

size_t queue_cost(const struct eio_frame *f)
{
	return frame_size(f) + QUEUE_FRAME_COST;
}

struct eio_frame *queue_peek(const struct queue *q)
{
	return q->count ? q->ring[q->head] : NULL;
}

size_t queue_pop(struct queue *q)
{
	struct eio_frame *f = q->ring[q->head];
	size_t size = frame_size(f);

	q->head = (q->head + 1) % q->cap;
	q->count--;
	leave(q, f);
	if (q->count == 0)
		q->spared = 0;
	if (q->count == 0 && q->cap > RING_KEPT)
		queue_fini(q);
	return size;
}

bool queue_has_binary(const struct queue *q)
{
	for (uint32_t i = 0; i < q->count; i++)
		if (frame_is_binary(q->ring[(q->head + i) % q->cap]))
			return true;
	return false;
}

void queue_fini(struct queue *q)
{
	for (uint32_t i = 0; i < q->count; i++)
		leave(q, q->ring[(q->head + i) % q->cap]);
	free(q->ring);
	*q = (struct queue){ 0 };
}
