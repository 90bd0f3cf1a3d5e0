/*
 * rates: one number per person and class, moved without a lock.
 *
 * Room: fcgi-api. Calls ids, log and libc.
 * The number is the time at which everything asked for so far would have been answered at the even pace (the virtual
 * scheduling form of a leaky bucket, ITU-T I.371): who is further ahead than the burst waits. Two people who fall on
 * one place share it, which nobody notices below a flood; which ones do is drawn anew at each start.
 */
#include "rates.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "fnv.h"
#include "ids.h"
#include "log.h"

#define PLACES 16384  /* a power of two */
#define UNIT 8192     /* bytes of a body that cost as much as a request */

struct rate {
	unsigned per_second, burst;
};

static const struct rate rates[RATES_CLASSES] = {
	[RATES_READ]    = { 50, 500 },
	[RATES_WRITE]   = { 20, 200 },
	[RATES_ADDRESS] = { 2000, 10000 },
};

struct rates {
	uint64_t seed;
	_Atomic uint64_t due_us[RATES_CLASSES][PLACES];
};

struct rates *rates_new(void)
{
	struct rates *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (r == MAP_FAILED) {
		log_warn("rest", "no memory for rate limits: %s", strerror(errno));
		return NULL;
	}
	r->seed = ids_random64();
	return r;
}

/* Over the seed and the name, folded. */
static size_t place_of(const struct rates *r, struct slice who)
{
	uint64_t hash = fnv64(FNV64_BASIS ^ r->seed, who);

	return (hash ^ hash >> 32) & (PLACES - 1);
}

uint64_t rates_take(struct rates *r, enum rates_class class, struct slice who, size_t size, uint64_t now_us)
{
	_Atomic uint64_t *due = &r->due_us[class][place_of(r, who)];
	uint64_t step = 1000000 / rates[class].per_second, ahead = step * (rates[class].burst - 1);
	uint64_t was = atomic_load(due), next;

	do {
		if (was > now_us + ahead)
			return (was - now_us - ahead) / 1000 + 1;
		next = (was > now_us ? was : now_us) + step * (1 + size / UNIT);
	} while (!atomic_compare_exchange_weak(due, &was, next));
	return 0;
}
