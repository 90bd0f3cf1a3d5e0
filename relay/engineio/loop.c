/*
 * loop: libev behind the names of engineio.h: timers, readable descriptors, signals, the end of a pass.
 *
 * Room: relay/engineio. Calls libev.
 * All that is written to peers leaves in ev_prepare, just before the loop sleeps, so that a pass with a thousand
 * messages costs each peer one write.
 */
#include <ev.h>
#include <sched.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "loop.h"

#define HOOKS_MAX 16
#define BEAT_MS 250      /* the loop sleeps no longer */
#define STOOD_MS 750     /* between two passes: the process did not run, or not us */
#define ROUNDS_MAX 8     /* of reap, settle, flush in one pass; what is left then waits for the next pass */

struct phase_hook {
	enum eio_phase phase;
	bool (*fn)(void *ctx);
	void *ctx;
};

struct settle_hook {
	void (*fn)(void *ctx);
	void *ctx;
};

struct eio_loop {
	struct ev_loop *ev;
	ev_prepare before_sleep;
	ev_check after_sleep;
	ev_timer again;                    /* makes the next sleep end at once */
	ev_timer beat;
	uint64_t now_ms, woke_ms;          /* our time, and the machine's of the last pass */
	uint64_t stood_ms;                 /* by how much ours is less, in all */
	bool stood;
	struct phase_hook phases[HOOKS_MAX];
	struct settle_hook settles[HOOKS_MAX];
	unsigned phase_count, settle_count;
	struct loop_signal *signals;
};

struct eio_timer {
	ev_timer ev;
	struct eio_loop *loop;
	uint64_t due_ms;                   /* by our time; of one that repeats 0 */
	void (*fn)(void *ctx);
	void *ctx;
};

struct eio_watch {
	ev_io ev;
	struct ev_loop *loop;
	void (*fn)(void *ctx);
	void *ctx;
};

struct loop_signal {
	ev_signal ev;
	struct loop_signal *next;
	void (*fn)(void *ctx, int signum);
	void *ctx;
};

static bool run_phase(struct eio_loop *l, enum eio_phase phase)
{
	bool did = false;

	for (unsigned i = 0; i < l->phase_count; i++)
		if (l->phases[i].phase == phase)
			did |= l->phases[i].fn(l->phases[i].ctx);
	return did;
}

static void on_prepare(struct ev_loop *ev, ev_prepare *w, int revents)
{
	struct eio_loop *l = w->data;
	bool did = true, wrote = false, flushed;

	(void)revents;
	for (int round = 0; did && round < ROUNDS_MAX; round++) {
		did = run_phase(l, EIO_PHASE_REAP);
		for (unsigned i = 0; i < l->settle_count; i++)
			l->settles[i].fn(l->settles[i].ctx);
		flushed = run_phase(l, EIO_PHASE_FLUSH);
		did |= flushed;
		wrote |= flushed;
	}
	if (did && !ev_is_active(&l->again)) {
		ev_timer_set(&l->again, 0., 0.);
		ev_timer_start(ev, &l->again);
	}
	/*
	 * Those whom we just wrote to and who wait for this processor go first: what they say then is read in one pass. Asleep
	 * we would be woken by the first word of the first of them, and by the next.
	 */
	if (wrote)
		sched_yield();
}

/*
 * A time in which the process stood still (a virtual machine that was paused, SIGSTOP) is nobody's: what peers said meanwhile
 * was not read, and no deadline may pass before it is. Slow passes one after the other are not that, but load.
 */
static void on_check(struct ev_loop *ev, ev_check *w, int revents)
{
	struct eio_loop *l = w->data;
	uint64_t now = (uint64_t)clock_mono_ms(), gap = now - l->woke_ms;

	(void)ev, (void)revents;
	l->woke_ms = now;
	if (gap > STOOD_MS && !l->stood)
		l->stood_ms += gap - BEAT_MS;
	l->stood = gap > STOOD_MS;
	l->now_ms = now - l->stood_ms;
}

static void on_nothing(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev, (void)w, (void)revents;
}

struct eio_loop *eio_loop_new(void)
{
	struct ev_loop *ev = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);

	if (!ev) {
		log_error("loop", "cannot create an epoll loop");
		return NULL;
	}
	struct eio_loop *l = mem_zero(1, sizeof *l);
	l->ev = ev;
	l->now_ms = l->woke_ms = (uint64_t)clock_mono_ms();
	ev_prepare_init(&l->before_sleep, on_prepare);
	ev_check_init(&l->after_sleep, on_check);
	ev_timer_init(&l->again, on_nothing, 0., 0.);
	ev_timer_init(&l->beat, on_nothing, BEAT_MS / 1e3, BEAT_MS / 1e3);
	l->before_sleep.data = l->after_sleep.data = l;
	ev_set_priority(&l->after_sleep, EV_MAXPRI);   /* the clock first, then everybody else */
	ev_prepare_start(ev, &l->before_sleep);
	ev_check_start(ev, &l->after_sleep);
	ev_timer_start(ev, &l->beat);
	return l;
}

void eio_loop_free(struct eio_loop *l)
{
	if (!l)
		return;
	ev_prepare_stop(l->ev, &l->before_sleep);
	ev_check_stop(l->ev, &l->after_sleep);
	ev_timer_stop(l->ev, &l->again);
	ev_timer_stop(l->ev, &l->beat);
	while (l->signals) {
		struct loop_signal *s = l->signals;

		l->signals = s->next;
		ev_signal_stop(l->ev, &s->ev);
		free(s);
	}
	ev_loop_destroy(l->ev);
	free(l);
}

void eio_loop_run(struct eio_loop *l)
{
	ev_run(l->ev, 0);
}

void eio_loop_stop(struct eio_loop *l)
{
	ev_break(l->ev, EVBREAK_ALL);
}

uint64_t eio_loop_now_ms(const struct eio_loop *l)
{
	return l->now_ms;
}

uint64_t eio_loop_stood_ms(const struct eio_loop *l)
{
	return l->stood_ms;
}

const uint64_t *eio_loop_clock(const struct eio_loop *l)
{
	return &l->now_ms;
}

struct ev_loop *eio_loop_ev(struct eio_loop *l)
{
	return l->ev;
}

void eio_loop_on_phase(struct eio_loop *l, enum eio_phase phase, bool (*fn)(void *ctx), void *ctx)
{
	if (l->phase_count == HOOKS_MAX) {
		log_error("loop", "more than %d phase hooks", HOOKS_MAX);
		abort();
	}
	l->phases[l->phase_count++] = (struct phase_hook){ phase, fn, ctx };
}

void eio_loop_off_phase(struct eio_loop *l, void *ctx)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < l->phase_count; i++)
		if (l->phases[i].ctx != ctx)
			l->phases[kept++] = l->phases[i];
	l->phase_count = kept;
}

void eio_loop_on_settle(struct eio_loop *l, void (*fn)(void *ctx), void *ctx)
{
	if (l->settle_count == HOOKS_MAX) {
		log_error("loop", "more than %d settle callbacks", HOOKS_MAX);
		abort();
	}
	l->settles[l->settle_count++] = (struct settle_hook){ fn, ctx };
}

/* ---- timers ---- */

static void on_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct eio_timer *t = w->data;

	(void)revents;
	if (t->due_ms > t->loop->now_ms) {   /* the process stood still meanwhile */
		ev_timer_set(w, (double)(t->due_ms - t->loop->now_ms) / 1000., 0.);
		ev_timer_start(ev, w);
		return;
	}
	t->fn(t->ctx);
}

static void timer_start(struct eio_timer *t, uint64_t delay_ms, uint64_t repeat_ms)
{
	ev_now_update(t->loop->ev);   /* the delay counts from now, not from when the pass began */
	t->due_ms = repeat_ms ? 0 : t->loop->now_ms + delay_ms;
	ev_timer_set(&t->ev, (double)delay_ms / 1000., (double)repeat_ms / 1000.);
	ev_timer_start(t->loop->ev, &t->ev);
}

struct eio_timer *eio_timer_new(struct eio_loop *l, uint64_t delay_ms, uint64_t repeat_ms,
				void (*fn)(void *ctx), void *ctx)
{
	struct eio_timer *t = mem_zero(1, sizeof *t);

	t->loop = l;
	t->fn = fn;
	t->ctx = ctx;
	ev_timer_init(&t->ev, on_timer, 0., 0.);
	t->ev.data = t;
	timer_start(t, delay_ms, repeat_ms);
	return t;
}

void eio_timer_again(struct eio_timer *t, uint64_t delay_ms, uint64_t repeat_ms)
{
	ev_timer_stop(t->loop->ev, &t->ev);
	timer_start(t, delay_ms, repeat_ms);
}

void eio_timer_free(struct eio_timer *t)
{
	if (!t)
		return;
	ev_timer_stop(t->loop->ev, &t->ev);
	free(t);
}

/* ---- descriptors and signals ---- */

static void on_readable(struct ev_loop *ev, ev_io *w, int revents)
{
	struct eio_watch *watch = w->data;

	(void)ev, (void)revents;
	watch->fn(watch->ctx);
}

struct eio_watch *eio_watch_new(struct eio_loop *l, int fd, void (*fn)(void *ctx), void *ctx)
{
	struct eio_watch *w = mem_zero(1, sizeof *w);

	w->loop = l->ev;
	w->fn = fn;
	w->ctx = ctx;
	ev_io_init(&w->ev, on_readable, fd, EV_READ);
	w->ev.data = w;
	ev_io_start(l->ev, &w->ev);
	return w;
}

void eio_watch_free(struct eio_watch *w)
{
	if (!w)
		return;
	ev_io_stop(w->loop, &w->ev);
	free(w);
}

static void on_unix_signal(struct ev_loop *ev, ev_signal *w, int revents)
{
	struct loop_signal *s = w->data;

	(void)ev, (void)revents;
	s->fn(s->ctx, w->signum);
}

int eio_loop_on_signal(struct eio_loop *l, int signum, void (*fn)(void *ctx, int signum), void *ctx)
{
	if (signum <= 0 || signum >= 65)
		return -1;
	struct loop_signal *s = mem_zero(1, sizeof *s);
	s->fn = fn;
	s->ctx = ctx;
	ev_signal_init(&s->ev, on_unix_signal, signum);
	s->ev.data = s;
	ev_signal_start(l->ev, &s->ev);
	s->next = l->signals;
	l->signals = s;
	return 0;
}
