/*
 * pushed: which messages were pushed lately, keyed by id and the first 8 bytes of the uuid (DESIGN §2, the
 * feed).
 *
 * Room: relay/chat, pure. Called by effects and feed; calls buf. Ids may be used again after a restore of
 * the database; the uuid tells such rows apart.
 */
#ifndef CHAT_PUSHED_H
#define CHAT_PUSHED_H

#include "buf.h"

struct pushed;

/* Remembers the last `capacity` (a power of two) messages; the oldest is forgotten first. */
struct pushed *pushed_new(size_t capacity);
void pushed_free(struct pushed *p);
/* The first 8 bytes of a packed uuid as a number. */
uint64_t pushed_tag(const uint8_t uuid[16]);
bool pushed_has(const struct pushed *p, uint64_t id, uint64_t tag);
/* True when it was not known and is now. */
bool pushed_add(struct pushed *p, uint64_t id, uint64_t tag);
size_t pushed_count(const struct pushed *p);

#endif
