/*
 * heard: where the members of a group are, when the table has several rooms of it (nothing in it forbids that).
 *
 * Room: fcgi-api/store, inside. Called by resolve and send; calls sets and db. join_group enters the first room, so what is
 * stored in another is pushed there too: nobody would hear it otherwise.
 */
#ifndef STORE_HEARD_H
#define STORE_HEARD_H

#include "db.h"

/* All rooms of some groups, by the groups' numbers: run with other questions, then read by heard_read. */
extern const struct db_sql heard_sql;
/*
 * Reads its rows to their end and gives those of up to STORE_SET_MAX rooms whose group has one before them that one's uuid
 * (heard_in, in the arena). OK or trouble.
 */
STORE_CHECK enum store_verdict heard_read(struct store *st, struct store_room *const *rooms, size_t count, struct arena *a);
/* Asks and reads for what a set has only found: it may have to be pushed again. OK or trouble. */
STORE_CHECK enum store_verdict heard_repeats(struct store *st, struct store_send *set, size_t count, struct arena *a);

#endif
