/*
 * holes: which ids of `mensajes` were seen, as a greatest id and the ranges below it that were not.
 *
 * Room: relay/chat, pure: the clock is an argument. Called by feed, ahead, effects, dispatch, mark, health, handover
 * and chat.
 * Ids become visible out of order; an id that was not there when a later one was is a hole until it appears or an hour
 * has passed. Holes close together are one range with a map of the ids in it that were seen.
 */
#ifndef CHAT_HOLES_H
#define CHAT_HOLES_H

#include "wire.h"

#define HOLES_MAX 4096                 /* ranges; past it the oldest is dropped and counted */
#define HOLES_WHOLE_MAX 4096           /* ids of a joined range */
#define HOLES_SLOW_MS 10000            /* how often a hole that is no longer young is asked for */
#define HOLES_LIFE_MS 3600000

struct holes;

/*
 * Holes are young for `young_ms`: asked for each time (in turn, when there are more than fit), and the safe cursor stays below
 * them.
 */
struct holes *holes_new(unsigned young_ms);
void holes_free(struct holes *h);
/* Starts anew: everything up to `high` counts as seen. */
void holes_start(struct holes *h, uint64_t high);
uint64_t holes_high(const struct holes *h);
/* True when the id is at or below high and was not seen. */
bool holes_have(const struct holes *h, uint64_t id);
/* An id at or below high is visible now: true when it was a hole. */
bool holes_seen(struct holes *h, uint64_t id);
/*
 * Moves high up to `upto`; `ids` (ascending, all in (high, upto]) were seen, the others are holes from now
 * on.
 */
void holes_advance(struct holes *h, const uint64_t *ids, size_t count, uint64_t upto, uint64_t now_ms);
/* Moves high up to `upto`: all up to there were seen. Not down. */
void holes_raise(struct holes *h, uint64_t upto);
/* The database went back: high becomes `max`, holes above are forgotten. */
void holes_back(struct holes *h, uint64_t max);
/*
 * The ranges to ask for now, ascending, at most `most` and about `ids_most` ids of joined ranges; those
 * given count as asked. Forgets what is too old.
 */
size_t holes_due(struct holes *h, uint64_t now_ms, struct wire_range *out, size_t most, size_t ids_most);
/* The greatest id below which nothing can still appear. */
uint64_t holes_cursor(const struct holes *h, uint64_t now_ms);
size_t holes_count(const struct holes *h);
uint64_t holes_dropped(const struct holes *h);
/*
 * High and holes as bytes, for the next relay of this machine, and back, `elapsed_ms` later: 0, or -1 malformed
 * (then begin anew with holes_start).
 */
void holes_save(const struct holes *h, uint64_t now_ms, struct buf *b);
int holes_load(struct holes *h, uint64_t now_ms, uint64_t elapsed_ms, struct slice saved);

#endif
