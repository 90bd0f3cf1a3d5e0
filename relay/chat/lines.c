/*
 * lines: the order in which commands go to workers.
 *
 * Room: relay/chat, pure. Called by commands and dispatch. Each line that may go stands in exactly one
 * ring, that of its first command's kind; line_place is the one mover.
 */
#include "lines.h"

#define PASSED_MAX 256                 /* lines that one look passes over because their place is taken */

void lines_init(struct lines *ls)
{
	memset(ls, 0, sizeof(*ls));
	for (int i = 0; i < LINES_KINDS; i++)
		TAILQ_INIT(&ls->rings[i]);
}

void line_init(struct line *l)
{
	memset(l, 0, sizeof(*l));
	TAILQ_INIT(&l->commands);
	l->ring = -1;
}

uint16_t lines_place(struct slice name)
{
	uint32_t h = 2166136261u;      /* FNV-1a */

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * 16777619u;
	return (uint16_t)(1 + h % (LINES_PLACES - 1));
}

/* The fixed part covers ids, lengths and the names of the caller. */
size_t lines_size(const struct command *c)
{
	return 128 + c->event.n + c->args.n;
}

/* Puts a line where its first command belongs: nowhere while it is empty, held, or something of it is out. */
static void line_place(struct lines *ls, struct line *l, bool first)
{
	struct command *head = TAILQ_FIRST(&l->commands);
	int ring = head && l->out == 0 && !l->held ? head->kind : -1;

	if (ring == l->ring && !first)
		return;
	if (l->ring >= 0)
		TAILQ_REMOVE(&ls->rings[l->ring], l, in_ring);
	l->ring = ring;
	if (ring < 0)
		return;
	if (first)
		TAILQ_INSERT_HEAD(&ls->rings[ring], l, in_ring);
	else
		TAILQ_INSERT_TAIL(&ls->rings[ring], l, in_ring);
}

void lines_put(struct lines *ls, struct command *c)
{
	struct line *l = c->line;
	size_t size = lines_size(c);

	c->state = COMMAND_WAITING;
	TAILQ_INSERT_TAIL(&l->commands, c, in_line);
	l->count++;
	l->bytes += size;
	ls->count++;
	ls->bytes += size;
	ls->waiting[c->kind]++;
	line_place(ls, l, false);
}

static void command_goes_out(struct lines *ls, struct command *c)
{
	c->state = COMMAND_OUT;
	c->line->out++;
	ls->waiting[c->kind]--;
}

/* Counted when the job is complete: within one job a place may be met many times. */
static void places_take(struct lines *ls, struct command **out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		out[i]->place = out[i]->kind == WIRE_JOB_SENDS ? out[i]->line->place : 0;
		if (out[i]->place)
			ls->busy[out[i]->place]++;
	}
}

void lines_leave_place(struct lines *ls, struct command *c)
{
	if (c->place)
		ls->busy[c->place]--;
	c->place = 0;
}

static bool place_is_taken(const struct lines *ls, const struct line *l, int kind)
{
	return kind == WIRE_JOB_SENDS && l->place && ls->busy[l->place];
}

struct forming {
	struct command **out;
	size_t count, most, bytes;
	bool full;
};

static bool goes_alone(const struct command *c)
{
	return c->alone || c->attempt > 1;
}

/* Adds up to `share` commands of a line, from `c` on; returns the first that did not go. */
static struct command *take_from(struct lines *ls, struct forming *f, struct command *c, int kind,
		size_t share)
{
	while (c && share > 0 && c->kind == kind && !goes_alone(c)) {
		size_t size = lines_size(c);

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
	struct line *l = TAILQ_FIRST(&ls->rings[kind]), *next;
	size_t lines = 0, passed = 0;

	if (l && f.most > 0 && goes_alone(TAILQ_FIRST(&l->commands))) {
		out[0] = TAILQ_FIRST(&l->commands);
		command_goes_out(ls, out[0]);
		places_take(ls, out, 1);
		line_place(ls, l, false);
		return 1;
	}
	for (; l && !f.full && f.count < f.most; l = next) {
		size_t before = f.count;

		next = TAILQ_NEXT(l, in_ring);
		if (goes_alone(TAILQ_FIRST(&l->commands)))
			continue;
		if (place_is_taken(ls, l, kind)) {
			if (++passed == PASSED_MAX)
				break;
			continue;
		}
		rest[lines] = take_from(ls, &f, TAILQ_FIRST(&l->commands), kind, LINES_SHARE);
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

size_t lines_ready(const struct lines *ls, int kind, size_t most)
{
	const struct line *l;
	size_t n = 0, passed = 0;

	TAILQ_FOREACH(l, &ls->rings[kind], in_ring) {
		if (!place_is_taken(ls, l, kind))
			n++;
		else if (++passed == PASSED_MAX)
			break;
		if (n >= most)
			break;
	}
	return n;
}

void lines_back(struct lines *ls, struct command *c)
{
	if (c->state == COMMAND_WAITING)
		return;
	lines_leave_place(ls, c);
	c->state = COMMAND_WAITING;
	c->attempt++;
	c->line->out--;
	ls->waiting[c->kind]++;
	line_place(ls, c->line, true);
}

void lines_hold(struct lines *ls, struct line *l, bool held)
{
	l->held = held;
	line_place(ls, l, false);
}

void lines_remove(struct lines *ls, struct command *c)
{
	struct line *l = c->line;
	size_t size = lines_size(c);

	if (c->state == COMMAND_WAITING)
		ls->waiting[c->kind]--;
	else
		l->out--;
	lines_leave_place(ls, c);
	TAILQ_REMOVE(&l->commands, c, in_line);
	l->count--;
	l->bytes -= size;
	ls->count--;
	ls->bytes -= size;
	line_place(ls, l, false);
}

struct command *lines_refused(const struct lines *ls)
{
	struct line *l = TAILQ_FIRST(&ls->rings[0]);

	return l ? TAILQ_FIRST(&l->commands) : NULL;
}
