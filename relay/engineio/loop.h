/*
 * loop: what the rest of engineio may see of the event loop beyond engineio.h.
 *
 * Room: relay/engineio. For hub and lws.
 */
#ifndef EIO_LOOP_H
#define EIO_LOOP_H

#include "engineio.h"

struct ev_loop;

/*
 * End of a pass, in this order, again while any reap or flush says that it did something:
 * ended sessions are reported upward, settle callbacks run, dirty sessions are written.
 */
enum eio_phase { EIO_PHASE_REAP, EIO_PHASE_FLUSH };

/* The libev loop, for watchers that engineio.h has no name for. */
struct ev_loop *eio_loop_ev(struct eio_loop *l);
/* Runs fn in its phase of each pass until eio_loop_off_phase(ctx); fn returns whether it did something. */
void eio_loop_on_phase(struct eio_loop *l, enum eio_phase phase, bool (*fn)(void *ctx), void *ctx);
void eio_loop_off_phase(struct eio_loop *l, void *ctx);
/* How long the process stood still in all: what this clock is behind others'. */
uint64_t eio_loop_stood_ms(const struct eio_loop *l);
/* Where the time of the pass is kept, for those who read it often. */
const uint64_t *eio_loop_clock(const struct eio_loop *l);

#endif
