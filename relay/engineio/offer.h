/*
 * offer: what a request's head asks for beside its answer: a word before the body is sent, a subprotocol.
 *
 * Room: relay/engineio. Called by http (and read by lws).
 */
#ifndef EIO_OFFER_H
#define EIO_OFFER_H

#include "conn.h"

#define OFFER_NAME_MAX 62          /* as long as lws takes one of a list */

/*
 * The name of the one protocol that lws is given. lws answers a Sec-WebSocket-Protocol that has its name in it, and
 * closes the connection without a word when it has not: so it takes the name that is offered.
 */
extern char offer_name[OFFER_NAME_MAX + 1];

/* Whether the request waits for 100 (Continue) before it sends its body (RFC 9110, 10.1.1). */
bool offer_waits(const struct eio_conn *c);
/* Says it to a request that waits, whose body is wanted. 0, or -1: the peer is gone. */
int offer_continue(struct eio_conn *c);
/*
 * The first of the subprotocols offered is the one that is spoken, as the reference does (and browsers close what
 * answers none). False when lws would not find it: too long, or not its grammar.
 */
bool offer_protocol(const struct eio_conn *c);

#endif
