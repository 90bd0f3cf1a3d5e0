/*
 * ahead: a map of the ids above high, a bit each at its id modulo the map's size.
 *
 * Room: relay/chat, pure. Calls buf and holes.
 */
#include "ahead.h"

#include <stdlib.h>

struct ahead {
	uint64_t high;                 /* that of the holes when we last looked: bits of ids up to it are clear */
	uint8_t map[AHEAD_IDS / 8];
};

struct ahead *ahead_new(void)
{
	return mem_zero(1, sizeof(struct ahead));
}

void ahead_free(struct ahead *a)
{
	free(a);
}

void ahead_forget(struct ahead *a)
{
	memset(a->map, 0, sizeof(a->map));
}

static uint8_t *byte_of(struct ahead *a, uint64_t id)
{
	return &a->map[id % AHEAD_IDS / 8];
}

static uint8_t bit_of(uint64_t id)
{
	return (uint8_t)(1u << id % 8);
}

/* Looks where high is now. */
static void follow(struct ahead *a, uint64_t high)
{
	if (high < a->high || high - a->high >= AHEAD_IDS)
		ahead_forget(a);
	else
		for (uint64_t id = a->high + 1; id <= high; id++)
			*byte_of(a, id) &= (uint8_t)~bit_of(id);
	a->high = high;
}

void ahead_swept(struct ahead *a, struct holes *h)
{
	uint64_t next;

	follow(a, holes_high(h));
	for (next = a->high + 1; *byte_of(a, next) & bit_of(next); next++)
		*byte_of(a, next) &= (uint8_t)~bit_of(next);
	a->high = next - 1;
	holes_raise(h, a->high);
}

void ahead_pushed(struct ahead *a, struct holes *h, uint64_t id)
{
	follow(a, holes_high(h));
	if (id > a->high && id - a->high <= AHEAD_IDS)
		*byte_of(a, id) |= bit_of(id);
	ahead_swept(a, h);
}
