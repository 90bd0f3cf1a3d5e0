/*
 * delivery: what a stored message changes beside its own row: recipient rows and the room's time.
 *
 * Room: fcgi-api/store, inside. Called by send and repeats.
 */
#ifndef STORE_DELIVERY_H
#define STORE_DELIVERY_H

#include "db.h"

struct delivery {
	struct db_value pairs[STORE_SET_MAX * 2];  /* direct: message and the other person */
	size_t pair_count;
	struct db_value grouped[STORE_SET_MAX];    /* messages whose group's members get rows */
	size_t grouped_count;
	int64_t stale[STORE_SET_MAX];              /* rooms older than their messages */
	size_t stale_count;
};

/* Adds a stored message (complete; its group not crowded). */
void delivery_add(struct delivery *d, const struct store_message *m);
/*
 * For rows that were found, not stored: the server shows a row before its commit is in the log, and a crash in between
 * takes it away; the COMMIT of who only read it writes nothing and waits for nothing. Where nothing of the set was
 * stored, a row found young makes its room's time be written (and left as it was), behind whose COMMIT the row is there
 * for good. A host that takes no writes has its rows from one where they were committed.
 */
STORE_CHECK enum store_verdict delivery_confirm(struct store *st, const struct store_send *set, size_t count);
/* Writes what was added when the transaction commits, or before its next statement. */
void delivery_write(struct store *st, struct delivery *d);

#endif
