/*
 * acks: acknowledgements that the server waits for.
 *
 * Room: relay/socketio. Calls the loop's timers and map.
 * A client may leave as many unanswered as the application asks, and answer in any order: by id, and a map only while
 * somebody waits.
 */
#include "acks.h"
#include "map.h"

#include <stdlib.h>

struct sio_ack {
	struct sio_acks *list;
	uint64_t id;
	struct eio_timer *timer;
	struct sio_socket *socket;
	sio_answer_fn *fn;
	void *ctx;
};

static struct slice key_of(const uint64_t *id)
{
	return (struct slice){ (const char *)id, sizeof(*id) };
}

/* Unlinks first and calls last: fn may end the socket in which the list lives. */
static void ack_finish(struct sio_ack *k, const struct sio_answer *answer)
{
	struct sio_acks *a = k->list;

	map_remove(a->waiting, key_of(&k->id));
	if (map_count(a->waiting) == 0) {
		map_free(a->waiting);
		a->waiting = NULL;
	}
	if (k->timer)
		eio_timer_free(k->timer);
	k->fn(k->ctx, k->socket, answer);
	free(k);
}

static void on_timeout(void *ctx)
{
	ack_finish(ctx, &(struct sio_answer){ .outcome = SIO_ANSWER_TIMEOUT });
}

void sio_acks_add(struct sio_acks *a, struct eio_loop *loop, uint64_t id, unsigned timeout_ms,
		  struct sio_socket *s, sio_answer_fn *fn, void *ctx)
{
	struct sio_ack *k = mem_alloc(sizeof(*k));

	*k = (struct sio_ack){ .list = a, .id = id, .socket = s, .fn = fn, .ctx = ctx };
	if (timeout_ms)
		k->timer = eio_timer_new(loop, timeout_ms, 0, on_timeout, k);
	if (!a->waiting)
		a->waiting = map_new();
	map_put(a->waiting, key_of(&id), k);
}

int sio_acks_answer(struct sio_acks *a, uint64_t id, const struct sio_answer *answer)
{
	struct sio_ack *k = a->waiting ? map_find(a->waiting, key_of(&id)) : NULL;

	if (k)
		ack_finish(k, answer);
	return k != NULL;
}

static int take_first(void *ctx, struct slice key, void *value)
{
	(void)key;
	*(struct sio_ack **)ctx = value;
	return 1;
}

void sio_acks_end(struct sio_acks *a)
{
	struct sio_ack *k;

	while (a->waiting && map_each(a->waiting, take_first, &k))
		ack_finish(k, &(struct sio_answer){ .outcome = SIO_ANSWER_GONE });
}
