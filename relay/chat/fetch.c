/*
 * fetch: one question at a time over the backlog.
 *
 * Room: relay/chat.
 */
#include "fetch.h"

#include <stdlib.h>
#include "commands.h"
#include "effects.h"
#include "fault.h"
#include "pace.h"

#define FETCH_MOST 64                  /* rows asked for at a time; a handler takes no more */
#define FULL (1u << 18)                /* rows noted; past it no room waits for its hearers */
#define WAKE_EVERY_MS 10               /* how often the queues of rooms that rest are looked at */

struct fetch {
	struct hall *hall;
	uint64_t woken_ms;
	size_t most;                   /* rows of the next question: fewer behind one that had no answer */
	void (*done)(void *ctx, bool failed);
	void *ctx;
	struct buf scratch;
};

struct fetch *fetch_new(struct hall *h)
{
	struct fetch *f = mem_zero(1, sizeof(*f));

	f->hall = h;
	f->most = FETCH_MOST;
	h->backlog = backlog_new();
	return f;
}

void fetch_free(struct fetch *f)
{
	if (!f)
		return;
	backlog_free(f->hall->backlog);
	f->hall->backlog = NULL;
	buf_fini(&f->scratch);
	free(f);
}

void fetch_add(struct fetch *f, struct slice rooms, uint64_t id)
{
	backlog_add(f->hall->backlog, rooms, id);
}

bool fetch_ready(const struct fetch *f)
{
	return backlog_ready(f->hall->backlog);
}

bool fetch_full(const struct fetch *f)
{
	return backlog_count(f->hall->backlog) >= FULL;
}

/* ---- one question ---- */

/* The row that an effect pushes, or NULL. */
static struct backlog_row *row_of(struct backlog_row *rows, size_t n, const struct wire_effect *e)
{
	size_t low = 0, high = n;

	if (e->kind != WIRE_PUSH || e->mensaje_id <= 0)
		return NULL;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (rows[mid].id < (uint64_t)e->mensaje_id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && rows[low].id == (uint64_t)e->mensaje_id ? &rows[low] : NULL;
}

/* Pushes one row, unless its rooms rest, or begin to: then it stays, and so do those behind it. */
static void push_row(struct fetch *f, struct backlog_row *row, const struct wire_effect *e, struct slice effect)
{
	struct hall *h = f->hall;

	if (!backlog_rests(row->place)) {
		if (fetch_full(f) || pace_may_go_on(h, e->rooms)) {
			effects_apply(h, NULL, effect);
			h->stats.fetched++;
			return;
		}
		backlog_rest(f->hall->backlog, row->place);
		h->stats.rested++;
	}
	row->stays = true;
}

/*
 * Rows come by id, and an answer may end before the last of them (a message on the bus has its size). So what lies
 * behind the last row that came is asked for again; when none comes, all of them were deleted meanwhile.
 */
static void on_fetched(void *ctx, struct slice effects, bool failed)
{
	struct fetch *f = ctx;
	struct slice rest = effects;
	struct wire_effect e;
	uint64_t last = 0;
	size_t n;
	struct backlog_row *row, *rows = backlog_out(f->hall->backlog, &n);

	FAULT("feed.fetched");
	while (!failed && rest.n > 0) {
		struct slice at = rest;

		if (wire_next_effect(&rest, &e) != 1)
			break;
		row = row_of(rows, n, &e);
		if (!row)
			continue;
		last = row->id;
		push_row(f, row, &e, (struct slice){ at.p, at.n - rest.n });
	}
	for (size_t i = 0; i < n; i++)
		if (failed || (last > 0 && rows[i].id > last))
			rows[i].stays = true;
	backlog_settle(f->hall->backlog);
	/* some may be too much together (texts wider than TEXT); in the end those of one room stop only that room */
	if (failed)
		f->most = (f->most + 3) / 4;
	else
		f->most = f->most * 2 < FETCH_MOST ? f->most * 2 : FETCH_MOST;
	f->done(f->ctx, failed);
}

void fetch_ask(struct fetch *f, void (*done)(void *ctx, bool failed), void *ctx)
{
	size_t n;
	const struct backlog_row *rows = backlog_take(f->hall->backlog, f->most, &n);

	f->done = done;
	f->ctx = ctx;
	buf_reset(&f->scratch);
	for (size_t i = 0; i < n; i++)
		wire_put_ids(&f->scratch, &rows[i].id, 1);
	commands_ask(f->hall, WIRE_FETCH, buf_slice(&f->scratch), on_fetched, f);
}

/* ---- rest ---- */

static bool may_begin(void *ctx, struct slice rooms)
{
	struct fetch *f = ctx;

	return fetch_full(f) || pace_may_begin(f->hall, rooms);
}

void fetch_wake(struct fetch *f)
{
	uint64_t now = eio_loop_now_ms(f->hall->loop);

	if (now - f->woken_ms < WAKE_EVERY_MS)
		return;
	f->woken_ms = now;
	backlog_wake(f->hall->backlog, may_begin, f);
}

/* ---- over a restart ---- */

void fetch_save(const struct fetch *f, struct buf *b)
{
	backlog_save(f->hall->backlog, b);
}

int fetch_load(struct fetch *f, struct slice saved)
{
	struct hall *h = f->hall;
	int loaded;

	backlog_free(h->backlog);
	h->backlog = backlog_new();
	loaded = backlog_load(h->backlog, saved);
	if (loaded < 0) {
		backlog_free(h->backlog);
		h->backlog = backlog_new();
	}
	return loaded;
}
