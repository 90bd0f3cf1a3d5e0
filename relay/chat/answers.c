/*
 * answers: a short list of held answers, sorted when it is let go.
 *
 * Room: relay/chat. Called by dispatch; calls effects and commands. Everybody in a room hears one order,
 * which is id order. A socket's own answers stay in the order emitted: one without a message of its own
 * sorts with the message before it on that socket.
 */
#include "answers.h"

#include <stdlib.h>
#include "commands.h"
#include "effects.h"

struct held {
	uint64_t order, arrival;       /* message id, and the order they came in */
	uint64_t job, command;
	char *effects;                 /* owned */
	size_t len;
};

struct answers {
	struct held *list;
	size_t count, cap;
	uint64_t arrivals;
	uint64_t round;                /* a new one begins when none is held: what a line knew of the last is past */
};

struct answers *answers_new(void)
{
	return mem_zero(1, sizeof(struct answers));
}

void answers_free(struct answers *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->count; i++)
		free(a->list[i].effects);
	free(a->list);
	free(a);
}

void answers_hold(struct hall *h, uint64_t job, struct command *c, struct slice effects)
{
	struct answers *a = h->answers;
	struct slice room;
	uint64_t id = effects_message(effects, &room);

	if (a->count == 0)
		a->round++;
	/* ids go down when a database comes back without its end: only those held together are compared */
	if (c->line->order_round != a->round)
		c->line->order = 0;
	c->line->order_round = a->round;
	if (id > c->line->order)
		c->line->order = id;
	targets_learn(h->targets, c->target, room);
	c->state = COMMAND_HELD;
	if (a->count == a->cap) {
		a->cap = a->cap ? a->cap * 2 : WIRE_JOB_COMMANDS;
		a->list = mem_resize(a->list, a->cap * sizeof(*a->list));
	}
	a->list[a->count++] = (struct held){
		.order = c->line->order,
		.arrival = ++a->arrivals,
		.job = job,
		.command = c->id,
		.effects = mem_copy(effects),
		.len = effects.n,
	};
}

static int by_order(const void *pa, const void *pb)
{
	const struct held *a = pa, *b = pb;

	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->arrival < b->arrival ? -1 : 1;
}

size_t answers_release(struct hall *h, uint64_t before)
{
	struct answers *a = h->answers;
	struct held *go;
	size_t n = 0, stay = 0;

	if (a->count == 0)
		return 0;
	go = mem_alloc(a->count * sizeof(*go));
	for (size_t i = 0; i < a->count; i++) {
		if (a->list[i].job < before)
			go[n++] = a->list[i];
		else
			a->list[stay++] = a->list[i];
	}
	a->count = stay;
	qsort(go, n, sizeof(*go), by_order);
	for (size_t i = 0; i < n; i++) {
		struct command *c = commands_find(h, go[i].command);
		struct slice effects = { go[i].effects, go[i].len };

		effects_apply(h, c, effects);
		if (c)
			commands_end(h, c);
		free(go[i].effects);
	}
	free(go);
	return stay;
}

uint64_t answers_oldest(const struct answers *a)
{
	uint64_t oldest = 0;

	for (size_t i = 0; i < a->count; i++)
		if (oldest == 0 || a->list[i].job < oldest)
			oldest = a->list[i].job;
	return oldest;
}
