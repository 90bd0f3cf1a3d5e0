/*
 * ws: the WebSocket transport: direct sessions, and those that came over from polling.
 *
 * Room: relay/engineio. Called by lws.
 * Source: Engine.IO protocol, "WebSocket" and "Upgrade"; RFC 6455. All int results are for libwebsockets.
 */
#ifndef EIO_WS_H
#define EIO_WS_H

#include "conn.h"

extern const struct eio_transport eio_websocket;

/* The 101 has been written. */
void ws_established(struct eio_conn *c);
/* A piece of a message. */
void ws_receive(struct eio_conn *c, const void *p, size_t n);
int ws_writable(struct eio_conn *c);
/* The peer has begun to close. */
void ws_peer_closed(struct eio_conn *c);
/* lws gives it up: by itself, for a frame that breaks the rules (RFC 6455 §5), or because the peer is gone. */
void ws_dropped(struct eio_conn *c);
/* The connection is gone. */
void ws_gone(struct eio_conn *c);

#endif
