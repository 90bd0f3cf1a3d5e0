/*
 * wheel: see wheel.h. Slots are lists; a bitmap of used slots tells how long the loop may sleep.
 *
 * Room: relay/engineio. Pure; calls nothing.
 * Entries further away than one turn stay in their slot and are looked at once a turn.
 */
#include <string.h>

#include "wheel.h"

static void slot_put(struct wheel *w, struct wheel_entry *e)
{
	unsigned slot = (unsigned)(e->due_tick % WHEEL_SLOTS);
	struct wheel_entry **head = &w->slots[slot];

	e->next = *head;
	e->link = head;
	if (e->next)
		e->next->link = &e->next;
	*head = e;
	w->used[slot / 64] |= 1ull << slot % 64;
}

void wheel_init(struct wheel *w, uint64_t now_ms)
{
	memset(w, 0, sizeof *w);
	w->tick = now_ms / WHEEL_TICK_MS;
}

void wheel_cancel(struct wheel_entry *e)
{
	if (!e->link)
		return;
	*e->link = e->next;
	if (e->next)
		e->next->link = e->link;
	e->next = NULL;
	e->link = NULL;
}

bool wheel_armed(const struct wheel_entry *e)
{
	return e->link != NULL;
}

void wheel_set(struct wheel *w, struct wheel_entry *e, uint64_t due_ms, void (*fn)(struct wheel_entry *e))
{
	uint64_t tick = due_ms / WHEEL_TICK_MS + (due_ms % WHEEL_TICK_MS != 0);

	wheel_cancel(e);
	e->due_tick = tick > w->tick ? tick : w->tick + 1;
	e->fn = fn;
	slot_put(w, e);
}

/* Takes the whole list off its slot, so that entries set by callbacks land behind it. */
static void slot_run(struct wheel *w, unsigned slot, uint64_t tick)
{
	struct wheel_entry *run = w->slots[slot];

	w->slots[slot] = NULL;
	w->used[slot / 64] &= ~(1ull << slot % 64);
	if (run)
		run->link = &run;
	while (run) {
		struct wheel_entry *e = run;

		wheel_cancel(e);
		if (e->due_tick > tick)
			slot_put(w, e);
		else
			e->fn(e);
	}
}

void wheel_advance(struct wheel *w, uint64_t now_ms)
{
	uint64_t now = now_ms / WHEEL_TICK_MS;
	uint64_t from = w->tick + 1;

	if (now < from)
		return;
	if (now - from >= WHEEL_SLOTS)
		from = now - WHEEL_SLOTS + 1;   /* one turn meets every slot */
	w->tick = now;
	for (uint64_t t = from; t <= now; t++) {
		unsigned slot = (unsigned)(t % WHEEL_SLOTS);

		if (w->used[slot / 64] & 1ull << slot % 64)
			slot_run(w, slot, now);
	}
}

uint64_t wheel_next(const struct wheel *w)
{
	for (unsigned i = 1; i <= WHEEL_SLOTS; ) {
		uint64_t tick = w->tick + i;
		unsigned slot = (unsigned)(tick % WHEEL_SLOTS);
		uint64_t bits = w->used[slot / 64] >> slot % 64;

		if (bits)
			return (tick + (unsigned)__builtin_ctzll(bits)) * WHEEL_TICK_MS;
		i += 64 - slot % 64;
	}
	return WHEEL_NEVER;
}
