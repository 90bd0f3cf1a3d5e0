/*
 * bus: jobs out, answers and signals in, on the relay's loop (shared/WIRE.md).
 *
 * Room: relay. Called by chat, whose dispatch gives the jobs.
 * Knows no chat: commands and effects pass through as bytes. Reports upward through one callback. Protocol rules that
 * nanomsg does not give are kept here: workers by their own name, one answer per request, a job given again to whom it
 * never reached, attempts with a deadline, the dead noticed at once (pidfd).
 */
#ifndef BUS_H
#define BUS_H

#include "engineio.h"
#include "wire.h"

#define BUS_SEEN_MS 3000               /* no worker heard for so long: there is none */
#define BUS_WORKERS_MAX 1024           /* names remembered */

struct bus;

enum bus_event_kind {
	BUS_ANSWER,            /* an answer to `command`: `effects`; may come late, of a job that was lost */
	BUS_DONE,              /* `job` was answered; its BUS_ANSWERs came before */
	BUS_LOST,              /* `job` gets no answer in its time: deadline, dead worker, malformed answer */
	BUS_SIGNAL,            /* `effects` that no command asked for */
	BUS_TROUBLE            /* something may have been missed: look into the database */
};

struct bus_event {
	enum bus_event_kind kind;
	uint64_t job, command;
	struct slice effects;  /* well-formed; borrowed during the call */
};

/* Called from the loop. May not call bus_give or bus_close. */
typedef void bus_callback(void *ctx, const struct bus_event *e);

struct bus_config {
	const char *jobs_address, *signals_address;
};

/* Binds both addresses. NULL with a logged line. */
struct bus *bus_open(struct eio_loop *l, const struct bus_config *c, bus_callback *fn, void *ctx);
void bus_close(struct bus *b);
/* True when a worker was heard within BUS_SEEN_MS; a time in which the loop stood still does not count. */
bool bus_alive(const struct bus *b);
/* Workers that wait for a job now. */
size_t bus_idle(const struct bus *b);
/*
 * Gives `count` encoded commands to a waiting worker; the attempt ends after `attempt_ms`. Returns the
 * job's number, or 0 when nobody waits. The bytes are copied.
 */
uint64_t bus_give(struct bus *b, enum wire_job_kind kind, uint16_t count, struct slice commands,
		unsigned attempt_ms);

struct bus_stats {
	uint64_t workers, idle, resting, jobs_out;
	uint64_t jobs, jobs_again, jobs_lost, commands, answers, answers_late, answers_foreign;
	uint64_t signals, malformed, workers_died;
};
void bus_stats(const struct bus *b, struct bus_stats *out);

#endif
