/*
 * accept: the listening socket: who may come in at all.
 *
 * Room: relay/engineio. Called by server.
 */
#ifndef EIO_ACCEPT_H
#define EIO_ACCEPT_H

#include "hub.h"

struct eio_listener;

/* Binds and listens; `name` says which settings those are. NULL with a logged line that begins with it. */
struct eio_listener *listener_new(struct eio_hub *h, const char *name, const char *host, int port);
int listener_port(const struct eio_listener *l);
/* Once a second: goes on accepting after descriptors ran out. */
void listener_tick(struct eio_listener *l);
/* Closes the socket, and who has not begun to speak TLS; connections live on. */
void listener_free(struct eio_listener *l);

#endif
