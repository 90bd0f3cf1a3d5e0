/*
 * polling: the long-polling transport: GETs that wait for packets, POSTs that bring them.
 *
 * Room: relay/engineio. Called by http and lws; calls session, conn, packet.
 * Source: Engine.IO protocol, "HTTP long-polling". All int results are for libwebsockets: 0 go on, -1 close.
 */
#ifndef EIO_POLLING_H
#define EIO_POLLING_H

#include "conn.h"

extern const struct eio_transport eio_polling;

/* A GET for the session: answered at once if something waits, else held. A second one ends the session. */
int polling_get(struct eio_conn *c, struct eio_session *s);
/* A POST for it begins, of this many bytes. A second one ends the session. */
int polling_post(struct eio_conn *c, struct eio_session *s, size_t length);
int polling_body(struct eio_conn *c, const void *p, size_t n);
int polling_body_done(struct eio_conn *c);
/* A request that was held may be answered now. */
int polling_writable(struct eio_conn *c);
/* A transaction is over: an answer that was still leaving has left. */
void polling_left(struct eio_conn *c);
/* The connection is gone. */
void polling_gone(struct eio_conn *c);
/* `{"code":3,…}` with its status, counted (EIO_REFUSALS: it was before). */
int polling_refuse(struct eio_conn *c, enum eio_refusal refusal, enum request_fault fault);

#endif
