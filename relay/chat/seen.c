/*
 * seen: when the people who left were last here.
 *
 * Room: relay/chat. Calls ids and json.
 * Open addressing; nothing is taken out of a table: who is back stays in it with 0. When the young table has half of
 * all, it becomes the old one, and the one before is dropped whole.
 */
#include "seen.h"

#include <stdlib.h>
#include <time.h>
#include "ids.h"
#include "json.h"

#define CAP_FIRST 64                   /* slots, a power of two as all caps */

struct slot {
	int64_t id;                    /* 0: free */
	int64_t when;                  /* 0: is back */
};

struct table {
	struct slot *slots;
	size_t cap, count;
};

struct seen {
	struct table young, old;
	size_t half;
};

struct seen *seen_new(size_t most)
{
	struct seen *s = mem_zero(1, sizeof(*s));

	s->half = most / 2;
	return s;
}

void seen_free(struct seen *s)
{
	if (!s)
		return;
	free(s->young.slots);
	free(s->old.slots);
	free(s);
}

/* The slot of a person, or the free one that would be; NULL when the table has none at all. */
static struct slot *slot_of(const struct table *t, int64_t id)
{
	size_t at = (size_t)((uint64_t)id * 0x9e3779b97f4a7c15u >> 32);

	if (!t->cap)
		return NULL;
	while (t->slots[at & (t->cap - 1)].id && t->slots[at & (t->cap - 1)].id != id)
		at++;
	return &t->slots[at & (t->cap - 1)];
}

/* At least half of the slots stay free. */
static void grow(struct table *t)
{
	struct table wider = { .cap = t->cap ? t->cap * 2 : CAP_FIRST, .count = t->count };

	if (t->cap && t->count < t->cap / 2)
		return;
	wider.slots = mem_zero(wider.cap, sizeof(struct slot));
	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i].id)
			*slot_of(&wider, t->slots[i].id) = t->slots[i];
	free(t->slots);
	*t = wider;
}

void seen_put(struct seen *s, struct slice user, int64_t when)
{
	struct slot *slot;
	int64_t id;

	if (ids_parse(user, &id) < 0)
		return;
	if (s->young.count >= s->half) {
		free(s->old.slots);
		s->old = s->young;
		s->young = (struct table){ NULL, 0, 0 };
	}
	grow(&s->young);
	slot = slot_of(&s->young, id);
	s->young.count += slot->id == 0;
	*slot = (struct slot){ id, when };
}

void seen_forget(struct seen *s, struct slice user)
{
	struct slot *slot;
	int64_t id;

	if (ids_parse(user, &id) < 0)
		return;
	if ((slot = slot_of(&s->young, id)))
		slot->when = 0;
	if ((slot = slot_of(&s->old, id)))
		slot->when = 0;
}

int64_t seen_find(const struct seen *s, struct slice user)
{
	const struct slot *young, *old;
	int64_t id;

	if (ids_parse(user, &id) < 0)
		return 0;
	young = slot_of(&s->young, id);
	old = slot_of(&s->old, id);
	if (young && young->id && young->when)
		return young->when;
	return old && old->id ? old->when : 0;
}

void seen_put_member(struct buf *b, int64_t when)
{
	time_t at = (time_t)when;
	char text[32];
	struct tm tm;

	if (when && gmtime_r(&at, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		json_put_text_member(b, "last_seen", slice_of(text));
	else
		json_put_raw_member(b, "last_seen", SLICE("null"));
}
