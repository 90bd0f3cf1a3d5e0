/*
 * twins: the other rooms of a group, when the table has several (nothing in it forbids that).
 *
 * Room: fcgi-api/store, inside; store_room_twins of store.h is here. Called by resolve, send, repeats, feed and the handlers.
 * Whoever joined is in the room that was the first then; what is stored in any of them is pushed to all, or it would
 * not be heard by everybody.
 */
#ifndef STORE_TWINS_H
#define STORE_TWINS_H

#include "db.h"

/* All rooms of some groups, by the groups' numbers: run with other questions, then read by twins_read. */
extern const struct db_sql twins_sql;
/* Reads its rows to their end and fills the twins of up to STORE_SET_MAX rooms, in the arena. OK or trouble. */
STORE_CHECK enum store_verdict twins_read(struct store *st, struct store_room *const *rooms, size_t count, struct arena *a);
/* Fills those of what a set has only found: it may have to be pushed again. OK or trouble. */
STORE_CHECK enum store_verdict twins_of_repeats(struct store *st, struct store_send *set, size_t count, struct arena *a);

#endif
