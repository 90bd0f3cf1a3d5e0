/*
 * repeats: sends whose uuid a row has already.
 *
 * Room: fcgi-api/store, inside; store_message_repeat of store.h is here. Called by send and the handlers.
 */
#ifndef STORE_REPEATS_H
#define STORE_REPEATS_H

#include "db.h"

/*
 * Looks up some of a set, `which` of its members (count 0..STORE_SET_MAX). Those that have a row get it as their message,
 * and their verdict: DUPLICATE, or REFUSED where the row is another sender's; met[i] is set for them and left as it was for
 * the others. OK or trouble.
 */
STORE_CHECK enum store_verdict repeats_find(struct store *st, struct store_send *set, const size_t *which, size_t count,
					    bool *met, struct arena *a);

#endif
