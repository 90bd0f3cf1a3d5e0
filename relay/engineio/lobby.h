/*
 * lobby: descriptors that were accepted and are no connections of libwebsockets: peers that are refused and
 * shall read why, and on a TLS port peers that have not said yet what they speak.
 *
 * Room: relay/engineio. Called by accept.
 */
#ifndef EIO_LOBBY_H
#define EIO_LOBBY_H

#include "hub.h"

struct lobby;

struct lobby *lobby_new(struct eio_hub *h);
/* Takes a descriptor that is not counted: it is told that there is no room, and closed. */
void lobby_refuse(struct lobby *l, int fd);
/*
 * Takes a counted descriptor (`counted`: by its address too) of a TLS port. It goes on to lws when it begins
 * to speak TLS; who speaks in clear is answered 400; who says nothing is cut when the time for a header is
 * over.
 */
void lobby_enter(struct lobby *l, int fd, const char *peer, bool counted);
/* Closes all that wait. */
void lobby_free(struct lobby *l);

#endif
