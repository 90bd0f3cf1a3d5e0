/*
 * lines: the order in which commands go to workers.
 *
 * Room: relay/chat, pure.
 * Each line that may go stands in exactly one ring, that of its first command's kind, or aside until the place of that
 * command is free; line_place is the one mover.
 */
#include "lines.h"

#include "fnv.h"
#include "share.h"

#define REGISTERED 96                  /* bytes of a command's entry in the map of all */

void lines_init(struct lines *ls)
{
	memset(ls, 0, sizeof(*ls));
	for (int i = 0; i < LINES_KINDS; i++)
		TAILQ_INIT(&ls->rings[i]);
	for (int i = 0; i < LINES_PLACES; i++) {
		TAILQ_INIT(&ls->aside[i]);
		TAILQ_INIT(&ls->again[i]);
	}
}

void line_init(struct line *l)
{
	memset(l, 0, sizeof(*l));
	TAILQ_INIT(&l->commands);
	l->ring = -1;
}

uint16_t lines_place(struct slice name)
{
	return (uint16_t)(1 + fnv32(name) % (LINES_PLACES - 1));
}

/* In a job its fixed part is less: ids, lengths and the names of the caller. */
size_t lines_cost(size_t text)
{
	return sizeof(struct command) + REGISTERED + text;
}

/* The same of one that is here. */
static size_t size_of(const struct command *c)
{
	return lines_cost(c->event.n + c->args.n);
}

bool lines_have_room(const struct lines *ls, const struct line *l, size_t size)
{
	return share_fits(l->bytes + size, ls->bytes, LINES_TOTAL_MAX, 0);
}

bool lines_let_in(const struct lines *ls, size_t size)
{
	return share_fits(size, ls->arriving, LINES_ARRIVING_MAX, LINES_ARRIVING_FREE);
}

/* Where its bytes count. */
static size_t *bytes_of(struct lines *ls, const struct command *c)
{
	return c->type == WIRE_CONNECT ? &ls->arriving : &ls->bytes;
}

static uint16_t place_of(const struct command *c)
{
	return c->kind == WIRE_JOB_SENDS ? c->to_place : 0;
}

static bool place_is_taken(const struct lines *ls, const struct command *c)
{
	uint16_t place = place_of(c);
	const struct command *older = TAILQ_FIRST(&ls->again[place]);

	return place && (ls->busy[place] || (older && older != c));
}

/* The list that a line stands in. */
static struct line_list *list_of(struct lines *ls, const struct line *l)
{
	return l->aside ? &ls->aside[l->aside] : &ls->rings[l->ring];
}

/*
 * Puts a line where its first command belongs: nowhere while it is empty, held, or something of it is out. What goes again
 * is never held: its message may be stored already, and nobody may come before it then.
 */
static void line_place(struct lines *ls, struct line *l, bool first)
{
	struct command *head = TAILQ_FIRST(&l->commands);
	bool may_go = head && l->out == 0 && (!l->held || head->attempt > 1);
	int ring = may_go ? head->kind : -1;

	if (ring == l->ring && !first && (!l->aside || l->aside == place_of(head)))
		return;
	if (l->ring >= 0)
		TAILQ_REMOVE(list_of(ls, l), l, in_ring);
	l->aside = 0;
	l->ring = ring;
	if (ring < 0)
		return;
	if (first)
		TAILQ_INSERT_HEAD(&ls->rings[ring], l, in_ring);
	else
		TAILQ_INSERT_TAIL(&ls->rings[ring], l, in_ring);
}

static bool goes_first(const struct command *c)
{
	return c->alone || c->attempt > 1;
}

/* Where there is doubt its answer will wait for the feed, and others of its job would with it. */
static bool goes_alone(const struct lines *ls, const struct command *c)
{
	return goes_first(c) || lines_in_doubt(ls, c);
}

/* Behind those at the head that go alone: their turn was before, wherever they write. */
static void put_in_front(struct line_list *list, struct line *l)
{
	struct line *at = TAILQ_FIRST(list);

	while (at && goes_first(TAILQ_FIRST(&at->commands)))
		at = TAILQ_NEXT(at, in_ring);
	if (at)
		TAILQ_INSERT_BEFORE(at, l, in_ring);
	else
		TAILQ_INSERT_TAIL(list, l, in_ring);
}

/*
 * The first line from `l` on that may go. Those before it, whose place is taken, step aside: each is looked at once,
 * and however many wait for one room, nobody else waits behind them.
 */
static struct line *first_free(struct lines *ls, struct line *l)
{
	struct line *next;

	for (; l && place_is_taken(ls, TAILQ_FIRST(&l->commands)); l = next) {
		next = TAILQ_NEXT(l, in_ring);
		TAILQ_REMOVE(&ls->rings[l->ring], l, in_ring);
		l->aside = place_of(TAILQ_FIRST(&l->commands));
		if (goes_first(TAILQ_FIRST(&l->commands)))
			put_in_front(&ls->aside[l->aside], l);
		else
			TAILQ_INSERT_TAIL(&ls->aside[l->aside], l, in_ring);
	}
	return l;
}

/*
 * A place is free: those that waited for it stand before all others again, in their order; but for those that go again, who
 * are never overtaken.
 */
static void come_back(struct lines *ls, uint16_t place)
{
	struct line *l;

	while ((l = TAILQ_LAST(&ls->aside[place], line_list))) {
		TAILQ_REMOVE(&ls->aside[place], l, in_ring);
		l->aside = 0;
		if (goes_first(TAILQ_FIRST(&l->commands)))
			TAILQ_INSERT_HEAD(&ls->rings[l->ring], l, in_ring);
		else
			put_in_front(&ls->rings[l->ring], l);
	}
}

void lines_put(struct lines *ls, struct command *c)
{
	struct line *l = c->line;
	size_t size = size_of(c);

	c->state = COMMAND_WAITING;
	TAILQ_INSERT_TAIL(&l->commands, c, in_line);
	l->count++;
	l->bytes += size;
	ls->count++;
	*bytes_of(ls, c) += size;
	ls->waiting[c->kind]++;
	line_place(ls, l, false);
}

static void place_is_left(struct lines *ls, uint16_t place)
{
	if (place && ls->busy[place] == 0)
		come_back(ls, place);
}

/* It waits no more for its second attempt: the place where it did, or 0. */
static uint16_t leave_again(struct lines *ls, struct command *c)
{
	uint16_t place = c->again_place;

	if (place)
		TAILQ_REMOVE(&ls->again[place], c, in_again);
	c->again_place = 0;
	return place;
}

static void command_goes_out(struct lines *ls, struct command *c)
{
	leave_again(ls, c);
	c->state = COMMAND_OUT;
	c->line->out++;
	ls->waiting[c->kind]--;
}

/* Counted when the job is complete: within one job a place may be met many times. */
static void places_take(struct lines *ls, struct command **out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		out[i]->out_place = place_of(out[i]);
		if (out[i]->out_place)
			ls->busy[out[i]->out_place]++;
	}
}

void lines_leave(struct lines *ls, struct command *c)
{
	uint16_t place = c->out_place;

	c->out_place = 0;
	if (place)
		ls->busy[place]--;
	place_is_left(ls, place);
}

struct forming {
	struct command **out;
	size_t count, most, bytes;
	bool full;
};

/* Adds up to `share` commands of a line, from `c` on; returns the first that did not go. */
static struct command *take_from(struct lines *ls, struct forming *f, struct command *c, int kind,
		size_t share)
{
	while (c && share > 0 && c->kind == kind && !goes_alone(ls, c) && !place_is_taken(ls, c)) {
		size_t size = size_of(c);

		if (f->count == f->most || (f->count > 0 && f->bytes + size > WIRE_JOB_BYTES)) {
			f->full = true;
			break;
		}
		command_goes_out(ls, c);
		f->out[f->count++] = c;
		f->bytes += size;
		share--;
		c = TAILQ_NEXT(c, in_line);
	}
	return c;
}

size_t lines_form(struct lines *ls, int kind, size_t most, struct command **out)
{
	struct forming f = { .out = out, .most = most < WIRE_JOB_COMMANDS ? most : WIRE_JOB_COMMANDS };
	struct command *rest[WIRE_JOB_COMMANDS];
	struct line *l = first_free(ls, TAILQ_FIRST(&ls->rings[kind])), *next;
	size_t lines = 0;

	for (; l && !f.full && f.count < f.most; l = first_free(ls, next)) {
		struct command *head = TAILQ_FIRST(&l->commands);
		size_t before = f.count;

		next = TAILQ_NEXT(l, in_ring);
		/* nor do those behind it, who may write where it writes, and are younger */
		if (goes_alone(ls, head) && f.count > 0)
			break;
		if (goes_alone(ls, head)) {
			command_goes_out(ls, head);
			out[f.count++] = head;
			line_place(ls, l, false);
			break;
		}
		rest[lines] = take_from(ls, &f, head, kind, LINES_SHARE);
		if (f.count == before)
			break;
		lines++;
		line_place(ls, l, false);
	}
	/* Nobody else waits: the rest of the job is for those who are in it already. */
	for (size_t i = 0; i < lines && !f.full && !l; i++)
		take_from(ls, &f, rest[i], kind, f.most);
	places_take(ls, out, f.count);
	return f.count;
}

size_t lines_ready(struct lines *ls, int kind, size_t most)
{
	struct line *l = first_free(ls, TAILQ_FIRST(&ls->rings[kind]));
	size_t n = 0;

	for (; l && n < most; l = first_free(ls, TAILQ_NEXT(l, in_ring)))
		n++;
	return n;
}

void lines_answered(struct lines *ls, struct command *c)
{
	if (c->state == COMMAND_RESTING)
		c->state = COMMAND_HELD;
	if (c->state != COMMAND_WAITING)
		return;
	place_is_left(ls, leave_again(ls, c));
	command_goes_out(ls, c);
	c->state = COMMAND_HELD;
	line_place(ls, c->line, false);
}

void lines_again(struct lines *ls, struct command *c)
{
	if (c->state == COMMAND_WAITING)
		return;
	c->attempt++;
	lines_back(ls, c);
}

void lines_back(struct lines *ls, struct command *c)
{
	lines_leave(ls, c);
	c->state = COMMAND_WAITING;
	c->line->out--;
	ls->waiting[c->kind]++;
	c->again_place = c->attempt > 1 ? place_of(c) : 0;
	if (c->again_place)
		TAILQ_INSERT_HEAD(&ls->again[c->again_place], c, in_again);
	line_place(ls, c->line, true);
}

void lines_doubt(struct lines *ls, const struct command *c)
{
	ls->doubt[place_of(c)] = true;
}

bool lines_in_doubt(const struct lines *ls, const struct command *c)
{
	return place_of(c) && ls->doubt[place_of(c)];
}

void lines_certain(struct lines *ls, const struct command *c)
{
	ls->doubt[place_of(c)] = false;
}

void lines_vain(struct lines *ls, const struct command *c, uint64_t now_ms)
{
	c->line->vain_ms = now_ms;
	/* what was never given to a worker says nothing of the room that it names, but of what stood before it */
	if (c->first_out_ms && c->kind == WIRE_JOB_SENDS && c->to_place)
		ls->vain_ms[c->to_place] = now_ms;
}

uint64_t lines_vain_ms(const struct lines *ls, const struct command *c)
{
	uint64_t place = c->kind == WIRE_JOB_SENDS && c->to_place ? ls->vain_ms[c->to_place] : 0;

	return place > c->line->vain_ms ? place : c->line->vain_ms;
}

void lines_hold(struct lines *ls, struct line *l, bool held)
{
	l->held = held;
	line_place(ls, l, false);
}

void lines_remove(struct lines *ls, struct command *c)
{
	struct line *l = c->line;
	size_t size = size_of(c);
	const struct command *head;

	if (c->state == COMMAND_WAITING)
		ls->waiting[c->kind]--;
	else
		l->out--;
	lines_leave(ls, c);
	place_is_left(ls, leave_again(ls, c));
	TAILQ_REMOVE(&l->commands, c, in_line);
	l->count--;
	l->bytes -= size;
	ls->count--;
	*bytes_of(ls, c) -= size;
	/* its next second attempt goes before those who came back for the place that was left */
	head = TAILQ_FIRST(&l->commands);
	line_place(ls, l, head && head->attempt > 1 && l->out == 0);
}

struct command *lines_refused(const struct lines *ls)
{
	struct line *l = TAILQ_FIRST(&ls->rings[0]);

	return l ? TAILQ_FIRST(&l->commands) : NULL;
}
