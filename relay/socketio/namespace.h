/*
 * namespace: the sockets of one name, and what is sent to many of them.
 *
 * Room: relay/socketio. Called by server (new, free) and by the application through socketio.h.
 */
#ifndef SIO_NAMESPACE_H
#define SIO_NAMESPACE_H

#include "inside.h"

/* Owned by the server's list, into which the caller puts it. */
struct sio_namespace *sio_namespace_new(struct sio_server *s, const char *name,
					const struct sio_callbacks *cb, void *ctx);
/* Its sockets must be gone. */
void sio_namespace_free(struct sio_namespace *n);

#endif
