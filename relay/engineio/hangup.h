/*
 * hangup: tells when the peer of a connection that nobody reads has gone.
 *
 * Room: relay/engineio. Called by lws and conn.
 * A held poll is not read (conn_hold), so libwebsockets hears of its peer's end only when it writes: that is the next
 * ping. The reference server's `close` of a request comes at once.
 */
#ifndef EIO_HANGUP_H
#define EIO_HANGUP_H

#include "engineio.h"

struct hangup;

/* gone(ctx) is called from the loop; it may not free what any other descriptor's ctx points to. NULL: logged why. */
struct hangup *hangup_new(struct eio_loop *l, void (*gone)(void *ctx));
void hangup_free(struct hangup *h);
/*
 * Calls gone(ctx) once, when the peer of fd has ended its side of the connection or all of it, or if it had
 * before. `again`: fd was awaited before. A closed descriptor is forgotten. False: it cannot be awaited now (no
 * memory); its ping will tell.
 */
bool hangup_await(struct hangup *h, int fd, void *ctx, bool again);

#endif
