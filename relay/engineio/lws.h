/*
 * lws: the libwebsockets context of a server, and the one callback by which it calls us.
 *
 * Room: relay/engineio. Called by accept, lobby and server.
 */
#ifndef EIO_LWS_H
#define EIO_LWS_H

#include "hub.h"

/* Raises RLIMIT_NOFILE as far as it may; returns how many connections fit below it. Before lwsio_open. */
unsigned lwsio_capacity(unsigned wanted);
/* With TLS when the hub's settings name a certificate. 0, or -1 with a logged line. */
int lwsio_open(struct eio_hub *h);
/* Every connection is closed and every callback made before it returns. */
void lwsio_close(struct eio_hub *h);
/*
 * Hands over a descriptor. It is among the connections already, and, if `counted`, among those of its address; it has
 * waited for `waited_ms`, which its first header has less time for. 0; or -1: it is closed and counts no more.
 */
int lwsio_take(struct eio_hub *h, int fd, const char *peer, bool counted, uint64_t waited_ms);

#endif
