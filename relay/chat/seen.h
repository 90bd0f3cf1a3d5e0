/*
 * seen: when the people who left were last here.
 *
 * Room: relay/chat. Called by presence, get_presence.
 * Pure. Two tables of numbers, so that ten thousand who leave keep no memory of their connections from going back to
 * the system. The newest half of `most` is remembered for sure.
 */
#ifndef CHAT_SEEN_H
#define CHAT_SEEN_H

#include "buf.h"

struct seen;

/* Remembers `most` people at most (2 or more). */
struct seen *seen_new(size_t most);
/* NULL is allowed. */
void seen_free(struct seen *s);
/* A person left at `when` (seconds since 1970, not 0). Who is no number is not remembered. */
void seen_put(struct seen *s, struct slice user, int64_t when);
/* The person is back. */
void seen_forget(struct seen *s, struct slice user);
/* When the person left; 0: not known, or back. */
int64_t seen_find(const struct seen *s, struct slice user);
/* `"last_seen":"…Z"`, or null for 0. */
void seen_put_member(struct buf *b, int64_t when);

#endif
