/*
 * backlog: places in two lists, those in turn and those that rest, and a map by their rooms.
 *
 * Room: relay/chat, pure.
 */
#include "backlog.h"

#include <stdlib.h>
#include <sys/queue.h>
#include "map.h"

#define IDS_FIRST 16

struct backlog_place {
	TAILQ_ENTRY(backlog_place) next;
	struct slice rooms;            /* owned */
	uint64_t *ids;                 /* owned; [head, head + count) */
	size_t head, count, cap;
	size_t out;                    /* the first of them are out */
	bool mixed;                    /* not ascending */
	bool rests;
};

TAILQ_HEAD(place_list, backlog_place);

struct backlog {
	struct map *by_rooms;
	struct place_list ready, resting;
	size_t count, ready_places;
	struct backlog_row *rows;      /* those that are out; owned */
	size_t row_count, row_cap;
};

struct backlog *backlog_new(void)
{
	struct backlog *b = mem_zero(1, sizeof(*b));

	b->by_rooms = map_new();
	TAILQ_INIT(&b->ready);
	TAILQ_INIT(&b->resting);
	return b;
}

static struct place_list *list_of(struct backlog *b, const struct backlog_place *p)
{
	return p->rests ? &b->resting : &b->ready;
}

static void leave_list(struct backlog *b, struct backlog_place *p)
{
	TAILQ_REMOVE(list_of(b, p), p, next);
	b->ready_places -= !p->rests;
}

static void enter_list(struct backlog *b, struct backlog_place *p)
{
	TAILQ_INSERT_TAIL(list_of(b, p), p, next);
	b->ready_places += !p->rests;
}

static void place_free(struct backlog *b, struct backlog_place *p)
{
	leave_list(b, p);
	map_remove(b->by_rooms, p->rooms);
	free((char *)p->rooms.p);
	free(p->ids);
	free(p);
}

void backlog_free(struct backlog *b)
{
	struct backlog_place *p;

	if (!b)
		return;
	while ((p = TAILQ_FIRST(&b->ready)) || (p = TAILQ_FIRST(&b->resting)))
		place_free(b, p);
	map_free(b->by_rooms);
	free(b->rows);
	free(b);
}

static struct backlog_place *place_of(struct backlog *b, struct slice rooms)
{
	struct backlog_place *p = map_find(b->by_rooms, rooms);

	if (p)
		return p;
	p = mem_zero(1, sizeof(*p));
	p->rooms = (struct slice){ mem_copy(rooms), rooms.n };
	map_put(b->by_rooms, rooms, p);
	enter_list(b, p);
	return p;
}

static void make_room(struct backlog_place *p)
{
	if (p->head + p->count < p->cap)
		return;
	if (p->head > p->cap / 2) {
		memmove(p->ids, p->ids + p->head, p->count * sizeof(*p->ids));
		p->head = 0;
		return;
	}
	p->cap = p->cap ? p->cap * 2 : IDS_FIRST;
	p->ids = mem_resize(p->ids, p->cap * sizeof(*p->ids));
}

void backlog_add(struct backlog *b, struct slice rooms, uint64_t id)
{
	struct backlog_place *p = place_of(b, rooms);

	make_room(p);
	p->mixed |= p->count > 0 && p->ids[p->head + p->count - 1] > id;
	p->ids[p->head + p->count++] = id;
	b->count++;
}

size_t backlog_count(const struct backlog *b)
{
	return b->count;
}

bool backlog_has(const struct backlog *b, struct slice rooms, uint64_t id)
{
	const struct backlog_place *p = map_find(b->by_rooms, rooms);

	for (size_t i = 0; p && i < p->count; i++)
		if (p->ids[p->head + i] == id)
			return true;
	return false;
}

bool backlog_has_older(const struct backlog *b, struct slice rooms, uint64_t id)
{
	const struct backlog_place *p = map_find(b->by_rooms, rooms);

	for (size_t i = 0; p && i < p->count; i++)
		if (p->ids[p->head + i] < id)
			return true;
	return false;
}

bool backlog_ready(const struct backlog *b)
{
	return b->ready_places > 0;
}

/* ---- out and back ---- */

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int by_id(const void *a, const void *b)
{
	return by_number(&((const struct backlog_row *)a)->id, &((const struct backlog_row *)b)->id);
}

static void take_from(struct backlog *b, struct backlog_place *p, size_t most)
{
	if (p->mixed)
		qsort(p->ids + p->head, p->count, sizeof(*p->ids), by_number);
	p->mixed = false;
	p->out = p->count < most ? p->count : most;
	for (size_t i = 0; i < p->out; i++)
		b->rows[b->row_count++] = (struct backlog_row){ p->ids[p->head + i], p, false };
	/* its next turn comes after all others' */
	leave_list(b, p);
	enter_list(b, p);
}

struct backlog_row *backlog_take(struct backlog *b, size_t most, size_t *count_r)
{
	size_t places = b->ready_places < most ? b->ready_places : most;

	if (most > b->row_cap) {
		b->row_cap = most;
		b->rows = mem_resize(b->rows, most * sizeof(*b->rows));
	}
	b->row_count = 0;
	/* what the first places leave of their shares goes to those behind them */
	for (; places > 0; places--)
		take_from(b, TAILQ_FIRST(&b->ready), (most - b->row_count) / places);
	if (b->row_count)
		qsort(b->rows, b->row_count, sizeof(*b->rows), by_id);
	return backlog_out(b, count_r);
}

struct backlog_row *backlog_out(struct backlog *b, size_t *count_r)
{
	*count_r = b->row_count;
	return b->row_count ? b->rows : NULL;
}

void backlog_settle(struct backlog *b)
{
	struct backlog_place *p, *next;

	/* From the last down: those that stay move up to what was not out. */
	for (size_t i = b->row_count; i-- > 0; ) {
		p = b->rows[i].place;
		if (b->rows[i].stays)
			p->ids[p->head + --p->out] = b->rows[i].id;
	}
	for (size_t i = 0; i < b->row_count; i++) {
		p = b->rows[i].place;
		p->out = 0;
		if (b->rows[i].stays)
			continue;
		p->head++;
		p->count--;
		b->count--;
	}
	b->row_count = 0;
	for (p = TAILQ_FIRST(&b->ready); p; p = next) {
		next = TAILQ_NEXT(p, next);
		if (p->count == 0)
			place_free(b, p);
	}
}

/* ---- rest ---- */

static void set_rests(struct backlog *b, struct backlog_place *p, bool rests)
{
	leave_list(b, p);
	p->rests = rests;
	enter_list(b, p);
}

void backlog_rest(struct backlog *b, struct backlog_place *p)
{
	if (!p->rests)
		set_rests(b, p, true);
}

bool backlog_rests(const struct backlog_place *p)
{
	return p->rests;
}

void backlog_wake(struct backlog *b, bool (*may)(void *ctx, struct slice rooms), void *ctx)
{
	struct backlog_place *p, *next;

	for (p = TAILQ_FIRST(&b->resting); p; p = next) {
		next = TAILQ_NEXT(p, next);
		if (may(ctx, p->rooms))
			set_rests(b, p, false);
	}
}

/* ---- over a restart ---- */

struct saved {
	uint32_t rooms_len, count;     /* the rooms and the ids follow */
};

static void save_list(const struct place_list *list, struct buf *out)
{
	const struct backlog_place *p;

	TAILQ_FOREACH(p, list, next) {
		struct saved head = { (uint32_t)p->rooms.n, (uint32_t)p->count };

		buf_put(out, &head, sizeof(head));
		buf_put_slice(out, p->rooms);
		buf_put(out, p->ids + p->head, p->count * sizeof(*p->ids));
	}
}

void backlog_save(const struct backlog *b, struct buf *out)
{
	save_list(&b->ready, out);
	save_list(&b->resting, out);
}

int backlog_load(struct backlog *b, struct slice saved)
{
	struct saved head;
	struct slice rooms;
	uint64_t id;

	while (saved.n >= sizeof(head)) {
		memcpy(&head, saved.p, sizeof(head));
		saved = slice_behind(saved, sizeof(head));
		if (saved.n < head.rooms_len || (saved.n - head.rooms_len) / sizeof(id) < head.count)
			return -1;
		rooms = (struct slice){ saved.p, head.rooms_len };
		saved = slice_behind(saved, rooms.n);
		for (; head.count; head.count--) {
			memcpy(&id, saved.p, sizeof(id));
			saved = slice_behind(saved, sizeof(id));
			backlog_add(b, rooms, id);
		}
	}
	return saved.n ? -1 : 0;
}
