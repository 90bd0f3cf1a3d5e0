/*
 * leave_group: the caller's socket leaves the group's room, or whichever it is in of several; no row changes.
 *
 * Room: fcgi-api/handlers. Called by router; calls fields, store, render, answer.
 */
#include "handlers.h"

#include "fields.h"
#include "json.h"
#include "render.h"

static void leave_room(struct call *c, const struct store_room *room, int64_t group)
{
	struct buf *event = call_buf(c);
	struct wire_effect leave = { .kind = WIRE_LEAVE, .room = render_room_name(c->arena, room) };

	buf_puts(event, "[\"user_left_group\",{");
	json_put_id_member(event, "user_id", c->user_id);
	json_put_id_member(event, "group_id", group);
	json_put_text_member(event, "sala_uuid", room->uuid);
	buf_puts(event, "}]");
	leave.event = buf_slice(event);
	answer_effect(&c->answer, &leave);
}

static enum store_verdict leave_rooms(struct call *c, struct store_room *room, int64_t group)
{
	enum store_verdict v = store_room_twins(c->store, &room, 1, c->arena);
	struct store_room twin = *room;

	leave_room(c, room, group);
	for (size_t i = 0; v == STORE_OK && i < room->twin_count; i++) {
		twin.uuid = room->twins[i];
		leave_room(c, &twin, group);
	}
	return v;
}

const struct refusal *handle_leave_group(struct call *c)
{
	struct fields f = call_fields(c);
	struct buf *object = call_buf(c);
	struct store_room room;
	int64_t group;
	bool member;
	enum store_verdict v;
	const struct refusal *no = fields_group(&f, &group);

	if (no)
		return no;
	v = store_room_group_find(c->store, group, c->user_id, c->arena, &room, &member, NULL);
	if (store_is_trouble(v))
		return call_trouble(c, v);
	if (!member)
		return REFUSE(NOT_MEMBER);
	if (v == STORE_OK)
		v = leave_rooms(c, &room, group);
	if (store_is_trouble(v))
		return call_trouble(c, v);
	buf_putc(object, '{');
	json_put_text_member(object, "status", SLICE("ok"));
	json_put_id_member(object, "group_id", group);
	buf_putc(object, '}');
	answer_reply(&c->answer, "group_left", buf_slice(object));
	return NULL;
}
