/*
 * call: birth, repetition and death of a call.
 *
 * Room: fcgi-api. Calls answer, arena, buf.
 */
#include "call.h"

#include <stdlib.h>

#define SCRATCH_FIRST 1000  /* bytes: most events fit, and malloc has such pieces at hand */

struct call_scratch {
	struct call_scratch *next;
	struct buf buf;
};

static struct call *call_new(const struct settings *s, struct store *st, enum call_door door)
{
	struct call *c = mem_zero(1, sizeof(*c));

	c->door = door;
	c->settings = s;
	c->store = st;
	c->arena = arena_new();
	answer_init(&c->answer);
	return c;
}

struct call *call_new_bus(const struct settings *s, struct store *st, const struct wire_command *command)
{
	struct call *c = call_new(s, st, CALL_BUS);

	c->command = *command;
	c->found_is_ours = command->attempt == WIRE_AGAIN_UNKNOWN;
	if (command->user.n && ids_parse(command->user, &c->user_id) != 0)
		c->user_id = 0;
	if (command->uuid.n == IDS_UUID_LEN)
		memcpy(c->uuid, command->uuid.p, IDS_UUID_LEN);
	else
		ids_uuid_new(c->uuid);
	return c;
}

struct call *call_new_rest(const struct settings *s, struct store *st)
{
	struct call *c = call_new(s, st, CALL_REST);

	c->memory = arena_new();
	c->request = arena_alloc(c->memory, sizeof(*c->request));
	ids_uuid_new(c->uuid);
	return c;
}

static void drop_scratch(struct call *c)
{
	/* the links themselves live in the arena */
	for (struct call_scratch *s = c->scratch; s; s = s->next)
		buf_fini(&s->buf);
	c->scratch = NULL;
}

void call_free(struct call *c)
{
	if (!c)
		return;
	drop_scratch(c);
	answer_fini(&c->answer);
	arena_free(c->arena);
	arena_free(c->memory);
	free(c);
}

void call_again(struct call *c)
{
	drop_scratch(c);
	answer_reset(&c->answer);
	arena_reset(c->arena);
	c->trouble = STORE_OK;
	c->refusal = NULL;
	c->why = NULL;
	c->put_off = false;
	c->unanswered = false;
	if (c->door == CALL_REST)
		c->user_id = 0;
}

struct buf *call_buf(struct call *c)
{
	struct call_scratch *s = arena_alloc(c->arena, sizeof(*s));

	buf_reserve(&s->buf, SCRATCH_FIRST);
	s->next = c->scratch;
	c->scratch = s;
	return &s->buf;
}

const struct refusal *call_trouble(struct call *c, enum store_verdict v)
{
	c->trouble = v;
	return REFUSE(UNAVAILABLE);
}

struct fields call_fields(const struct call *c)
{
	return (struct fields){
		.arena = c->arena, .event = c->command.event, .args = c->command.args,
		.bad_text = c->command.bad_text, .me = c->user_id, .verified = call_is_verified(c)
	};
}

bool call_is_rest(const struct call *c)
{
	return c->door == CALL_REST;
}

bool call_is_verified(const struct call *c)
{
	return c->settings->token_mode;
}
