/*
 * effects: applies what handlers answered and what signals say, in order (WIRE.md, effects).
 *
 * Room: relay/chat. Called by answers, changes, dispatch, fetch and members.
 */
#ifndef CHAT_EFFECTS_H
#define CHAT_EFFECTS_H

#include "hall.h"

/*
 * Applies a well-formed list of effects. `c` is the command they answer, or NULL (signals, membership
 * checks, fetched rows). Effects that mean the caller do nothing when its socket is gone; those that mean
 * rooms always count.
 */
void effects_apply(struct hall *h, struct command *c, struct slice effects);
/*
 * What a signal says: at once, or when effects_settle finds the feed ready, because older rows come by the feed to those
 * who are about to return.
 */
void effects_signal(struct hall *h, struct slice effects);
void effects_settle(struct hall *h);
/* Only its message pushes: an answer that came too late to be the first. */
void effects_apply_late(struct hall *h, struct slice effects);
/*
 * The id of the first message pushed by an answer, the first room that hears it, and whether an earlier attempt had stored
 * it; 0 when there is none.
 */
uint64_t effects_message(struct slice effects, struct slice *room_r, bool *found_r);
/* Has the feed still to push what is older than a message of this answer, in its rooms? */
bool effects_overtake(const struct hall *h, struct slice effects);
/* Has the feed passed all messages of this answer, which were only found, so that none of them is pushed any more? */
bool effects_passed(const struct hall *h, struct slice effects);
/* True when the handler failed for a passing reason. */
bool effects_retry(struct slice effects);

#endif
