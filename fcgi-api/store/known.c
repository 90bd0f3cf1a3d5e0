/*
 * known: a table of fixed size, in which each uuid has one place.
 *
 * Room: fcgi-api/store, inside. Pure.
 */
#include "known.h"
#include "fnv.h"
#include "ids.h"

#include <stdlib.h>

#define PLACES 4096

struct known {
	struct {
		int64_t id;
		char uuid[IDS_UUID_LEN];
	} places[PLACES];
};

struct known *known_new(void)
{
	return mem_zero(1, sizeof(struct known));
}

void known_free(struct known *k)
{
	free(k);
}

/* The uuids of rooms are hashes already, those that other programs made may not be. */
static size_t place_of(struct slice uuid)
{
	uint32_t h = fnv32(uuid);

	return (h ^ h >> 15) % PLACES;
}

int64_t known_find(const struct known *k, struct slice uuid)
{
	size_t at = place_of(uuid);

	if (uuid.n != IDS_UUID_LEN || memcmp(k->places[at].uuid, uuid.p, IDS_UUID_LEN) != 0)
		return 0;
	return k->places[at].id;
}

void known_put(struct known *k, struct slice uuid, int64_t id)
{
	size_t at = place_of(uuid);

	if (uuid.n != IDS_UUID_LEN)
		return;
	memcpy(k->places[at].uuid, uuid.p, IDS_UUID_LEN);
	k->places[at].id = id;
}

void known_forget(struct known *k, struct slice uuid)
{
	if (known_find(k, uuid))
		k->places[place_of(uuid)].id = 0;
}
