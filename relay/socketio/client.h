/*
 * client: what one Engine.IO session says, sorted to its sockets.
 *
 * Room: relay/socketio. Called by server.
 */
#ifndef SIO_CLIENT_H
#define SIO_CLIENT_H

#include "inside.h"

/* For a session just opened; becomes its data. Engine.IO 3 clients join "/" at once, unasked. */
void sio_client_open(struct sio_server *server, struct eio_session *session);
/* One message of the session. */
void sio_client_receive(struct sio_client *c, struct slice bytes, bool binary);
/* The session is going: ends its sockets with `reason` (static) unless we ended it ourselves, and frees. */
void sio_client_end(struct sio_client *c, const char *reason);

#endif
