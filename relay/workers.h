/*
 * workers: who works, who waits, what each was given. The bus's other half; no other room includes this.
 *
 * Room: relay. Called by bus.c.
 * A worker asks (READY, or ANSWERS and ready again) and gets exactly one reply to its newest request: a job or an ACK.
 * Its `asking` header is that request; it is spent by the reply.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include <sys/queue.h>
#include "bus.h"
#include "log.h"
#include "nano.h"

#define WORKER_KEY 20                  /* pid, start, random as bytes */

enum worker_state {
	WORKER_AWAY,                   /* owes us the next word: it was answered, or never asked */
	WORKER_IDLE,                   /* asked by READY: may wait for its reply */
	WORKER_OWED                    /* asked by ANSWERS: takes a job as well, is replied to within OWED_MS */
};

struct job {
	uint64_t id, deadline_ms;
	enum wire_job_kind kind;
	uint16_t count;
	struct buf commands;
	struct worker *worker;
	TAILQ_ENTRY(job) next;
};

struct worker {
	struct bus *bus;
	struct wire_worker name;
	unsigned char key[WORKER_KEY];
	enum worker_state state;
	struct nano_peer asking;
	uint64_t seen_ms;
	uint64_t answered;             /* number of the last job answered */
	struct job *job;               /* out at this worker and not lost */
	int pidfd;
	struct eio_watch *death;
	uint64_t rests_until_ms;       /* it met no database; 0: as far as it said it has one */
	TAILQ_ENTRY(worker) next;      /* the one that answered last comes first */
};

struct bus {
	struct eio_loop *loop;
	bus_callback *fn;
	void *ctx;
	int jobs_sock, signals_sock;
	struct eio_watch *jobs_watch, *signals_watch;
	struct eio_timer *tick;
	uint64_t boot, next_job, seen_ms;
	bool heard, told_nobody;
	char *address;
	struct map *by_name;
	TAILQ_HEAD(worker_list, worker) workers;
	TAILQ_HEAD(job_list, job) jobs;
	struct bus_stats stats;
	struct buf out;
};

/* Up to the callback's owner. */
void bus_report(struct bus *b, enum bus_event_kind kind, uint64_t job, uint64_t command,
		struct slice effects);
/* The worker of a name, made when it is new. */
struct worker *worker_of(struct bus *b, const struct wire_worker *name);
/*
 * What an answer's state says of the worker: who has answered is asked first (little work keeps few sessions of the database
 * open); who met no database is asked last, and for REST_MS only where all rest.
 */
void worker_rank(struct bus *b, struct worker *w, uint8_t state);
/* How many rest. */
size_t workers_resting(const struct bus *b);
/* Forgets a worker; a job it holds is lost. */
void worker_free(struct bus *b, struct worker *w);
/* Answers its request with an ACK: heard, no work now. */
void worker_ack(struct bus *b, struct worker *w);
/* A worker that does not name the job it was given last never got it: the job is given again, under its number. */
void worker_check_last(struct bus *b, struct worker *w, const struct wire_ready *r);
void job_free(struct bus *b, struct job *j);
/* Ends a job without an answer and reports it. */
void job_lost(struct bus *b, struct job *j, const char *why);
/* Ends jobs whose attempt is over, acknowledges answers that no job has, forgets workers long silent. */
void workers_tick(struct bus *b);

#endif
