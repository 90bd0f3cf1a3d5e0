/*
 * limits: token buckets.
 *
 * Room: relay/chat, pure.
 * A campus sits behind one address: the buckets per address are wide and only stop a flood.
 */
#include "limits.h"

#include <stdlib.h>
#include "map.h"
#include "network.h"

#define LIMITS_UNIT 8192               /* bytes of an event that cost as much as the event itself */
#define LIMITS_KEPT_MAX 200000         /* remembered; past it new ones pass until the next sweep */

struct rate {
	double per_second, burst;
};

/* The table: by class, for a user and for an address. */
static const struct rate user_rates[RATE_CLASSES] = {
	[RATE_SEND]    = { 20, 200 },
	[RATE_RECEIPT] = { 100, 1000 },
	[RATE_OTHER]   = { 20, 200 },
	[RATE_CONNECT] = { 1, 20 },    /* of a session */
	[RATE_TYPING]  = { 5, 30 },
};
static const struct rate address_rates[RATE_CLASSES] = {
	[RATE_SEND]    = { 2000, 10000 },
	[RATE_RECEIPT] = { 10000, 50000 },
	[RATE_OTHER]   = { 2000, 10000 },
	[RATE_CONNECT] = { 200, 2000 },
	[RATE_TYPING]  = { 2000, 10000 },
};

struct bucket {
	double tokens;
	uint64_t at_ms;                /* 0: never used, full */
};

struct account {                       /* a user's or an address's buckets */
	struct bucket buckets[RATE_CLASSES];
};

struct limits {
	struct map *users, *addresses;
};

struct limits *limits_new(void)
{
	struct limits *l = mem_zero(1, sizeof(*l));

	l->users = map_new();
	l->addresses = map_new();
	return l;
}

static int free_account(void *ctx, struct slice key, void *value)
{
	(void)ctx;
	(void)key;
	free(value);
	return 0;
}

void limits_free(struct limits *l)
{
	if (!l)
		return;
	map_each(l->users, free_account, NULL);
	map_each(l->addresses, free_account, NULL);
	map_free(l->users);
	map_free(l->addresses);
	free(l);
}

static struct account *account_of(struct map *m, struct slice name)
{
	struct account *a;

	if (name.n == 0)
		return NULL;
	a = map_find(m, name);
	if (!a && map_count(m) < LIMITS_KEPT_MAX) {
		a = mem_zero(1, sizeof(*a));
		map_put(m, name, a);
	}
	return a;
}

/* Fills up to now. */
static void bucket_fill(struct bucket *b, const struct rate *r, uint64_t now_ms)
{
	if (b->at_ms == 0) {
		b->tokens = r->burst;
	} else if (now_ms > b->at_ms) {
		b->tokens += (double)(now_ms - b->at_ms) * r->per_second / 1000;
		if (b->tokens > r->burst)
			b->tokens = r->burst;
	}
	b->at_ms = now_ms ? now_ms : 1;
}

/* The same; how long until there is a whole token, 0: there is one. */
static uint64_t bucket_wait(struct bucket *b, const struct rate *r, uint64_t now_ms)
{
	bucket_fill(b, r, now_ms);
	return b->tokens >= 1 ? 0 : (uint64_t)((1 - b->tokens) * 1000 / r->per_second) + 1;
}

uint64_t limits_take(struct limits *l, enum rate_class rate, struct slice user, struct slice address, size_t size,
		uint64_t now_ms)
{
	double cost = (double)(1 + size / LIMITS_UNIT);
	char text[NETWORK_MAX];
	struct account *u = account_of(l->users, user);
	struct account *a = account_of(l->addresses, network_of(address, text));
	uint64_t wait = 0, other = 0;

	if (u)
		wait = bucket_wait(&u->buckets[rate], &user_rates[rate], now_ms);
	if (a)
		other = bucket_wait(&a->buckets[rate], &address_rates[rate], now_ms);
	if (wait || other)
		return wait > other ? wait : other;
	if (u)
		u->buckets[rate].tokens -= cost;
	if (a)
		a->buckets[rate].tokens -= cost;
	return 0;
}

struct sweep {
	struct map *map;
	const struct rate *rates;
	uint64_t now_ms;
};

static int sweep_account(void *ctx, struct slice key, void *value)
{
	struct sweep *s = ctx;
	struct account *a = value;

	for (size_t i = 0; i < RATE_CLASSES; i++) {
		bucket_fill(&a->buckets[i], &s->rates[i], s->now_ms);
		if (a->buckets[i].tokens < s->rates[i].burst)
			return 0;
	}
	map_remove(s->map, key);
	free(a);
	return 0;
}

void limits_sweep(struct limits *l, uint64_t now_ms)
{
	struct sweep users = { l->users, user_rates, now_ms }, addresses = { l->addresses, address_rates, now_ms };

	map_each(l->users, sweep_account, &users);
	map_each(l->addresses, sweep_account, &addresses);
}
