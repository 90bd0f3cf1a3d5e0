/*
 * ahead: ids that were pushed before the feed has read them, so that it need not.
 *
 * Room: relay/chat, pure. Called by effects, feed and chat.
 * What a push brings is committed. As long as the id behind high is among those pushed, high moves on by itself, and a
 * sweep reads only what somebody else stored.
 */
#ifndef CHAT_AHEAD_H
#define CHAT_AHEAD_H

#include "holes.h"

#define AHEAD_IDS 4096                 /* so far above high ids are noted; the feed reads those beyond */

struct ahead;

struct ahead *ahead_new(void);
void ahead_free(struct ahead *a);
/* A message was pushed: notes its id, and moves high up to the greatest below which none is missing. */
void ahead_pushed(struct ahead *a, struct holes *h, uint64_t id);
/* A sweep has moved high: goes on from there. */
void ahead_swept(struct ahead *a, struct holes *h);
/* The database went back: what was noted is of another time. */
void ahead_forget(struct ahead *a);

#endif
