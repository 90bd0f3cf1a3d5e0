/*
 * holes: an ascending array of ranges.
 *
 * Room: relay/chat, pure.
 * A range's first and last id are always unseen; `seen` (bit = id - base) is there once something between them is not.
 */
#include "holes.h"

#include <stdlib.h>

#define JOIN 16                        /* so many seen ids between two holes still make one range */

struct hole {
	uint64_t first, last, base;
	uint64_t born_ms, asked_ms;
	uint8_t *seen;                 /* owned; NULL: nothing in the range was seen */
};

struct holes {
	struct hole *list;
	size_t count, cap;
	uint64_t high, dropped;
	unsigned young_ms;
};

struct holes *holes_new(unsigned young_ms)
{
	struct holes *h = mem_zero(1, sizeof(*h));

	h->young_ms = young_ms;
	return h;
}

/* Removes `n` ranges from `at` on. */
static void remove_ranges(struct holes *h, size_t at, size_t n)
{
	for (size_t i = at; i < at + n; i++)
		free(h->list[i].seen);
	memmove(&h->list[at], &h->list[at + n], (h->count - at - n) * sizeof(*h->list));
	h->count -= n;
}

void holes_free(struct holes *h)
{
	if (!h)
		return;
	if (h->count)
		remove_ranges(h, 0, h->count);
	free(h->list);
	free(h);
}

void holes_start(struct holes *h, uint64_t high)
{
	if (h->count)
		remove_ranges(h, 0, h->count);
	h->high = high;
}

uint64_t holes_high(const struct holes *h)
{
	return h->high;
}

/* Index of the first range that ends at or behind id (count when none). */
static size_t range_at(const struct holes *h, uint64_t id)
{
	size_t lo = 0, hi = h->count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (h->list[mid].last < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool bit_get(const struct hole *r, uint64_t id)
{
	uint64_t bit = id - r->base;

	return r->seen && (r->seen[bit / 8] >> (bit % 8) & 1);
}

static void bit_set(struct hole *r, uint64_t id)
{
	uint64_t bit;

	if (!r->seen) {
		r->base = r->first;
		r->seen = mem_zero(1, (r->last - r->first) / 8 + 1);
	}
	bit = id - r->base;
	r->seen[bit / 8] |= (uint8_t)(1u << (bit % 8));
}

bool holes_have(const struct holes *h, uint64_t id)
{
	size_t i = range_at(h, id);

	return i < h->count && h->list[i].first <= id && !bit_get(&h->list[i], id);
}

/* A new range at an index; when the list is full the one that waited longest goes. */
static void insert_range(struct holes *h, size_t at, struct hole r)
{
	if (h->count == HOLES_MAX) {
		size_t oldest = 0;

		for (size_t i = 1; i < h->count; i++)
			if (h->list[i].born_ms < h->list[oldest].born_ms)
				oldest = i;
		remove_ranges(h, oldest, 1);
		h->dropped++;
		if (oldest < at)
			at--;
	}
	if (h->count == h->cap) {
		h->cap = h->cap ? h->cap * 2 : 64;
		h->list = mem_resize(h->list, h->cap * sizeof(*h->list));
	}
	memmove(&h->list[at + 1], &h->list[at], (h->count - at) * sizeof(*h->list));
	h->list[at] = r;
	h->count++;
}

/* Drops seen ids from both ends; removes the range when nothing is left. */
static void trim_range(struct holes *h, size_t i)
{
	struct hole *r = &h->list[i];

	while (r->first <= r->last && bit_get(r, r->first))
		r->first++;
	while (r->first < r->last && bit_get(r, r->last))
		r->last--;
	if (r->first > r->last)
		remove_ranges(h, i, 1);
}

/*
 * Makes the part of a wide range around an id one of its own, so narrow that it can be a map: rows that come in strides would
 * otherwise leave a range between each two. A full list may drop any of them.
 */
static void cut_out(struct holes *h, size_t i, uint64_t id)
{
	struct hole head = h->list[i], part = head, tail = head;

	part.first = id - (id - head.first) % HOLES_WHOLE_MAX;
	if (head.last - part.first >= HOLES_WHOLE_MAX)
		part.last = part.first + HOLES_WHOLE_MAX - 1;
	h->list[i] = part;
	if (part.last < tail.last) {
		tail.first = part.last + 1;
		insert_range(h, i + 1, tail);
	}
	if (head.first < part.first) {
		head.last = part.first - 1;
		insert_range(h, range_at(h, head.first), head);
	}
}

bool holes_seen(struct holes *h, uint64_t id)
{
	size_t i = range_at(h, id);

	if (!holes_have(h, id))
		return false;
	if (h->list[i].last - h->list[i].first >= HOLES_WHOLE_MAX) {
		cut_out(h, i, id);
		i = range_at(h, id);
		if (!holes_have(h, id))
			return true;
	}
	if (h->list[i].first == h->list[i].last) {
		remove_ranges(h, i, 1);
	} else {
		bit_set(&h->list[i], id);
		trim_range(h, i);
	}
	return true;
}

/*
 * The ids first..last are missing; joins them to the range before when that was noted in the same pass and
 * is close.
 */
static void note_missing(struct holes *h, uint64_t first, uint64_t last, uint64_t now_ms, bool *joinable)
{
	struct hole *prev = h->count ? &h->list[h->count - 1] : NULL;

	if (*joinable && prev && first - prev->last - 1 <= JOIN &&
	    last - prev->first < HOLES_WHOLE_MAX) {
		uint64_t from = prev->last + 1;
		uint8_t *map = mem_zero(1, HOLES_WHOLE_MAX / 8);

		if (prev->seen)
			memcpy(map, prev->seen, (size_t)(prev->last - prev->base) / 8 + 1);
		else
			prev->base = prev->first;
		free(prev->seen);
		prev->seen = map;
		prev->last = last;
		for (uint64_t id = from; id < first; id++)
			bit_set(prev, id);
		return;
	}
	insert_range(h, h->count, (struct hole){ .first = first, .last = last, .born_ms = now_ms });
	*joinable = true;
}

void holes_advance(struct holes *h, const uint64_t *ids, size_t count, uint64_t upto, uint64_t now_ms)
{
	uint64_t next = h->high + 1;
	bool joinable = false;

	if (upto <= h->high)
		return;
	for (size_t i = 0; i < count; i++) {
		if (ids[i] < next || ids[i] > upto)
			continue;
		if (ids[i] > next)
			note_missing(h, next, ids[i] - 1, now_ms, &joinable);
		next = ids[i] + 1;
	}
	if (next <= upto)
		note_missing(h, next, upto, now_ms, &joinable);
	h->high = upto;
}

void holes_raise(struct holes *h, uint64_t upto)
{
	if (upto > h->high)
		h->high = upto;
}

void holes_back(struct holes *h, uint64_t max)
{
	size_t i = range_at(h, max + 1);

	if (i < h->count && h->list[i].first <= max) {
		h->list[i].last = max;
		while (bit_get(&h->list[i], h->list[i].last))
			h->list[i].last--;
		i++;
	}
	if (i < h->count)
		remove_ranges(h, i, h->count - i);
	h->high = max;
}

static void forget_old(struct holes *h, uint64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->count; i++) {
		if (now_ms - h->list[i].born_ms > HOLES_LIFE_MS)
			free(h->list[i].seen);
		else
			h->list[kept++] = h->list[i];
	}
	h->count = kept;
}

/* What is asked for: of the young, which may still turn up, up to three quarters; each kind in turn. */
struct due {
	struct hole *hole;
	bool young;
};

static int by_turn(const void *pa, const void *pb)
{
	const struct due *x = pa, *y = pb;
	const struct hole *a = x->hole, *b = y->hole;

	if (x->young != y->young)
		return x->young ? -1 : 1;
	if (a->asked_ms != b->asked_ms)
		return a->asked_ms < b->asked_ms ? -1 : 1;
	return a->first < b->first ? -1 : 1;
}

static int by_first(const void *a, const void *b)
{
	uint64_t x = ((const struct wire_range *)a)->first, y = ((const struct wire_range *)b)->first;

	return x < y ? -1 : x > y;
}

size_t holes_due(struct holes *h, uint64_t now_ms, struct wire_range *out, size_t most, size_t ids_most)
{
	struct due due[HOLES_MAX];
	size_t n = 0, count = 0, ids = 0;

	forget_old(h, now_ms);
	for (size_t i = 0; i < h->count; i++) {
		struct hole *r = &h->list[i];
		bool young = now_ms - r->born_ms < h->young_ms;

		if (young || !r->asked_ms || now_ms - r->asked_ms >= HOLES_SLOW_MS)
			due[count++] = (struct due){ r, young };
	}
	if (count == 0)
		return 0;
	qsort(due, count, sizeof(*due), by_turn);
	for (size_t i = 0; i < count; i++) {
		struct hole *r = due[i].hole;
		size_t width = r->seen ? (size_t)(r->last - r->first + 1) : 0;
		size_t ranges_free = due[i].young ? most - most / 4 : most, ids_free = due[i].young ? ids_most - ids_most / 4 : ids_most;

		if (n >= ranges_free || ids + width > ids_free)
			continue;
		r->asked_ms = now_ms;
		out[n++] = (struct wire_range){ r->first, r->last };
		ids += width;
	}
	qsort(out, n, sizeof(*out), by_first);
	return n;
}

uint64_t holes_cursor(const struct holes *h, uint64_t now_ms)
{
	for (size_t i = 0; i < h->count; i++)
		if (now_ms - h->list[i].born_ms < h->young_ms)
			return h->list[i].first - 1;
	return h->high;
}

size_t holes_count(const struct holes *h)
{
	return h->count;
}

uint64_t holes_dropped(const struct holes *h)
{
	return h->dropped;
}

/* ---- from one relay to the next ---- */

struct saved_hole {
	uint64_t first, last, base, age_ms, seen_len;   /* seen_len bytes follow */
};

static size_t seen_len(const struct hole *r)
{
	return r->seen ? (size_t)(r->last - r->base) / 8 + 1 : 0;
}

void holes_save(const struct holes *h, uint64_t now_ms, struct buf *b)
{
	buf_put(b, &h->high, sizeof(h->high));
	for (size_t i = 0; i < h->count; i++) {
		const struct hole *r = &h->list[i];
		struct saved_hole s = { r->first, r->last, r->base, now_ms - r->born_ms, seen_len(r) };

		buf_put(b, &s, sizeof(s));
		buf_put(b, r->seen, s.seen_len);
	}
}

int holes_load(struct holes *h, uint64_t now_ms, uint64_t elapsed_ms, struct slice saved)
{
	uint64_t next = 1;

	if (saved.n < sizeof(h->high))
		return -1;
	holes_start(h, 0);
	memcpy(&h->high, saved.p, sizeof(h->high));
	saved = slice_behind(saved, sizeof(h->high));
	while (saved.n >= sizeof(struct saved_hole)) {
		struct saved_hole s;
		struct hole r = { 0 };

		memcpy(&s, saved.p, sizeof(s));
		saved = slice_behind(saved, sizeof(s));
		r = (struct hole){ .first = s.first, .last = s.last, .base = s.base };
		if (s.first < next || s.last < s.first || s.last > h->high || s.seen_len > saved.n ||
		    h->count == HOLES_MAX)
			return -1;
		if (s.seen_len) {
			if (s.last - s.first >= HOLES_WHOLE_MAX || s.base > s.first || s.seen_len != (s.last - s.base) / 8 + 1 ||
			    s.last - s.base >= 2 * HOLES_WHOLE_MAX)
				return -1;
			/* (a range that grew had room for a whole one) */
			r.seen = mem_zero(1, 2 * HOLES_WHOLE_MAX / 8);
			memcpy(r.seen, saved.p, s.seen_len);
			saved = slice_behind(saved, s.seen_len);
		}
		s.age_ms += elapsed_ms;
		r.born_ms = now_ms > s.age_ms ? now_ms - s.age_ms : 0;
		insert_range(h, h->count, r);
		next = s.last + 1;
	}
	return saved.n ? -1 : 0;
}
