/*
 * ears: who hears a message that the feed has found.
 *
 * Room: relay/chat, pure. Called by feed.
 */
#ifndef CHAT_EARS_H
#define CHAT_EARS_H

#include "wire.h"

/* The rooms of the row's push, packed as a handler packs them, in `b`, which is emptied first and owns them. */
struct slice ears_of(struct buf *b, const struct wire_row *r);

#endif
