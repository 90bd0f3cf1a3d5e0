/*
 * feed: the sure way of a stored message to the sockets that hear it.
 *
 * Room: relay/chat. Called by chat and handover.
 */
#ifndef CHAT_FEED_H
#define CHAT_FEED_H

#include "hall.h"

struct feed *feed_new(struct hall *h);
void feed_free(struct feed *f);
/* At the end of each loop pass, perhaps several times: a sweep at once when something may have been missed. */
void feed_settle(struct feed *f);
/*
 * Rows that are still to be fetched, as bytes for the next relay of this machine, and back, in place of those there
 * are: 0, or -1 malformed and none.
 */
void feed_save(const struct feed *f, struct buf *b);
int feed_load(struct feed *f, struct slice saved);
/* Takes over a changed interval. */
void feed_configure(struct feed *f);

#endif
