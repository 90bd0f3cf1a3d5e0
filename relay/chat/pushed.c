/*
 * pushed: a set that forgets its oldest member: a ring of keys and an open-addressing index over it.
 *
 * Room: relay/chat, pure.
 */
#include "pushed.h"

#include <stdlib.h>

struct pushed_key {
	uint64_t id, tag;
};

struct pushed {
	struct pushed_key *ring;
	uint32_t *slots;               /* ring position + 1; 0: free. Four per key: short probes */
	size_t capacity, mask;
	size_t next, count;
};

struct pushed *pushed_new(size_t capacity)
{
	struct pushed *p = mem_zero(1, sizeof(*p));

	p->capacity = capacity;
	p->mask = capacity * 4 - 1;
	p->ring = mem_zero(capacity, sizeof(*p->ring));
	p->slots = mem_zero(capacity * 4, sizeof(*p->slots));
	return p;
}

void pushed_free(struct pushed *p)
{
	if (!p)
		return;
	free(p->ring);
	free(p->slots);
	free(p);
}

uint64_t pushed_tag(const uint8_t uuid[16])
{
	uint64_t half[2], tag;

	memcpy(half, uuid, sizeof(half));
	if (half[0] == 0 && half[1] == 0)
		return 0;
	/* the second half alone, mixed (the finalizer of MurmurHash3), then the first: equal only by chance */
	tag = half[1];
	tag = (tag ^ tag >> 33) * 0xff51afd7ed558ccdu;
	tag = (tag ^ tag >> 33) * 0xc4ceb9fe1a85ec53u;
	tag ^= tag >> 33 ^ half[0];
	return tag ? tag : 1;
}

static size_t home_of(const struct pushed *p, const struct pushed_key *k)
{
	uint64_t h = (k->id * 0x9e3779b97f4a7c15u) ^ k->tag;

	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	h ^= h >> 32;
	return h & p->mask;
}

/* The slot of a key, or the free slot where it would go. */
static size_t slot_of(const struct pushed *p, const struct pushed_key *k)
{
	size_t i = home_of(p, k);

	for (; p->slots[i]; i = (i + 1) & p->mask) {
		const struct pushed_key *at = &p->ring[p->slots[i] - 1];

		if (at->id == k->id && at->tag == k->tag)
			break;
	}
	return i;
}

/* Empties a slot and moves up what was pushed past it, so that no probe breaks off early. */
static void slot_clear(struct pushed *p, size_t i)
{
	size_t j = i;

	for (;;) {
		size_t home;

		p->slots[i] = 0;
		do {
			j = (j + 1) & p->mask;
			if (!p->slots[j])
				return;
			home = home_of(p, &p->ring[p->slots[j] - 1]);
		} while (((j - home) & p->mask) < ((j - i) & p->mask));
		p->slots[i] = p->slots[j];
		i = j;
	}
}

static struct pushed_key key_of(uint64_t id, uint64_t tag)
{
	return (struct pushed_key){ tag ? 0 : id, tag };
}

bool pushed_has(const struct pushed *p, uint64_t id, uint64_t tag)
{
	struct pushed_key k = key_of(id, tag);

	return p->slots[slot_of(p, &k)] != 0;
}

bool pushed_add(struct pushed *p, uint64_t id, uint64_t tag)
{
	struct pushed_key k = key_of(id, tag);

	if (p->slots[slot_of(p, &k)])
		return false;
	if (p->count == p->capacity)
		slot_clear(p, slot_of(p, &p->ring[p->next]));
	else
		p->count++;
	p->ring[p->next] = k;
	/* Looked up again: forgetting the oldest may have moved the free slot. */
	p->slots[slot_of(p, &k)] = (uint32_t)p->next + 1;
	p->next = (p->next + 1) & (p->capacity - 1);
	return true;
}

size_t pushed_count(const struct pushed *p)
{
	return p->count;
}

void pushed_save(const struct pushed *p, struct buf *b)
{
	size_t at = p->count < p->capacity ? 0 : p->next;

	for (size_t i = 0; i < p->count; i++)
		buf_put(b, &p->ring[(at + i) & (p->capacity - 1)], sizeof(*p->ring));
}

int pushed_load(struct pushed *p, struct slice saved)
{
	struct pushed_key k;

	if (saved.n % sizeof(k))
		return -1;
	for (; saved.n; saved = slice_behind(saved, sizeof(k))) {
		memcpy(&k, saved.p, sizeof(k));
		pushed_add(p, k.id, k.tag);
	}
	return 0;
}
