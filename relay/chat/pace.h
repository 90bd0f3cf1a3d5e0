/*
 * pace: may the feed push more to those who hear some rooms?
 *
 * Room: relay/chat. Called by fetch.
 * What the feed pushes it could push later just as well, so nobody is cut off as slow because a thousand rows were
 * stored at once: their rooms wait for them, but not for ever.
 */
#ifndef CHAT_PACE_H
#define CHAT_PACE_H

#include "hall.h"

#define PACE_PATIENCE_MS 5000          /* how long rooms wait for one hearer who does not take what is queued */

/* Rooms that are being pushed to: false when a hearer's send queue is over half full. `rooms` is a packed list. */
bool pace_may_go_on(struct hall *h, struct slice rooms);
/* Rooms that rest: true when everybody's queue is down to a quarter, or those who are behind had their time. */
bool pace_may_begin(struct hall *h, struct slice rooms);

#endif
