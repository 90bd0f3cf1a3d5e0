/*
 * join_group: an active member enters the group's room; the others in it hear so, if he was not in it.
 *
 * Room: fcgi-api/handlers. Called by router; calls fields, lookup, cursor, render, answer.
 */
#include "handlers.h"

#include "cursor.h"
#include "fields.h"
#include "json.h"
#include "lookup.h"
#include "render.h"

static struct slice joined_event(struct call *c, const struct store_room *room, int64_t group)
{
	struct buf *b = call_buf(c);

	buf_puts(b, "[\"user_joined_group\",{");
	json_put_id_member(b, "user_id", c->user_id);
	json_put_id_member(b, "group_id", group);
	json_put_text_member(b, "sala_uuid", room->uuid);
	buf_puts(b, "}]");
	return buf_slice(b);
}

static void reply(struct call *c, const struct store_room *room, int64_t group, int64_t safe)
{
	struct buf *object = call_buf(c);
	struct wire_effect join = { .kind = WIRE_JOIN, .room = render_room_name(c->arena, room),
		.event = joined_event(c, room, group) };
	struct cursor cursor = { safe, safe };
	char text[CURSOR_TEXT_MAX];

	cursor_text(&cursor, text);
	answer_effect(&c->answer, &join);
	buf_putc(object, '{');
	json_put_text_member(object, "status", SLICE("ok"));
	json_put_id_member(object, "group_id", group);
	render_joined(object, room, join.room, slice_of(text));
	buf_putc(object, '}');
	answer_reply(&c->answer, "group_joined", buf_slice(object));
}

const struct refusal *handle_join_group(struct call *c)
{
	struct fields f = call_fields(c);
	struct store_room room;
	int64_t group, safe;
	bool created;
	enum store_verdict v;
	const struct refusal *no = fields_group(&f, &group);

	if (no)
		return no;
	v = cursor_safe(c, &safe);
	if (v != STORE_OK)
		return call_trouble(c, v);
	no = lookup_group(c, group, REFUSE(NOT_MEMBER), &room, &created);
	if (no)
		return no;
	v = cursor_settle(c, NULL, &safe);
	if (v != STORE_OK)
		return call_trouble(c, v);
	reply(c, &room, group, safe);
	return NULL;
}
