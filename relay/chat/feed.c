/*
 * feed: sweeps over new rows of `mensajes`, one question at a time: SWEEP, and in turn with it FETCH of what nobody
 * pushed yet.
 *
 * Room: relay/chat. Calls changes, commands, fetch, ahead, ears, holes, mark, pushed and socketio.
 */
#include "feed.h"

#include <stdlib.h>
#include "changes.h"
#include "commands.h"
#include "ears.h"
#include "fault.h"
#include "fetch.h"
#include "log.h"
#include "mark.h"

#define SWEEP_RANGES 512               /* holes asked for in one sweep */
#define SWEEP_IDS 8192                 /* ids of joined ranges asked for in one sweep */
#define PAGES_A_FETCH 4                /* of a large backlog: to find what is behind it, rooms that it does not concern */
#define BREATH_MS 20                   /* at most so long the bus belongs to others between two questions of many */
#define MARK_EVERY_MS 200
#define HURRY_GAP_MS 20                /* sweeps that trouble asks for are at least so far apart */
#define CATCH_UP_MS 3000               /* how long a new relay lets clients wait for what the old one left */
#define RETRY_AFTER_MS 200
#define TELL_AGAIN_MS 30000            /* that the database does not answer */
/*
 * InnoDB shows a row to readers a moment before its commit is written to the log: a crash in between takes it away, and
 * the next attempt stores it under another id. So rows must have stood so long before their text is asked for.
 */
#define STAND_MS 100

struct feed {
	struct hall *hall;
	struct eio_timer *timer, *stand;
	bool busy;                     /* a question is out, or rows are given time to stand */
	bool standing;
	bool due;                      /* a sweep is wanted, whatever else there is to do */
	bool more;                     /* the last page was cut */
	unsigned pages;                /* sweeps since the last fetch */
	uint64_t begun_ms, failed_ms;  /* the last question, the last that failed */
	uint64_t marked_ms;            /* when the mark was written */
	uint64_t high_asked;           /* high when the last sweep was asked for; ~0: that was a first one */
	uint64_t high_before;          /* high_asked of the last sweep that was answered; ~0: there is none */
	struct fetch *fetch;           /* rows to be fetched */
	struct buf scratch, rooms;
};

/* ---- from question to question ---- */

/* Asked again by the timer; noise of a failing database must not make a busy loop, nor fill the log. */
static void note_failure(struct feed *f)
{
	f->hall->stats.sweeps_failed++;
	f->failed_ms = eio_loop_now_ms(f->hall->loop);
	if (f->hall->feed_told_ms && f->failed_ms - f->hall->feed_told_ms < TELL_AGAIN_MS)
		return;
	log_warn("feed", "a question to the database had no answer; asked again");
	f->hall->feed_told_ms = f->failed_ms;
}

static void note_answer(struct feed *f)
{
	if (f->hall->feed_told_ms)
		log_info("feed", "the database answers again");
	f->hall->feed_told_ms = 0;
}

/* The next question, if there is one already, after so long. */
static void go_on_in(struct feed *f, uint64_t ms)
{
	if (!f->more && !fetch_ready(f->fetch))
		return;
	f->busy = f->standing = true;
	eio_timer_again(f->stand, ms ? ms : 1, 0);
}

/*
 * As long as the last question took, so that a flood leaves half of everything to others. Not when nobody here
 * waits for what it brought: what the fast way pushed must be passed quickly, as long as it is remembered.
 */
static uint64_t breath(const struct feed *f)
{
	uint64_t took = eio_loop_now_ms(f->hall->loop) - f->begun_ms;

	if (!fetch_ready(f->fetch))
		return 0;
	return took < BREATH_MS ? took : BREATH_MS;
}

/*
 * Clients may come. Those who come back hear what was stored between two relays before anything newer, so it is
 * pushed first, unless there is too much of it.
 */
static void note_ready(const struct feed *f)
{
	struct hall *h = f->hall;
	bool behind = f->more || fetch_ready(f->fetch);

	if (h->feed_ready || h->stats.sweeps == 0 ||
	    (h->feed_handed && behind && eio_loop_now_ms(h->loop) - h->started_ms < CATCH_UP_MS))
		return;
	h->feed_ready = true;
	log_info("feed", "first sweep: newest id %llu", (unsigned long long)holes_high(h->holes));
}

static void on_fetched(void *ctx, bool failed)
{
	struct feed *f = ctx;

	f->busy = false;
	if (failed) {
		note_failure(f);
		return;
	}
	note_answer(f);
	note_ready(f);
	go_on_in(f, breath(f));
}

/* ---- sweeping ---- */

/* Is anybody here in one of these rooms? */
static bool heard(struct hall *h, struct slice rooms)
{
	struct slice room;

	while (wire_next_room(&rooms, &room) == 1)
		if (sio_room_size(h->ns, room) > 0)
			return true;
	return false;
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void take_row(struct feed *f, const struct wire_row *r, bool first)
{
	struct hall *h = f->hall;
	uint64_t tag = pushed_tag(r->uuid);
	struct slice rooms;

	h->stats.rows++;
	if (first) {
		pushed_add(h->pushed, r->id, tag);
		return;
	}
	if (r->deleted || pushed_has(h->pushed, r->id, tag))
		return;
	rooms = ears_of(&f->rooms, r);
	if (heard(h, rooms))
		fetch_add(f->fetch, rooms, r->id);
}

/*
 * The database went back (restore, failover, the newest rows deleted): begin again from there, or from where the sweep
 * before began: what only pushes passed since then was never read, and its ids may be others' by now. True if it did.
 */
static bool went_back(struct feed *f, const struct wire_rows *head)
{
	struct hall *h = f->hall;
	uint64_t to = head->max_id < f->high_before ? head->max_id : f->high_before;

	if (head->max_id >= f->high_asked)
		return false;
	h->stats.went_back++;
	log_warn("feed", "newest id %llu is below %llu: the table went back",
		(unsigned long long)head->max_id, (unsigned long long)f->high_asked);
	f->high_before = to;
	holes_back(h->holes, to);
	ahead_forget(h->ahead);
	return true;
}

/* Everything counts as pushed that is there when a relay begins, unless the one before left its memory. */
static bool first_sweep(const struct hall *h)
{
	return !h->feed_ready && !h->feed_handed;
}

/* Up to here everything was seen, or is a hole from now on. */
static void advance(struct hall *h, uint64_t *fresh, size_t n, uint64_t upto)
{
	static struct log_limit limit;
	uint64_t dropped = holes_dropped(h->holes);

	qsort(fresh, n, sizeof(*fresh), by_id);
	holes_advance(h->holes, fresh, n, upto, eio_loop_now_ms(h->loop));
	dropped = holes_dropped(h->holes) - dropped;
	if (dropped && log_limited(&limit, LOG_LEVEL_WARN, 5))
		log_warn("feed", "too many holes: %llu are forgotten, rows that turn up in them are not pushed",
			(unsigned long long)dropped);
}

/* Malformed rows are -1: nothing of them was used beyond what cannot harm. */
static int take_rows(struct feed *f, struct slice payload)
{
	struct hall *h = f->hall;
	bool first = first_sweep(h);
	struct wire_rows head;
	struct wire_row row;
	uint64_t *fresh, high;
	size_t n = 0;
	int more;

	if (wire_take_rows(&payload, &head) < 0 || head.count > WIRE_MESSAGE_MAX / 16)
		return -1;
	if (!first && went_back(f, &head)) {
		f->more = true;        /* the next question begins there */
		return 0;
	}
	if (first)
		holes_start(h->holes, head.from);
	high = holes_high(h->holes);
	fresh = mem_alloc((head.count + 1) * sizeof(*fresh));
	while ((more = wire_next_row(&payload, &row)) == 1 && n < head.count) {
		if (row.id > high)
			fresh[n++] = row.id;
		else if (!holes_seen(h->holes, row.id))
			continue;
		take_row(f, &row, first);
	}
	/* A page that broke off says nothing about the ids behind its end. */
	if (more == 0) {
		advance(h, fresh, n, head.upto);
		ahead_swept(h->ahead, h->holes);
		f->high_before = f->high_asked;
	}
	free(fresh);
	f->more = head.flags & WIRE_ROWS_TRUNCATED;
	return more == 0 ? 0 : -1;
}

static void on_swept(void *ctx, struct slice effects, bool failed)
{
	struct feed *f = ctx;
	struct hall *h = f->hall;
	struct slice rest = effects;
	struct wire_effect e;
	int taken = -1;

	f->busy = false;
	while (!failed && wire_next_effect(&rest, &e) == 1)
		if (e.kind == WIRE_ROWS)
			taken = take_rows(f, e.payload);
	if (taken < 0) {
		note_failure(f);
		return;
	}
	note_answer(f);
	changes_tell(h, effects);
	FAULT("feed.swept");
	h->feed_swept_ms = eio_loop_now_ms(h->loop);
	h->stats.sweeps++;
	if (!f->more)
		h->feed_passed = h->feed_pass;
	note_ready(f);
	/* behind, it is renewed now and then: each is a file of its own */
	if (!f->more || h->feed_swept_ms - f->marked_ms >= MARK_EVERY_MS) {
		f->marked_ms = h->feed_swept_ms;
		mark_write(h);
	}
	/* The pages of a large backlog do not wait, one by one; the fetch between them does. */
	go_on_in(f, f->more ? breath(f) : STAND_MS);
}

static void sweep(struct feed *f)
{
	struct hall *h = f->hall;
	struct wire_range ranges[SWEEP_RANGES];
	struct wire_sweep s = { .first = first_sweep(h) };

	if (!s.first) {
		s.high = holes_high(h->holes);
		s.holes = (uint16_t)holes_due(h->holes, eio_loop_now_ms(h->loop), ranges, SWEEP_RANGES, SWEEP_IDS);
	}
	f->high_asked = s.first ? UINT64_MAX : s.high;
	f->busy = true;
	f->due = false;
	h->feed_pass += !f->more;
	f->pages++;
	h->feed_hurry = false;
	FAULT("feed.sweep");
	buf_reset(&f->scratch);
	wire_put_sweep(&f->scratch, &s, ranges);
	changes_ask(h, &f->scratch);
	commands_ask(h, WIRE_SWEEP, buf_slice(&f->scratch), on_swept, f);
}

/* Is the next question a sweep? In turn with fetches, so that neither is held up by the other. */
static bool sweep_next(const struct feed *f)
{
	if (!fetch_ready(f->fetch))
		return true;
	if (fetch_full(f->fetch))
		return false;
	return (f->due || f->more) && f->pages < (f->more ? PAGES_A_FETCH : 1);
}

static void go_on(struct feed *f)
{
	uint64_t now = eio_loop_now_ms(f->hall->loop);

	if (f->busy || !bus_alive(f->hall->bus))
		return;
	if (sweep_next(f)) {
		f->begun_ms = now;
		sweep(f);
	} else if (now - f->hall->feed_swept_ms < STAND_MS) {
		go_on_in(f, STAND_MS - (now - f->hall->feed_swept_ms));
	} else {
		f->busy = true;
		f->begun_ms = now;
		f->pages = 0;
		fetch_ask(f->fetch, on_fetched, f);
	}
}

static void on_stood(void *ctx)
{
	struct feed *f = ctx;

	if (!f->standing)
		return;
	f->busy = f->standing = false;
	go_on(f);
}

static void on_tick(void *ctx)
{
	struct feed *f = ctx;

	f->due = true;
	go_on(f);
}

void feed_settle(struct feed *f)
{
	uint64_t now = eio_loop_now_ms(f->hall->loop);

	if (f->failed_ms && now - f->failed_ms < RETRY_AFTER_MS)
		return;
	fetch_wake(f->fetch);
	if ((f->hall->feed_hurry || !f->hall->feed_ready || changes_due(f->hall)) && now - f->begun_ms >= HURRY_GAP_MS)
		f->due = true;
	if (f->due || fetch_ready(f->fetch))
		go_on(f);
}

void feed_save(const struct feed *f, struct buf *b)
{
	fetch_save(f->fetch, b);
}

int feed_load(struct feed *f, struct slice saved)
{
	return fetch_load(f->fetch, saved);
}

void feed_configure(struct feed *f)
{
	eio_timer_again(f->timer, f->hall->config.feed_interval_ms, f->hall->config.feed_interval_ms);
}

struct feed *feed_new(struct hall *h)
{
	struct feed *f = mem_zero(1, sizeof(*f));

	f->hall = h;
	f->high_before = UINT64_MAX;
	f->fetch = fetch_new(h);
	f->stand = eio_timer_new(h->loop, STAND_MS, 0, on_stood, f);
	f->timer = eio_timer_new(h->loop, h->config.feed_interval_ms, h->config.feed_interval_ms, on_tick, f);
	return f;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	eio_timer_free(f->timer);
	eio_timer_free(f->stand);
	fetch_free(f->fetch);
	buf_fini(&f->scratch);
	buf_fini(&f->rooms);
	free(f);
}
