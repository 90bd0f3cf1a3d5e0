/*
 * fetch: the feed's other half: gets the texts of rows that nobody pushed yet, and pushes them.
 *
 * Room: relay/chat. Called by feed.
 * Rows stay noted until they were pushed: a lost answer costs a second, never a message; and so does a hearer whose
 * send queue is half full.
 */
#ifndef CHAT_FETCH_H
#define CHAT_FETCH_H

#include "hall.h"

struct fetch;

struct fetch *fetch_new(struct hall *h);
void fetch_free(struct fetch *f);
/* A row to be fetched and pushed; `rooms` is the packed list of those that hear it, copied. */
void fetch_add(struct fetch *f, struct slice rooms, uint64_t id);
/* Is there any that may be asked for now? */
bool fetch_ready(const struct fetch *f);
/* So many wait that no more should be added. */
bool fetch_full(const struct fetch *f);
/* Asks for the next of them, from all rooms in turn; `done` is called once. Not again before that. */
void fetch_ask(struct fetch *f, void (*done)(void *ctx, bool failed), void *ctx);
/* Looks, not too often, whether rooms that rest for their hearers may go on. */
void fetch_wake(struct fetch *f);
/* Those that wait, as bytes for the next relay of this machine, and back: 0, or -1 malformed. */
void fetch_save(const struct fetch *f, struct buf *b);
int fetch_load(struct fetch *f, struct slice saved);

#endif
