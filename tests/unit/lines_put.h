/*
 * Lines for the tests of lines: commands that are put and dropped.
 */
#ifndef TEST_LINES_PUT_H
#define TEST_LINES_PUT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "relay/chat/lines.h"

static struct lines ls;
static uint64_t next_id;

static inline struct command *put_type(struct line *l, int type, int kind, size_t args)
{
	struct command *c = mem_zero(1, sizeof(*c) + args);

	c->id = ++next_id;
	c->type = (uint8_t)type;
	c->kind = (uint8_t)kind;
	c->attempt = 1;
	c->line = l;
	c->args = (struct slice){ c->bytes, args };
	lines_put(&ls, c);
	return c;
}

static struct command *put(struct line *l, int kind, size_t args)
{
	return put_type(l, WIRE_EVENT, kind, args);
}

static inline struct command *put_to(struct line *l, uint16_t place)
{
	struct command *c = put(l, WIRE_JOB_SENDS, 10);

	c->to_place = place;
	return c;
}

static void drop(struct command *c)
{
	lines_remove(&ls, c);
	free(c);
}

static int setup(void **state)
{
	(void)state;
	lines_init(&ls);
	next_id = 0;
	return 0;
}

#endif
