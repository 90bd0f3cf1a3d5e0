/*
 * attempt: calls inside one transaction, again where that helps.
 *
 * Room: fcgi-api. Called by the doors.
 */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include "call.h"

#define ATTEMPT_DEADLOCKS_MAX 3

/* What runs the calls: answers them or notes trouble in them. */
typedef void attempt_fn(struct call **calls, size_t count);

/*
 * Opens a transaction, runs all calls, commits once. A deadlock: again, with jitter; a lost connection: a fresh one,
 * once; neither when what failed took more than the time left. Past `until_ms` (clock_mono_ms) it rolls back instead of committing. A set
 * that loses its connection for good, or waited over 500 ms for a lock, is given up; one that fails otherwise is tried
 * call by call. Afterwards each call is answered and committed, or `unanswered`, and with it what the same socket said
 * behind it; `in_doubt` if it may be stored all the same.
 */
void attempt_run(struct store *st, struct call **calls, size_t count, int64_t until_ms, attempt_fn *run);

#endif
