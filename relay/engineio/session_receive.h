/*
 * session_receive: what each packet of the peer does.
 *
 * Room: relay/engineio. Called by post and ws.
 */
#ifndef EIO_SESSION_RECEIVE_H
#define EIO_SESSION_RECEIVE_H

#include "session.h"

/* One packet from the transport that carries the session. Data must be valid UTF-8 unless binary. */
void session_receive(struct eio_session *s, const struct eio_packet *p);

#endif
