/*
 * http: one HTTP request: read, checked, and sent where it belongs.
 *
 * Room: relay/engineio. Called by lws.
 */
#ifndef EIO_HTTP_H
#define EIO_HTTP_H

#include "conn.h"

/* A request's headers are there. For libwebsockets (conn_answer). */
int http_request(struct eio_conn *c);
/* A request asks to change its protocol: 0 to a WebSocket then, 1 it was answered, -1 close. */
int http_upgrade(struct eio_conn *c);

#endif
