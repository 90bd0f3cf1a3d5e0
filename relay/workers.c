/*
 * workers: workers by name, jobs by number.
 *
 * Room: relay. Calls nano, wire, the loop.
 */
#include "workers.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fault.h"
#include "map.h"

#define FRESH_MS 1500                  /* idle, but READY not repeated for so long: gets no job */
/*
 * So long a worker that has answered may wait for its next job before it is told that it was heard. Under
 * load the job comes first and is word enough: half the messages of the bus. Looked at each BUS_TICK_MS, so up to 90; below
 * what a worker repeats itself after.
 */
#define OWED_MS 40
#define REST_MS 3000                   /* so long who met no database is not asked while others are there */
#define FORGET_MS 60000                /* a silent worker's name is forgotten */
#define MARGIN_MS 200                  /* a worker gives up before the relay does */

void bus_report(struct bus *b, enum bus_event_kind kind, uint64_t job, uint64_t command, struct slice effects)
{
	struct bus_event e = { .kind = kind, .job = job, .command = command, .effects = effects };

	b->fn(b->ctx, &e);
}

/* ---- jobs ---- */

void job_free(struct bus *b, struct job *j)
{
	if (j->worker)
		j->worker->job = NULL;
	TAILQ_REMOVE(&b->jobs, j, next);
	b->stats.jobs_out--;
	buf_fini(&j->commands);
	free(j);
}

void job_lost(struct bus *b, struct job *j, const char *why)
{
	static struct log_limit limit;
	uint64_t id = j->id;

	b->stats.jobs_lost++;
	if (log_limited(&limit, LOG_LEVEL_WARN, 5))
		log_warn("bus", "job %llu (%u commands) lost: %s", (unsigned long long)id, j->count, why);
	job_free(b, j);
	bus_report(b, BUS_LOST, id, 0, SLICE_NONE);
}

/* Answers the worker's request with its job. The time left is told, less a margin in which it can roll back. */
static void job_send(struct bus *b, struct job *j)
{
	uint64_t now = eio_loop_now_ms(b->loop);
	uint64_t left = j->deadline_ms > now ? j->deadline_ms - now : 0;
	struct wire_job head = { .boot = b->boot, .id = j->id, .kind = (uint8_t)j->kind, .count = j->count };
	struct worker *w = j->worker;

	head.deadline_ms = left > 2 * MARGIN_MS ? (uint32_t)(left - MARGIN_MS) : (uint32_t)left / 2;
	buf_reset(&b->out);
	wire_put_job(&b->out, &head);
	buf_put_slice(&b->out, buf_slice(&j->commands));
	FAULT("relay.job");
	nano_reply(b->jobs_sock, &w->asking, buf_slice(&b->out));
	FAULT("relay.job_sent");
	w->state = WORKER_AWAY;
}

static bool rests(const struct worker *w, uint64_t now)
{
	return w->rests_until_ms > now;
}

/* Whether somebody is here who does not rest. */
static bool somebody_works(const struct bus *b, uint64_t now)
{
	const struct worker *w;

	TAILQ_FOREACH(w, &b->workers, next)
		if (!rests(w, now) && (w->job || now - w->seen_ms < FRESH_MS))
			return true;
	return false;
}

/* Waits for a job; `working`: of those who rest none counts. */
static bool waits(const struct worker *w, uint64_t now, bool working)
{
	return w->state != WORKER_AWAY && !w->job && now - w->seen_ms < FRESH_MS && !(working && rests(w, now));
}

static struct worker *idle_worker(const struct bus *b)
{
	uint64_t now = eio_loop_now_ms(b->loop);
	bool working = somebody_works(b, now);
	struct worker *w;

	TAILQ_FOREACH(w, &b->workers, next)
		if (waits(w, now, working))
			return w;
	return NULL;
}

uint64_t bus_give(struct bus *b, enum wire_job_kind kind, uint16_t count, struct slice commands,
		unsigned attempt_ms)
{
	struct worker *w = idle_worker(b);
	struct job *j;

	if (!w)
		return 0;
	j = mem_zero(1, sizeof(*j));
	j->id = ++b->next_job;
	j->kind = kind;
	j->count = count;
	j->worker = w;
	j->deadline_ms = eio_loop_now_ms(b->loop) + attempt_ms;
	buf_put_slice(&j->commands, commands);
	TAILQ_INSERT_TAIL(&b->jobs, j, next);
	w->job = j;
	b->stats.jobs++;
	b->stats.jobs_out++;
	b->stats.commands += count;
	job_send(b, j);
	return j->id;
}

/* ---- workers ---- */

static void name_key(const struct wire_worker *name, unsigned char key[WORKER_KEY])
{
	memcpy(key, &name->pid, 4);
	memcpy(key + 4, &name->start, 8);
	memcpy(key + 12, &name->random, 8);
}

static struct slice worker_key(const struct worker *w)
{
	return (struct slice){ (const char *)w->key, WORKER_KEY };
}

void worker_free(struct bus *b, struct worker *w)
{
	struct job *j = w->job;

	map_remove(b->by_name, worker_key(w));
	TAILQ_REMOVE(&b->workers, w, next);
	eio_watch_free(w->death);
	if (w->pidfd >= 0)
		close(w->pidfd);
	b->stats.workers--;
	if (j)
		j->worker = NULL;
	free(w);
	if (j)
		job_lost(b, j, "its worker is gone");
}

/* The pidfd became readable: the process ended. */
static void on_death(void *ctx)
{
	struct worker *w = ctx;

	w->bus->stats.workers_died++;
	log_debug("bus", "worker %u ended", w->name.pid);
	worker_free(w->bus, w);
}

static struct worker *silent_longest(const struct bus *b)
{
	struct worker *w, *longest = TAILQ_FIRST(&b->workers);

	TAILQ_FOREACH(w, &b->workers, next)
		if (w->seen_ms < longest->seen_ms)
			longest = w;
	return longest;
}

static struct worker *worker_new(struct bus *b, const struct wire_worker *name)
{
	struct worker *w;

	if (b->stats.workers >= BUS_WORKERS_MAX)
		worker_free(b, silent_longest(b));
	w = mem_zero(1, sizeof(*w));
	w->bus = b;
	w->name = *name;
	TAILQ_INSERT_TAIL(&b->workers, w, next);
	name_key(name, w->key);
	map_put(b->by_name, worker_key(w), w);
	b->stats.workers++;
	/* Of one on another machine, or in another process namespace, its deadlines alone tell. */
	w->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)name->pid, 0);
	if (w->pidfd >= 0)
		w->death = eio_watch_new(b->loop, w->pidfd, on_death, w);
	log_debug("bus", "worker %u is here", name->pid);
	return w;
}

struct worker *worker_of(struct bus *b, const struct wire_worker *name)
{
	unsigned char key[WORKER_KEY];
	struct worker *w;

	name_key(name, key);
	w = map_find(b->by_name, (struct slice){ (const char *)key, WORKER_KEY });
	return w ? w : worker_new(b, name);
}

void worker_ack(struct bus *b, struct worker *w)
{
	buf_reset(&b->out);
	wire_put_ack(&b->out, b->boot);
	nano_reply(b->jobs_sock, &w->asking, buf_slice(&b->out));
	w->state = WORKER_AWAY;
}

/* A worker that does not name the job it was given last never got it. */
void worker_check_last(struct bus *b, struct worker *w, const struct wire_ready *r)
{
	static struct log_limit limit;
	uint64_t last = r->boot == b->boot ? r->last_job : 0;

	if (!w->job)
		return;
	if (last != w->job->id) {
		b->stats.jobs_again++;
		if (log_limited(&limit, LOG_LEVEL_INFO, 5))
			log_info("bus", "job %llu never arrived and is given again", (unsigned long long)w->job->id);
		job_send(b, w->job);
	} else if (r->answers == 0) {
		job_lost(b, w->job, "its worker asks for work without an answer");
	}
}

size_t bus_idle(const struct bus *b)
{
	uint64_t now = eio_loop_now_ms(b->loop);
	bool working = somebody_works(b, now);
	const struct worker *w;
	size_t n = 0;

	TAILQ_FOREACH(w, &b->workers, next)
		n += waits(w, now, working);
	return n;
}

size_t workers_resting(const struct bus *b)
{
	uint64_t now = eio_loop_now_ms(b->loop);
	const struct worker *w;
	size_t n = 0;

	TAILQ_FOREACH(w, &b->workers, next)
		n += rests(w, now);
	return n;
}

void worker_rank(struct bus *b, struct worker *w, uint8_t state)
{
	bool rested = w->rests_until_ms > 0;
	struct worker *other;

	TAILQ_REMOVE(&b->workers, w, next);
	if (state == WIRE_NO_DATABASE) {
		w->rests_until_ms = eio_loop_now_ms(b->loop) + REST_MS;
		TAILQ_INSERT_TAIL(&b->workers, w, next);
		return;
	}
	TAILQ_INSERT_HEAD(&b->workers, w, next);
	/* what was away is back: for all of them */
	if (rested)
		TAILQ_FOREACH(other, &b->workers, next)
			other->rests_until_ms = 0;
}

void workers_tick(struct bus *b)
{
	uint64_t now = eio_loop_now_ms(b->loop);
	struct worker *w, *wnext;
	struct job *j, *jnext;

	for (j = TAILQ_FIRST(&b->jobs); j; j = jnext) {
		jnext = TAILQ_NEXT(j, next);
		if (now >= j->deadline_ms)
			job_lost(b, j, "no answer in time");
	}
	for (w = TAILQ_FIRST(&b->workers); w; w = wnext) {
		wnext = TAILQ_NEXT(w, next);
		if (w->state == WORKER_OWED && now - w->seen_ms >= OWED_MS)
			worker_ack(b, w);
		if (now - w->seen_ms > FORGET_MS)
			worker_free(b, w);
	}
}
