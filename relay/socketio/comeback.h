/*
 * comeback: a CONNECT that names a session it had.
 *
 * Room: relay/socketio. Called by client, and by the application through socketio.h.
 */
#ifndef SIO_COMEBACK_H
#define SIO_COMEBACK_H

#include "inside.h"

/*
 * A pending socket for a CONNECT: that of the session its `auth` names (pid, offset), where there is one with all
 * it missed, else a new one.
 */
struct sio_socket *sio_comeback_socket(struct sio_client *c, struct sio_namespace *n, struct slice auth);

#endif
