/*
 * pushed: which messages were pushed lately, keyed by their identity, the uuid, in 8 bytes.
 *
 * Room: relay/chat, pure. Called by effects, feed, handover and chat.
 * Not by the id: InnoDB shows a row to readers a moment before its commit is on disk, so the feed can push a row that a
 * crash takes away and that the command's next attempt stores again under another id. And ids are used again after a
 * restore of the database, for other messages. Only a row whose uuid is none (tag 0) goes by its id.
 */
#ifndef CHAT_PUSHED_H
#define CHAT_PUSHED_H

#include "buf.h"

struct pushed;

/* Remembers the last `capacity` (a power of two) messages; the oldest is forgotten first. */
struct pushed *pushed_new(size_t capacity);
void pushed_free(struct pushed *p);
/*
 * A packed uuid in 8 bytes, of which every byte counts: those of version 7 begin with the time, others with what their
 * program likes. 0 is that of no uuid alone. The same in every process, for the handover.
 */
uint64_t pushed_tag(const uint8_t uuid[16]);
bool pushed_has(const struct pushed *p, uint64_t id, uint64_t tag);
/* True when it was not known and is now. */
bool pushed_add(struct pushed *p, uint64_t id, uint64_t tag);
size_t pushed_count(const struct pushed *p);
/* All of them as bytes, oldest first, for the next relay of this machine, and back: 0, or -1 malformed. */
void pushed_save(const struct pushed *p, struct buf *b);
int pushed_load(struct pushed *p, struct slice saved);

#endif
