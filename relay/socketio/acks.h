/*
 * acks: acknowledgements that the server waits for.
 *
 * Room: relay/socketio. Called by socket, emit and gather.
 * Each entry is answered exactly once.
 */
#ifndef SIO_ACKS_H
#define SIO_ACKS_H

#include "socketio.h"

struct map;

struct sio_acks {                      /* embedded in a socket; all zero at first */
	struct map *waiting;           /* by id; NULL: nobody waits */
};

/* Begins to wait (timeout_ms 0: for ever) for the answer to a packet of this id. fn gets `s` back untouched. */
void sio_acks_add(struct sio_acks *a, struct eio_loop *loop, uint64_t id, unsigned timeout_ms,
		  struct sio_socket *s, sio_answer_fn *fn, void *ctx);
/* The client answered: 1, or 0 when nobody waits for that id (any more). */
int sio_acks_answer(struct sio_acks *a, uint64_t id, const struct sio_answer *answer);
/* Tells all that wait that nothing will come. */
void sio_acks_end(struct sio_acks *a);

#endif
