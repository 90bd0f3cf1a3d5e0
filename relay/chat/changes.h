/*
 * changes: what was edited or deleted while no relay ran. Who is recovered loads nothing anew, so he is told.
 *
 * Room: relay/chat. Called by feed.
 */
#ifndef CHAT_CHANGES_H
#define CHAT_CHANGES_H

#include "hall.h"

/* Is it time to ask for the first time? */
bool changes_due(const struct hall *h);
/* Asks for it behind a sweep, if a relay was taken over from and it is still to be told; not before all signals arrive here. */
void changes_ask(struct hall *h, struct buf *sweep);
/* The answer to a sweep: if it asked, and has them, tells them. */
void changes_tell(struct hall *h, struct slice effects);

#endif
