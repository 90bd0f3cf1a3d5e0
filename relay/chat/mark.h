/*
 * mark: feed.mark, by which the handlers of this machine know the feed's cursor.
 *
 * Room: relay/chat. Called by feed.
 */
#ifndef CHAT_MARK_H
#define CHAT_MARK_H

#include "hall.h"

/*
 * Writes RUN_DIR/feed.mark, `cursor unix_ms`, replacing it whole. A failure is counted and logged; handlers then go by
 * the age of rows.
 */
void mark_write(struct hall *h);

#endif
