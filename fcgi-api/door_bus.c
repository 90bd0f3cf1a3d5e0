/*
 * door_bus: ask for a job, do it in one transaction, answer, ask again (shared/WIRE.md).
 *
 * Room: fcgi-api. Calls pool, nano, wire, attempt, router, signals, store.
 * A worker blocks on its one question, so its life is a straight line. It leaves by saying so and waiting for the ACK.
 */
#include "door_bus.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "attempt.h"
#include "clock.h"
#include "counters.h"
#include "fault.h"
#include "log.h"
#include "nano.h"
#include "pool.h"
#include "router.h"
#include "signals.h"

#define READY_REPEAT_MS 400
#define LEAVE_WAIT_MS 1000
#define DEADLINE_MAX_MS 10000
#define GRACE_S 12
#define STUCK_S 60
#define LOOK_MS 2000
#define LOOKS_MAX 3
#define ANSWERS_MAX (WIRE_MESSAGE_MAX - 64 * 1024) /* what is over comes again, alone then */

struct worker {
	const struct settings *settings;
	struct store *store;
	struct signals *signals;
	struct nano_asker *asker;
	struct wire_ready me;
	struct buf answers; /* of the job me.answers, kept until they are heard: a job may be given again */
	struct buf out;          /* what is said: head and answers */
	unsigned looks;          /* at the tables */
	unsigned generation;     /* of the database connection, for the word about durability */
	bool warned;             /* that commits can be lost */
};

static volatile sig_atomic_t stop_now;

static void on_term(int signum)
{
	(void)signum;
	stop_now = 1;
}

/* ---- answers ---- */

static bool fits(const struct buf *out, const struct call *c)
{
	static struct log_limit too_much;

	if (c->answer.effects.len > ANSWERS_MAX && log_limited(&too_much, LOG_LEVEL_ERROR, 5))
		log_error("bus", "an answer of %zu bytes is too much for the bus: asked for again in vain", c->answer.effects.len);
	return out->len + c->answer.effects.len <= ANSWERS_MAX;
}

/*
 * An event that may be stored, or is, and cannot be answered gets nothing: the relay takes it for lost, gives it again as
 * such, and says so (outcome unknown) if it stays so. A refusal that says nothing of it would be wrong.
 */
static void put_answer(struct buf *out, const struct call *c)
{
	bool answered = !c->unanswered && fits(out, c);

	if (!answered && c->command.type == WIRE_EVENT && (!c->unanswered || c->in_doubt))
		return;
	size_t mark = wire_open_answer(out, c->command.id);
	if (answered)
		buf_put_slice(out, buf_slice(&c->answer.effects));
	else
		wire_put_effect(out, &(struct wire_effect){ .kind = WIRE_RETRY });
	wire_close_answer(out, mark);
}

static void warn_if_commits_can_be_lost(struct worker *w)
{
	const struct store_durability *d = store_durability(w->store);

	if (store_generation(w->store) == w->generation || !d->known)
		return;
	if (d->can_lose) {
		counters_add(COUNTER_UNSAFE, 1);
		if (!w->warned)
			log_warn("store", "a crash of the database can lose commits: innodb_flush_log_at_trx_commit=%d "
				 "sync_binlog=%d", d->flush_log, d->sync_binlog);
		w->warned = true;
	}
	w->generation = store_generation(w->store);
}

/* ---- one job ---- */

static size_t read_commands(struct worker *w, struct slice in, const struct wire_job *job,
			    struct call **calls)
{
	struct wire_command command;
	size_t n = 0;
	int rc = 0;

	while (n < WIRE_JOB_COMMANDS && n < job->count && (rc = wire_next_command(&in, &command)) == 1) {
		calls[n] = call_new_bus(w->settings, w->store, &command);
		calls[n++]->answer.alone = signals_none(w->signals);
	}
	if (rc < 0 || n < job->count)
		log_error("bus", "job %llu is malformed: %zu of %u commands read",
			  (unsigned long long)job->id, n, job->count);
	return n;
}

/* A job given twice keeps its answers: doing it again would take its own rows for somebody's repeats. */
static bool is_done_already(const struct worker *w, const struct wire_job *job)
{
	return w->me.answers == job->id && w->me.boot == job->boot;
}

static void do_job(struct worker *w, struct slice body)
{
	struct call *calls[WIRE_JOB_COMMANDS];
	struct wire_job job;
	int64_t until = clock_mono_ms();
	size_t n;

	if (wire_take_job(&body, &job) != 0) {
		log_error("bus", "a job with a malformed head");
		return;
	}
	if (is_done_already(w, &job))
		return;
	FAULT("worker.job");
	until += job.deadline_ms < DEADLINE_MAX_MS ? job.deadline_ms : DEADLINE_MAX_MS;
	n = read_commands(w, body, &job, calls);
	if (n)
		attempt_run(w->store, calls, n, until, router_commands);
	w->me.boot = job.boot;
	w->me.last_job = w->me.answers = job.id;
	buf_reset(&w->answers);
	for (size_t i = 0; i < n; i++) {
		put_answer(&w->answers, calls[i]);
		if (!calls[i]->unanswered) {
			router_note(calls[i]);
			signals_send(w->signals, &calls[i]->answer);
		}
		call_free(calls[i]);
	}
	FAULT("worker.done");
	warn_if_commits_can_be_lost(w);
}

/* ---- saying and hearing ---- */

/* "Ready", with the answers of the last job if they have not been heard yet. As nano_ask. */
static int say(struct worker *w, const volatile sig_atomic_t *stop, int once_ms, struct slice *message_r)
{
	buf_reset(&w->out);
	wire_put_ready(&w->out, &w->me);
	if (w->me.answers)
		buf_put_slice(&w->out, buf_slice(&w->answers));
	return nano_ask(w->asker, buf_slice(&w->out), stop, once_ms, message_r);
}

/* Does what the relay says. Whatever it says, it has heard the answers. True when it was a job. */
static bool hear(struct worker *w, struct slice message)
{
	struct slice in = message;
	int kind = wire_take_kind(&in);

	if (w->me.answers)
		FAULT("worker.heard");
	if (kind == WIRE_JOB) {
		pool_busy(true);
		do_job(w, in);
		pool_busy(false);
	} else {
		w->me.answers = 0;
		if (kind != WIRE_ACK)
			log_warn("bus", "an answer of unknown kind was dropped");
	}
	nano_free(message);
	return kind == WIRE_JOB;
}

/* ---- a worker's life ---- */

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Leaves in an orderly way: says so until the relay has heard it, or a second has passed. */
static void leave(struct worker *w)
{
	static const volatile sig_atomic_t never;
	struct slice message;

	w->me.state = WIRE_LEAVING;
	while (say(w, &never, LEAVE_WAIT_MS, &message) == 1 && hear(w, message))
		;
}

/* Once, behind an answered job: they are as they are. What keeps it from looking may pass, but is not worth much time. */
static void look_at_tables(struct worker *w)
{
	w->looks++;
	if (store_begin(w->store, clock_mono_ms() + LOOK_MS) == STORE_OK && store_look_at_tables(w->store) == STORE_OK)
		w->looks = LOOKS_MAX;
	store_rollback(w->store);
}

static void work_on(struct worker *w)
{
	struct slice message;
	int rc;

	while (!stop_now) {
		bool had_answers = w->me.answers != 0;

		bool lacks = !store_is_open(w->store) || store_is_spare(w->store), worked;

		w->me.state = had_answers && lacks ? WIRE_NO_DATABASE : WIRE_WORKS;
		rc = say(w, &stop_now, 0, &message);
		worked = rc == 1 && hear(w, message);
		/* while nothing waits for it */
		if (had_answers && !worked && w->looks < LOOKS_MAX && store_is_open(w->store))
			look_at_tables(w);
		if (rc < 0) {
			log_error("bus", "asking failed: %s", strerror(errno));
			pause_ms(500);
		} else if (rc == 1 && !worked && !had_answers) {
			/* an ACK to a mere "ready": nothing for us now, do not hammer */
			pause_ms(READY_REPEAT_MS / 4);
		}
	}
	leave(w);
}

static int worker_life(void *ctx)
{
	struct worker w = { .settings = *(const struct settings **)ctx };
	struct sigaction sa = { .sa_handler = on_term };
	sigset_t term;

	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	w.me.worker = (struct wire_worker){ (uint32_t)getpid(), (uint64_t)time(NULL), ids_random64() };
	w.asker = nano_asker_open(w.settings->jobs_address, READY_REPEAT_MS);
	if (!w.asker) {
		log_error("bus", "cannot open %s: %s", w.settings->jobs_address, strerror(errno));
		return 1;
	}
	w.signals = signals_open(w.settings, w.settings->own_signals);
	w.store = store_open(&w.settings->store);
	work_on(&w);
	store_close(w.store);
	signals_close(w.signals);
	nano_asker_close(w.asker);
	buf_fini(&w.answers);
	buf_fini(&w.out);
	return 0;
}

static bool reload(void *ctx)
{
	const struct settings *s = settings_reload();

	if (s)
		*(const struct settings **)ctx = s;
	return s != NULL;
}

static void tick(void *ctx)
{
	counters_write((*(const struct settings **)ctx)->metrics_dir, "bus");
}

int door_bus(const struct settings *s)
{
	struct pool pool = { .name = "bus", .workers = s->bus_workers, .work = worker_life, .ctx = &s,
		.reload = reload, .tick = tick, .grace_s = GRACE_S, .stuck_s = STUCK_S };

	counters_share();
	return pool_run(&pool);
}
