/*
 * lws: the libwebsockets context of a server, and the one callback by which it calls us.
 *
 * Room: relay/engineio. Called by accept and server; calls http, polling, ws, conn.
 */
#ifndef EIO_LWS_H
#define EIO_LWS_H

#include "hub.h"

/* Descriptors that are never given to connections: listener, epoll, bus, database, log. */
#define LWSIO_RESERVED_FDS 64

/* Raises RLIMIT_NOFILE as far as it may; returns how many connections fit below it. Before lwsio_open. */
unsigned lwsio_capacity(unsigned wanted);
/* 0, or -1 with a logged line. */
int lwsio_open(struct eio_hub *h);
/* Every connection is closed and every callback made before it returns. */
void lwsio_close(struct eio_hub *h);
/*
 * Hands over an accepted descriptor; `counted`: its address was counted. 0, or -1: the descriptor is
 * closed.
 */
int lwsio_take(struct eio_hub *h, int fd, const char *peer, bool counted);

#endif
