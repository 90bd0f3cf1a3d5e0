/*
 * pool: a small master that keeps N forked workers alive.
 *
 * Room: fcgi-api. Called by door_fcgi and door_bus.
 * The master opens neither database nor nanomsg (both start what a fork does not survive); the workers do, after the
 * fork.
 */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>

#define POOL_MAX 256

struct pool {
	const char *name;           /* for the log */
	unsigned workers;           /* 1..POOL_MAX */
	int (*work)(void *ctx); /* a worker's life, in the child; returns its exit code. SIGTERM is blocked at
				   its start */
	void *ctx;
	bool (*reload)(void *ctx); /* SIGHUP: changes what ctx points to; true: the workers are to be replaced
				      by new ones */
	void (*tick)(void *ctx);    /* in the master, about once a second */
	int grace_s;                /* after SIGTERM: so long for the workers to end by themselves */
	int stuck_s;                /* a worker busy for longer is killed; 0: never */
};

/*
 * Forks, re-forks the dead with back-off, ends after SIGTERM or SIGINT. The exit code of the master; returns
 * only there.
 */
int pool_run(const struct pool *p);
/* In a worker: a piece of work begins or ends (for stuck_s). */
void pool_busy(bool busy);
/* In a worker: whether it can do its work for now. At its birth it can. */
void pool_able(bool able);
/* In a worker: whether another one of the pool can. Outside a pool there is none. */
bool pool_others_able(void);

#endif
