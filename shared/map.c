/*
 * map: byte-string keys to borrowed pointers, over uthash.
 *
 * Room: shared (foundation). Calls buf, siphash and uthash.
 * The key lives inside its entry, so one allocation makes an entry.
 */
#include "map.h"
#include "siphash.h"

#include <stdlib.h>

static uint64_t secret[2];             /* of this process */

#define HASH_FUNCTION(key, n, hash_r) ((hash_r) = (unsigned)siphash(secret, (key), (n)))
#define uthash_malloc(n) mem_alloc(n)   /* ends the process as everything here does without memory */
#define uthash_free(p, n) free(p)
#include <uthash.h>

struct entry {
	UT_hash_handle hh;             /* knows the key's length */
	void *value;
	char key[];
};

struct map {
	struct entry *entries;
};

struct map *map_new(void)
{
	if (!secret[0])
		siphash_key(secret);
	return mem_zero(1, sizeof(struct map));
}

void map_free(struct map *m)
{
	struct entry *e, *next;

	if (!m)
		return;
	HASH_ITER(hh, m->entries, e, next) {
		HASH_DEL(m->entries, e);
		free(e);
	}
	free(m);
}

static struct entry *map_entry(const struct map *m, struct slice key)
{
	struct entry *e;

	HASH_FIND(hh, m->entries, key.n ? key.p : "", key.n, e);
	return e;
}

void *map_put(struct map *m, struct slice key, void *value)
{
	struct entry *e = map_entry(m, key);
	void *old;

	if (e) {
		old = e->value;
		e->value = value;
		return old;
	}
	e = mem_zero(1, sizeof(*e) + key.n + 1);
	e->value = value;
	if (key.n)
		memcpy(e->key, key.p, key.n);
	HASH_ADD(hh, m->entries, key, key.n, e);
	return NULL;
}

void *map_find(const struct map *m, struct slice key)
{
	struct entry *e = map_entry(m, key);

	return e ? e->value : NULL;
}

void *map_remove(struct map *m, struct slice key)
{
	struct entry *e = map_entry(m, key);
	void *value;

	if (!e)
		return NULL;
	value = e->value;
	HASH_DEL(m->entries, e);
	free(e);
	return value;
}

size_t map_count(const struct map *m)
{
	return HASH_COUNT(m->entries);
}

int map_each(struct map *m, int (*fn)(void *ctx, struct slice key, void *value), void *ctx)
{
	struct entry *e, *next;
	int stop;

	for (e = m->entries; e; e = next) {
		next = e->hh.next;
		stop = fn(ctx, (struct slice){ e->key, e->hh.keylen }, e->value);
		if (stop)
			return stop;
	}
	return 0;
}
