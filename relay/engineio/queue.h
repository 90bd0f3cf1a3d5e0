/*
 * queue: what waits to be written to one peer: a ring of references to frames.
 *
 * Room: relay/engineio. Pure. Embedded by session; calls frame.
 */
#ifndef EIO_QUEUE_H
#define EIO_QUEUE_H

#include "engineio.h"

/* What a frame takes beside its bytes: its head, the allocator's, its place in the ring. */
#define QUEUE_FRAME_COST 40

/* Zeroed is empty. */
struct queue {
	struct eio_frame **ring;
	uint32_t cap, head, count;
	size_t size;                       /* bytes, as queue_cost counts them */
	size_t spared;                     /* so many more may wait, until it has run empty */
};

/* What a frame counts in a queue: its bytes and QUEUE_FRAME_COST, which for a pong is the most of it. */
size_t queue_cost(const struct eio_frame *f);
/*
 * What all queues of the process hold together: of a frame that waits in many its bytes count once, QUEUE_FRAME_COST
 * in each.
 */
size_t queue_held(void);
/*
 * Whether a queue may come to hold `size` bytes, when all together may hold `max` and `elsewhere` more are counted elsewhere. The less is
 * left, the less each may.
 */
bool queue_may_hold(size_t size, size_t elsewhere, size_t max);
/* Takes a reference of its own. */
void queue_put(struct queue *q, struct eio_frame *f);
/* The oldest frame, or NULL; stays the queue's. */
struct eio_frame *queue_peek(const struct queue *q);
/* Drops the oldest frame of a queue that is not empty; returns its frame_size. */
size_t queue_pop(struct queue *q);
/* True when a binary message waits. */
bool queue_has_binary(const struct queue *q);
/* Drops everything and gives the memory back. */
void queue_fini(struct queue *q);

#endif
