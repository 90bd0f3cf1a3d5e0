/*
 * bus: the two doors, and what comes in by them.
 *
 * Room: relay. Calls workers, nano, wire, engineio's loop.
 */
#include "workers.h"

#include <errno.h>
#include <stdlib.h>
#include "fault.h"
#include "ids.h"
#include "map.h"

#define BUS_DRAIN 64                   /* messages per call from the loop, which stays fair */
#define BUS_TICK_MS 50

static void bad_message(struct bus *b, const char *what)
{
	static struct log_limit limit;

	b->stats.malformed++;
	if (log_limited(&limit, LOG_LEVEL_WARN, 5))
		log_warn("bus", "%s dropped", what);
	bus_report(b, BUS_TROUBLE, 0, 0, SLICE_NONE);
}

static bool effects_are_sound(struct slice effects)
{
	struct wire_effect e;
	int more;

	while ((more = wire_next_effect(&effects, &e)) == 1)
		;
	return more == 0;
}

static bool answers_are_sound(struct slice answers)
{
	struct slice effects;
	uint64_t command;
	int more;

	while ((more = wire_next_answer(&answers, &command, &effects)) == 1)
		if (!effects_are_sound(effects))
			return false;
	return more == 0;
}

/* ANSWERS are repeated until they are replied to: each job's count once. */
static void on_answers(struct bus *b, struct worker *w, const struct wire_ready *r, struct slice answers)
{
	static struct log_limit foreign, late;
	struct job *j = w->job && w->job->id == r->answers ? w->job : NULL;
	struct slice effects;
	uint64_t command;

	if (r->boot != b->boot) {
		b->stats.answers_foreign++;
		if (log_limited(&foreign, LOG_LEVEL_INFO, 5))
			log_info("bus", "answers of worker %u are for an earlier relay", w->name.pid);
		bus_report(b, BUS_TROUBLE, 0, 0, SLICE_NONE);
		return;
	}
	if (r->answers == w->answered)
		return;
	if (!answers_are_sound(answers)) {
		bad_message(b, "malformed ANSWERS");
		if (j)
			job_lost(b, j, "malformed answers");
		return;
	}
	FAULT("relay.answers");
	w->answered = r->answers;
	if (!j) {
		b->stats.answers_late++;
		if (log_limited(&late, LOG_LEVEL_INFO, 5))
			log_info("bus", "answers to job %llu came late", (unsigned long long)r->answers);
	}
	while (wire_next_answer(&answers, &command, &effects) == 1) {
		b->stats.answers++;
		bus_report(b, BUS_ANSWER, r->answers, command, effects);
	}
	if (j) {
		job_free(b, j);
		bus_report(b, BUS_DONE, r->answers, 0, SLICE_NONE);
	}
}

static void on_request(struct bus *b, const struct nano_peer *peer, int kind, struct slice rest)
{
	struct wire_ready r;
	struct worker *w;

	if (wire_take_ready(&rest, &r) < 0 || (kind == WIRE_READY && (rest.n > 0 || r.answers))) {
		bad_message(b, "malformed READY");
		return;
	}
	w = worker_of(b, &r.worker);
	w->seen_ms = b->seen_ms = eio_loop_now_ms(b->loop);
	b->heard = true;
	w->asking = *peer;
	w->state = kind == WIRE_ANSWERS ? WORKER_OWED : WORKER_IDLE;
	if (kind == WIRE_ANSWERS) {
		worker_rank(b, w, r.state);
		on_answers(b, w, &r, rest);
	}
	if (r.state == WIRE_LEAVING) {
		worker_ack(b, w);
		worker_free(b, w);
		return;
	}
	worker_check_last(b, w, &r);
}

static void on_jobs_readable(void *ctx)
{
	struct bus *b = ctx;
	struct nano_peer peer;
	struct slice message, rest;

	for (int i = 0; i < BUS_DRAIN && nano_take(b->jobs_sock, &peer, &message) == 1; i++) {
		int kind;

		rest = message;
		kind = wire_take_kind(&rest);
		if (kind == WIRE_READY || kind == WIRE_ANSWERS)
			on_request(b, &peer, kind, rest);
		else
			bad_message(b, "foreign message on jobs");
		nano_free(message);
	}
}

static void on_signals_readable(void *ctx)
{
	struct bus *b = ctx;
	struct slice message, rest;

	for (int i = 0; i < BUS_DRAIN && nano_take(b->signals_sock, NULL, &message) == 1; i++) {
		rest = message;
		if (wire_take_kind(&rest) == WIRE_SIGNAL && effects_are_sound(rest)) {
			b->stats.signals++;
			bus_report(b, BUS_SIGNAL, 0, 0, rest);
		} else {
			bad_message(b, "malformed SIGNAL");
		}
		nano_free(message);
	}
}

/* Once for each time that nobody works for this relay: what runs elsewhere, or as somebody else, does not know of it. */
static void tell_of_nobody(struct bus *b)
{
	bool nobody = eio_loop_now_ms(b->loop) - b->seen_ms >= BUS_SEEN_MS;

	if (nobody && !b->told_nobody)
		log_warn("bus", "nobody asks for work at %s: upred-api bus does not run, or as another user, or with another RUN_DIR",
			b->address);
	else if (b->told_nobody && !nobody)
		log_info("bus", "workers are here");
	b->told_nobody = nobody;
}

static void on_tick(void *ctx)
{
	workers_tick(ctx);
	tell_of_nobody(ctx);
}

/* ---- open and close ---- */

bool bus_alive(const struct bus *b)
{
	return b->heard && eio_loop_now_ms(b->loop) - b->seen_ms < BUS_SEEN_MS;
}

void bus_stats(const struct bus *b, struct bus_stats *out)
{
	*out = b->stats;
	out->idle = bus_idle(b);
	out->resting = workers_resting(b);
}

struct bus *bus_open(struct eio_loop *l, const struct bus_config *c, bus_callback *fn, void *ctx)
{
	struct bus *b = mem_zero(1, sizeof(*b));

	b->loop = l;
	b->fn = fn;
	b->ctx = ctx;
	TAILQ_INIT(&b->workers);
	TAILQ_INIT(&b->jobs);
	b->by_name = map_new();
	do
		b->boot = ids_random64();
	while (b->boot == 0);
	b->seen_ms = eio_loop_now_ms(l);
	b->address = mem_copy(slice_of(c->jobs_address));
	b->signals_sock = -1;
	b->jobs_sock = nano_listen_jobs(c->jobs_address);
	if (b->jobs_sock < 0)
		log_error("bus", "JOBS_ADDRESS %s: %s", c->jobs_address, strerror(errno));
	else if ((b->signals_sock = nano_listen_signals(c->signals_address)) < 0)
		log_error("bus", "SIGNALS_ADDRESS %s: %s", c->signals_address, strerror(errno));
	if (b->signals_sock < 0) {
		bus_close(b);
		return NULL;
	}
	b->jobs_watch = eio_watch_new(l, nano_descriptor(b->jobs_sock), on_jobs_readable, b);
	b->signals_watch = eio_watch_new(l, nano_descriptor(b->signals_sock), on_signals_readable, b);
	b->tick = eio_timer_new(l, BUS_TICK_MS, BUS_TICK_MS, on_tick, b);
	return b;
}

void bus_close(struct bus *b)
{
	struct job *j;
	struct worker *w;

	if (!b)
		return;
	eio_timer_free(b->tick);
	eio_watch_free(b->jobs_watch);
	eio_watch_free(b->signals_watch);
	while ((j = TAILQ_FIRST(&b->jobs)))
		job_free(b, j);
	while ((w = TAILQ_FIRST(&b->workers)))
		worker_free(b, w);
	if (b->jobs_sock >= 0)
		nano_close(b->jobs_sock);
	if (b->signals_sock >= 0)
		nano_close(b->signals_sock);
	map_free(b->by_name);
	buf_fini(&b->out);
	free(b->address);
	free(b);
}
