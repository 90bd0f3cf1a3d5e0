/*
 * backlog: messages that the feed is to fetch and push, by the rooms that hear them.
 *
 * Room: relay/chat, pure. Called by fetch and effects.
 * Each place (the rooms that a push names) has its own row of ids, ascending; a place whose hearers cannot take more
 * rests, and the others go on. Takers choose from the places in turn, so that a flood in one holds up nobody else.
 */
#ifndef CHAT_BACKLOG_H
#define CHAT_BACKLOG_H

#include "wire.h"

struct backlog;

/* One that is out: asked for, not yet settled. */
struct backlog_row {
	uint64_t id;
	struct backlog_place *place;
	bool stays;                    /* was not pushed: to be asked for again */
};

struct backlog *backlog_new(void);
void backlog_free(struct backlog *b);
/* `rooms` is a packed list of room names (wire_put_room), copied. */
void backlog_add(struct backlog *b, struct slice rooms, uint64_t id);
size_t backlog_count(const struct backlog *b);
/* Is this row of these rooms noted, also one that is out? */
bool backlog_has(const struct backlog *b, struct slice rooms, uint64_t id);
/* Is any row of these rooms noted that is older? */
bool backlog_has_older(const struct backlog *b, struct slice rooms, uint64_t id);
/* May any be taken: is there a place that does not rest? */
bool backlog_ready(const struct backlog *b);
/* Takes up to `most` out, ascending. They stay noted until backlog_settle. NULL and 0 when there is none to take. */
struct backlog_row *backlog_take(struct backlog *b, size_t most, size_t *count_r);
/* Those that are out, as backlog_take gave them. */
struct backlog_row *backlog_out(struct backlog *b, size_t *count_r);
/* Forgets those that are out and do not stay. */
void backlog_settle(struct backlog *b);
/* Nothing of its place is taken until backlog_wake. */
void backlog_rest(struct backlog *b, struct backlog_place *p);
bool backlog_rests(const struct backlog_place *p);
/* Wakes the resting places of whose rooms `may` says so. */
void backlog_wake(struct backlog *b, bool (*may)(void *ctx, struct slice rooms), void *ctx);
/* All of it as bytes, for the next relay of this machine, and back: 0, or -1 malformed. */
void backlog_save(const struct backlog *b, struct buf *out);
int backlog_load(struct backlog *b, struct slice saved);

#endif
