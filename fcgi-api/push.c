/*
 * push: who hears what.
 *
 * Room: fcgi-api. Calls render, answer, wire, log.
 */
#include "push.h"

#include "log.h"
#include "render.h"

struct slice push_twins(struct call *c, const struct store_room *room)
{
	struct buf *rooms = call_buf(c);
	struct store_room twin = *room;

	for (size_t i = 0; i < room->twin_count; i++) {
		twin.uuid = room->twins[i];
		wire_put_room(rooms, render_room_name(c->arena, &twin));
	}
	return buf_slice(rooms);
}

/* The packed rooms in which a message of this room is heard. */
static struct slice ears(struct call *c, const struct store_room *room)
{
	struct buf *rooms = call_buf(c);

	wire_put_room(rooms, render_room_name(c->arena, room));
	if (room->twin_count)
		buf_put_slice(rooms, push_twins(c, room));
	if (room->kind == STORE_DIRECTO) {
		wire_put_room(rooms, render_personal_name(c->arena, room->a_id));
		wire_put_room(rooms, render_personal_name(c->arena, room->b_id));
	}
	return buf_slice(rooms);
}

/* What one relay's feed asked for is for that relay: the others have their own. */
static void say(struct call *c, const struct wire_effect *push)
{
	if (c->command.type == WIRE_FETCH || c->command.type == WIRE_SWEEP)
		answer_effect(&c->answer, push);
	else
		answer_push(&c->answer, push);
}

void push_message(struct call *c, const struct store_message *m, bool found)
{
	static struct log_limit limit;
	struct buf *event = call_buf(c);
	struct wire_effect push = { .kind = WIRE_PUSH, .mensaje_id = m->id, .uuid = m->uuid, .flags = found ? WIRE_PUSH_FOUND : 0 };

	if (render_leaves_out(m) && log_limited(&limit, LOG_LEVEL_WARN, 5))
		log_warn("push", "message %lld has a text too large for an event, which goes without it", (long long)m->id);
	render_receive_message(event, m);
	push.rooms = ears(c, &m->room);
	push.event = buf_slice(event);
	say(c, &push);
}

void push_change(struct call *c, const struct store_message *m)
{
	struct buf *event = call_buf(c);
	struct wire_effect push = { .kind = WIRE_PUSH, .rooms = ears(c, &m->room), .flags = WIRE_PUSH_KEEP };

	render_change(event, m);
	push.event = buf_slice(event);
	say(c, &push);
}

void push_people(struct call *c, int64_t one, int64_t other, struct slice except, struct slice event)
{
	struct buf *rooms = call_buf(c);
	struct wire_effect push = { .kind = WIRE_PUSH, .except = except, .event = event };

	wire_put_room(rooms, render_personal_name(c->arena, one));
	if (other && other != one)
		wire_put_room(rooms, render_personal_name(c->arena, other));
	push.rooms = buf_slice(rooms);
	answer_push(&c->answer, &push);
}
