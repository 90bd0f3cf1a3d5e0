/*
 * post: the half of long-polling that brings packets: a body is read, judged as a whole, handled packet by packet.
 *
 * Room: relay/engineio. Called by http, lws and polling.
 * Source: Engine.IO protocol, "HTTP long-polling". All int results are for libwebsockets: 0 go on, -1 close.
 */
#ifndef EIO_POST_H
#define EIO_POST_H

#include "conn.h"

/* A POST for the session begins, of this many bytes. A second one ends the session. */
int post_begin(struct eio_conn *c, struct eio_session *s, size_t length);
/* So many bytes of its body; those of a POST that was refused are read away. */
int post_body(struct eio_conn *c, const void *p, size_t n);
/* The body is whole: it is judged, handled, and answered or held. */
int post_done(struct eio_conn *c);
/*
 * Handles packets until none is left or the session is paused: then they wait in the held connection, and this is
 * called again when it goes on.
 */
int post_go_on(struct eio_conn *c);

#endif
