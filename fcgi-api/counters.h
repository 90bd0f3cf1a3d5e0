/*
 * counters: what the processes of a pool refused and what went wrong, counted together and written as a file in
 * Prometheus' text form (METRICS_DIR; node_exporter's textfile collector takes it).
 *
 * Room: fcgi-api. Called by the doors (also in pool's tick), router, attempt and signals.
 * What the relay knows of, it counts itself.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stddef.h>

enum counter {
	COUNTER_DEADLOCKS,     /* transactions begun again after a deadlock or a lock that took too long */
	COUNTER_LOST,          /* transactions that met no database, or lost it */
	COUNTER_UNDONE,        /* commands and requests that could not be done in their time */
	COUNTER_SIGNALS_LOST,  /* pushes that a relay did not take: its feed brings the messages, not the rest */
	COUNTER_UNSAFE,        /* connections to a database whose crash can lose commits */
	COUNTER_GONE,          /* clients that left before their answer was written */
	COUNTERS
};

/* From now on processes forked by this one count together. Without memory for it each counts for itself: one log line. */
void counters_share(void);
void counters_add(enum counter c, size_t n);
/* A refusal by its HTTP status. */
void counters_refused(int status);
/*
 * Writes DIR/upred-api-POOL.prom, replacing it whole, if anything was counted since the last time or nothing was written
 * yet. An empty or NULL dir: nothing. A failure is told once, until it works again.
 */
void counters_write(const char *dir, const char *pool);

#endif
