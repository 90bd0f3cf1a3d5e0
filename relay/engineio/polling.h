/*
 * polling: the long-polling transport: GETs that wait for packets, and POSTs (post.h) that bring them.
 *
 * Room: relay/engineio. Called by http and lws (and by hangup through a pointer).
 * Source: Engine.IO protocol, "HTTP long-polling". All int results are for libwebsockets (conn_answer).
 */
#ifndef EIO_POLLING_H
#define EIO_POLLING_H

#include "conn.h"

extern const struct eio_transport eio_polling;

/* A GET for the session: answered at once if something waits, else held. A second one ends the session. */
int polling_get(struct eio_conn *c, struct eio_session *s);
/* A request that was held may be answered now. */
int polling_writable(struct eio_conn *c);
/* A transaction is over: an answer that was still leaving has left. */
void polling_left(struct eio_conn *c);
/* The connection is gone. */
void polling_gone(struct eio_conn *c);
/* The peer of a connection has hung up: who held a poll there is gone. For hangup. */
void polling_hung_up(void *conn);

#endif
