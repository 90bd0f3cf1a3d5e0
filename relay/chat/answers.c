/*
 * answers: a short list of held answers, sorted when it is let go.
 *
 * Room: relay/chat. Calls effects, commands and roomname.
 * Everybody in a room hears one order, which is id order. A socket's own answers stay in the order emitted: one without
 * a message of its own sorts with the message before it on that socket. Behind a send whose outcome nobody knows each
 * message of its room waits for the feed, which brings that one's if there is one. So it is until one has newly been
 * stored: the room's lock was free for it, so by then the other is stored or never will be. A repeat or a refusal, which
 * took no lock, proves nothing.
 */
#include "answers.h"

#include <stdlib.h>
#include "commands.h"
#include "effects.h"
#include "roomname.h"

#define DOUBT_MS 5000                  /* a feed that has no answer, or rests for a hearer, is waited for so long */

struct held {
	uint64_t order, arrival;       /* message id, and the order they came in */
	uint64_t job, command;
	uint64_t pass, until_ms;       /* in doubt: the pass of the feed it waits for, and how long; 0: it does not */
	bool proves;                   /* its message was stored by it, behind whatever the room was in doubt of */
	bool behind, stays;            /* an older job is out; that, or the feed, keeps it here */
	char *effects;                 /* owned */
	size_t len;
};

struct answers {
	struct held *list;
	size_t count, cap, doubtful;
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

static void wait_for_feed(struct hall *h, struct held *a)
{
	a->pass = h->feed_pass + 1;
	a->until_ms = eio_loop_now_ms(h->loop) + DOUBT_MS;
	h->answers->doubtful++;
	h->stats.doubtful++;
	h->feed_hurry = true;
}

bool answers_doubt(const struct hall *h, const struct command *c, struct slice effects)
{
	struct slice room;
	bool found;

	return lines_in_doubt(&h->lines, c) && effects_message(effects, &room, &found) > 0 &&
	       !(found && effects_passed(h, effects));
}

void answers_hold(struct hall *h, uint64_t job, struct command *c, struct slice effects)
{
	struct answers *a = h->answers;
	struct slice room;
	bool found;
	uint64_t id = effects_message(effects, &room, &found);

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
	a->list[a->count] = (struct held){
		.order = c->line->order,
		.arrival = ++a->arrivals,
		.job = job,
		.command = c->id,
		.proves = !found,
		.behind = true,
		.effects = mem_copy(effects),
		.len = effects.n,
	};
	if (answers_doubt(h, c, effects))
		wait_for_feed(h, &a->list[a->count]);
	a->count++;
}

void answers_late(struct hall *h, const struct command *c, struct slice effects)
{
	struct slice room;
	bool found, doubt;

	doubt = effects_message(effects, &room, &found) > 0 && h->lines.doubt[lines_place(roomname_uuid(room))];
	if (doubt || (c && lines_in_doubt(&h->lines, c)))
		h->feed_hurry = true;
	else
		effects_apply_late(h, effects);
}

size_t answers_doubtful(const struct answers *a)
{
	return a->doubtful;
}

/* Does the feed still owe what an answer waits for? */
static bool is_owed(const struct hall *h, const struct held *a)
{
	struct slice effects = { a->effects, a->len };

	if (!a->pass || eio_loop_now_ms(h->loop) >= a->until_ms || (!a->proves && effects_passed(h, effects)))
		return false;
	return h->feed_passed < a->pass || effects_overtake(h, effects);
}

/* A job's answers stay together: of one socket in the order emitted. */
static bool job_waits_for_feed(const struct hall *h, uint64_t job)
{
	const struct answers *a = h->answers;

	for (size_t i = 0; a->doubtful && i < a->count; i++)
		if (a->list[i].job == job && is_owed(h, &a->list[i]))
			return true;
	return false;
}

static int by_order(const void *pa, const void *pb)
{
	const struct held *a = pa, *b = pb;

	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->arrival < b->arrival ? -1 : 1;
}

/* Applies one, and it is over. */
static void apply(struct hall *h, struct held *a)
{
	struct command *c = commands_find(h, a->command);
	bool in_vain = eio_loop_now_ms(h->loop) >= a->until_ms;

	h->answers->doubtful -= a->pass > 0;
	/* also when the feed was waited for in vain: a room waits so long once for each doubt */
	if (c && a->pass && (a->proves || in_vain))
		lines_certain(&h->lines, c);
	if (c && a->pass > h->feed_passed && in_vain)
		commands_hasten(h, c);
	effects_apply(h, c, (struct slice){ a->effects, a->len });
	if (c)
		commands_end(h, c);
	free(a->effects);
}

size_t answers_release(struct hall *h, uint64_t before)
{
	struct answers *a = h->answers;
	struct held *go;
	size_t n = 0, stay = 0, wait = 0;

	if (a->count == 0)
		return 0;
	go = mem_alloc(a->count * sizeof(*go));
	for (size_t i = 0; i < a->count; i++) {
		a->list[i].behind = a->list[i].job >= before;
		a->list[i].stays = a->list[i].behind || job_waits_for_feed(h, a->list[i].job);
		wait += a->list[i].behind;
	}
	for (size_t i = 0; i < a->count; i++) {
		if (a->list[i].stays)
			a->list[stay++] = a->list[i];
		else
			go[n++] = a->list[i];
	}
	a->count = stay;
	qsort(go, n, sizeof(*go), by_order);
	for (size_t i = 0; i < n; i++)
		apply(h, &go[i]);
	free(go);
	return wait;
}

uint64_t answers_oldest_job(const struct answers *a)
{
	uint64_t oldest = 0;

	for (size_t i = 0; i < a->count; i++)
		if (a->list[i].behind && (oldest == 0 || a->list[i].job < oldest))
			oldest = a->list[i].job;
	return oldest;
}
