/*
 * sets: statements over lists, in the sizes that are prepared.
 *
 * Room: fcgi-api/store, inside. Called by this room's query files.
 */
#ifndef STORE_SETS_H
#define STORE_SETS_H

#include "db.h"

/* The prepared size that holds n (1..STORE_SET_MAX). */
size_t sets_size(size_t n);
/*
 * Runs a statement whose {…} takes a list for which repeats do no harm (IN, OR): the list of n members of
 * `width` values is filled up to the next size by repeating its last member. `in` has room for STORE_SET_MAX
 * members.
 */
STORE_CHECK enum store_verdict sets_run_list(struct store *st, const struct db_sql *sql, struct db_value *in,
					     size_t n, size_t width);

#endif
