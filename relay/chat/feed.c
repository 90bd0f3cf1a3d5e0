/*
 * feed: sweeps over new rows of `mensajes`, one question at a time: SWEEP, then FETCH of what nobody pushed
 * yet.
 *
 * Room: relay/chat. Called by chat; calls commands, effects, holes, pushed and socketio. Rows that are to
 * be fetched stay noted until they were: a lost answer costs a second, never a message.
 */
#include "feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include "commands.h"
#include "effects.h"
#include "log.h"

#define SWEEP_RANGES 512               /* holes asked for in one sweep */
#define SWEEP_IDS 8192                 /* ids of joined ranges asked for in one sweep */
#define FETCH_MOST 64                  /* rows asked for with text at a time; a handler takes no more */
#define HURRY_GAP_MS 20                /* sweeps that trouble asks for are at least so far apart */
#define CATCH_UP_MS 3000               /* how long a new relay lets clients wait for what the old one left */
#define RETRY_AFTER_MS 200
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
	bool more;                     /* the last page was cut */
	bool again;                    /* go on at once */
	uint64_t begun_ms, failed_ms;  /* the last question, the last that failed */
	uint64_t *wanted;              /* ids to fetch; owned */
	size_t wanted_count, wanted_cap;
	size_t asked_count;            /* of them, those that are asked for now */
	struct buf scratch;
};

/* ---- feed.mark ---- */

/* `cursor unix_ms`, for the handlers of this machine; replaced whole. */
static void write_mark(struct feed *f)
{
	struct hall *h = f->hall;
	char path[512], fresh[520];
	struct timeval tv;
	FILE *out;

	gettimeofday(&tv, NULL);
	snprintf(path, sizeof(path), "%s/feed.mark", h->config.run_dir);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	out = fopen(fresh, "we");
	if (out) {
		fprintf(out, "%llu %llu\n",
			(unsigned long long)holes_cursor(h->holes, eio_loop_now_ms(h->loop)),
			(unsigned long long)tv.tv_sec * 1000 + (unsigned long long)tv.tv_usec / 1000);
		if (fclose(out) == 0 && rename(fresh, path) == 0)
			return;
	}
	if (log_limited(h->quiet, 5))
		log_warn("feed", "%s: %s", path, strerror(errno));
}

/* ---- fetching ---- */

static void on_fetched(void *ctx, struct slice effects, bool failed);

/* Asked again by the timer; noise of a failing database must not make a busy loop. */
static void note_failure(struct feed *f)
{
	f->hall->stats.sweeps_failed++;
	f->failed_ms = eio_loop_now_ms(f->hall->loop);
	f->again = false;
}

static void want(struct feed *f, uint64_t id)
{
	if (f->wanted_count == f->wanted_cap) {
		f->wanted_cap = f->wanted_cap ? f->wanted_cap * 2 : FETCH_MOST;
		f->wanted = mem_resize(f->wanted, f->wanted_cap * sizeof(*f->wanted));
	}
	f->wanted[f->wanted_count++] = id;
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void fetch(struct feed *f)
{
	qsort(f->wanted, f->wanted_count, sizeof(*f->wanted), by_id);
	f->asked_count = f->wanted_count < FETCH_MOST ? f->wanted_count : FETCH_MOST;
	f->busy = true;
	buf_reset(&f->scratch);
	wire_put_ids(&f->scratch, f->wanted, f->asked_count);
	commands_ask(f->hall, WIRE_FETCH, buf_slice(&f->scratch), on_fetched, f);
}

/*
 * Rows come by id, and an answer may end before the last of them (a message on the bus has its size). So
 * what lies behind the last row that came is asked for again; when none comes, all of them were deleted
 * meanwhile.
 */
static void drop_fetched(struct feed *f, uint64_t last)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->wanted_count; i++)
		if (i >= f->asked_count || (last > 0 && f->wanted[i] > last))
			f->wanted[kept++] = f->wanted[i];
	f->wanted_count = kept;
}

/*
 * Clients may come. Those who come back hear what was stored between two relays before anything newer, so it is
 * pushed first, unless there is too much of it.
 */
static void note_ready(const struct feed *f)
{
	struct hall *h = f->hall;
	bool behind = f->more || f->wanted_count > 0;

	if (h->feed_ready || h->stats.sweeps == 0 || (h->feed_handed && behind &&
			eio_loop_now_ms(h->loop) - h->started_ms < CATCH_UP_MS))
		return;
	h->feed_ready = true;
	log_info("feed", "first sweep: newest id %llu", (unsigned long long)holes_high(h->holes));
}

static void on_fetched(void *ctx, struct slice effects, bool failed)
{
	struct feed *f = ctx;
	struct slice rest = effects;
	struct wire_effect e;
	uint64_t last = 0;

	f->busy = false;
	if (failed) {
		note_failure(f);
		return;
	}
	while (wire_next_effect(&rest, &e) == 1)
		if (e.kind == WIRE_PUSH && (uint64_t)e.mensaje_id > last)
			last = (uint64_t)e.mensaje_id;
	effects_apply(f->hall, NULL, effects);
	f->hall->stats.fetched += f->asked_count;
	drop_fetched(f, last);
	note_ready(f);
	f->again = f->more || f->wanted_count > 0;
}

/* ---- sweeping ---- */

static bool room_open(struct hall *h, const char *prefix, struct slice name)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "%s%.*s", prefix, (int)name.n, name.p);

	if (n <= 0 || (size_t)n >= sizeof(text))
		return false;
	return sio_room_size(h->ns, (struct slice){ text, (size_t)n }) > 0;
}

static bool person_here(struct hall *h, uint64_t user)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "@%llu", (unsigned long long)user);

	return user && sio_room_size(h->ns, (struct slice){ text, (size_t)n }) > 0;
}

/* Does anybody here hear this row? */
static bool row_heard(struct hall *h, const struct wire_row *r)
{
	struct slice room = r->room_text;
	char text[37];

	if (room.n == 0) {
		wire_uuid_text(r->room, text);
		room = slice_of(text);
	}
	if (r->grouped)
		return room_open(h, "group_", room);
	return person_here(h, r->a) || person_here(h, r->b) || room_open(h, "chat_", room);
}

static void take_row(struct feed *f, const struct wire_row *r, bool first)
{
	struct hall *h = f->hall;
	uint64_t tag = pushed_tag(r->uuid);

	h->stats.rows++;
	if (first)
		pushed_add(h->pushed, r->id, tag);
	else if (!r->deleted && !pushed_has(h->pushed, r->id, tag) && row_heard(h, r))
		want(f, r->id);
}

/* The database went back (restore, failover, the newest rows deleted): begin again from there. */
static void check_went_back(struct hall *h, const struct wire_rows *head)
{
	if (head->max_id >= holes_high(h->holes))
		return;
	h->stats.went_back++;
	log_warn("feed", "newest id %llu is below %llu: the table went back",
		(unsigned long long)head->max_id, (unsigned long long)holes_high(h->holes));
	holes_back(h->holes, head->max_id);
}

/* Everything counts as pushed that is there when a relay begins, unless the one before left its memory. */
static bool first_sweep(const struct hall *h)
{
	return !h->feed_ready && !h->feed_handed;
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
	if (first)
		holes_start(h->holes, head.from);
	else
		check_went_back(h, &head);
	high = holes_high(h->holes);
	fresh = mem_alloc((head.count + 1) * sizeof(*fresh));
	while ((more = wire_next_row(&payload, &row)) == 1 && n < head.count) {
		if (row.id > high)
			fresh[n++] = row.id;
		else if (!holes_seen(h->holes, row.id))
			continue;
		take_row(f, &row, first);
	}
	qsort(fresh, n, sizeof(*fresh), by_id);
	/* A page that broke off says nothing about the ids behind its end. */
	if (more == 0)
		holes_advance(h->holes, fresh, n, head.upto, eio_loop_now_ms(h->loop));
	free(fresh);
	f->again = f->more = head.truncated;
	return more == 0 ? 0 : -1;
}

static void on_swept(void *ctx, struct slice effects, bool failed)
{
	struct feed *f = ctx;
	struct hall *h = f->hall;
	struct wire_effect e;
	int taken = -1;

	f->busy = false;
	while (!failed && wire_next_effect(&effects, &e) == 1)
		if (e.kind == WIRE_ROWS)
			taken = take_rows(f, e.payload);
	if (taken < 0) {
		note_failure(f);
		return;
	}
	h->stats.sweeps++;
	note_ready(f);
	write_mark(f);
	if (f->wanted_count == 0)
		return;
	/* The pages of a large backlog do not wait, one by one. */
	if (f->more) {
		fetch(f);
		return;
	}
	f->busy = f->standing = true;
	eio_timer_again(f->stand, STAND_MS, 0);
}

static void sweep(struct feed *f)
{
	struct hall *h = f->hall;
	struct wire_range ranges[SWEEP_RANGES];
	struct wire_sweep s = { .first = first_sweep(h) };

	if (!s.first) {
		s.high = holes_high(h->holes);
		s.holes = (uint16_t)holes_due(h->holes, eio_loop_now_ms(h->loop), ranges, SWEEP_RANGES,
				SWEEP_IDS);
	}
	f->busy = true;
	buf_reset(&f->scratch);
	wire_put_sweep(&f->scratch, &s, ranges);
	commands_ask(h, WIRE_SWEEP, buf_slice(&f->scratch), on_swept, f);
}

static void go_on(struct feed *f)
{
	if (f->busy || !bus_alive(f->hall->bus))
		return;
	f->begun_ms = eio_loop_now_ms(f->hall->loop);
	f->again = false;
	f->hall->feed_hurry = false;
	if (f->wanted_count > 0)
		fetch(f);
	else
		sweep(f);
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
	go_on(ctx);
}

void feed_settle(struct feed *f)
{
	uint64_t now = eio_loop_now_ms(f->hall->loop);

	if (f->failed_ms && now - f->failed_ms < RETRY_AFTER_MS)
		return;
	if (f->again || ((f->hall->feed_hurry || !f->hall->feed_ready) && now - f->begun_ms >= HURRY_GAP_MS))
		go_on(f);
}

void feed_save(const struct feed *f, struct buf *b)
{
	buf_put(b, f->wanted, f->wanted_count * sizeof(*f->wanted));
}

int feed_load(struct feed *f, struct slice saved)
{
	uint64_t id;

	if (saved.n % sizeof(id))
		return -1;
	for (; saved.n; saved = (struct slice){ saved.p + sizeof(id), saved.n - sizeof(id) }) {
		memcpy(&id, saved.p, sizeof(id));
		want(f, id);
	}
	return 0;
}

void feed_configure(struct feed *f)
{
	eio_timer_again(f->timer, f->hall->config.feed_interval_ms, f->hall->config.feed_interval_ms);
}

struct feed *feed_new(struct hall *h)
{
	struct feed *f = mem_zero(1, sizeof(*f));

	f->hall = h;
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
	free(f->wanted);
	buf_fini(&f->scratch);
	free(f);
}
