/*
 * socket: one client in one namespace, from its CONNECT to its last word.
 *
 * Room: relay/socketio. Called by client and comeback, and by the application through socketio.h.
 */
#ifndef SIO_SOCKET_H
#define SIO_SOCKET_H

#include "inside.h"

/* The reason when its client left the namespace: such a socket is not recovered. */
#define SIO_BY_CLIENT "client namespace disconnect"

/* A pending socket in the client's list; lives until it is ended. `id`: the one it had, or empty for a new one. */
struct sio_socket *sio_socket_new(struct sio_client *c, struct sio_namespace *n, struct slice id);
/* EVENT, ACK or DISCONNECT for it; the socket may be ended afterwards. */
void sio_socket_receive(struct sio_socket *s, const struct sio_packet *p, const struct slice *attachments,
			size_t count);
/*
 * on_disconnect, then its rooms are left, then it moves to the client's ended sockets. Nothing happens to one
 * ended before. `reason`: static.
 */
void sio_socket_end(struct sio_socket *s, const char *reason);
/* Frees the client's ended sockets: only where no callback is on the stack. */
void sio_socket_free_ended(struct sio_client *c);

#endif
