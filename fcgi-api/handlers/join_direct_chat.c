/*
 * join_direct_chat: the room of two people, found or made, and the caller in it.
 *
 * Room: fcgi-api/handlers. Called by router; calls fields, lookup, cursor, render, answer.
 */
#include "handlers.h"

#include "cursor.h"
#include "fields.h"
#include "json.h"
#include "lookup.h"
#include "render.h"

static void reply(struct call *c, const struct store_room *room, int64_t other, int64_t safe)
{
	struct buf *object = call_buf(c);
	struct wire_effect join = { .kind = WIRE_JOIN, .room = render_room_name(c->arena, room) };
	struct cursor cursor = { safe, safe };
	char text[CURSOR_TEXT_MAX];

	cursor_text(&cursor, text);
	answer_effect(&c->answer, &join);
	buf_putc(object, '{');
	json_put_text_member(object, "status", SLICE("ok"));
	json_put_id_member(object, "other_user_id", other);
	render_joined(object, room, join.room, slice_of(text));
	buf_putc(object, '}');
	answer_reply(&c->answer, "direct_chat_joined", buf_slice(object));
}

const struct refusal *handle_join_direct_chat(struct call *c)
{
	struct fields f = call_fields(c);
	struct store_room room;
	int64_t other, safe;
	bool created;
	enum store_verdict v;
	const struct refusal *no = fields_other_user(&f, &other);

	if (no)
		return no;
	no = lookup_other(c, other, REFUSE(DIRECT_UNKNOWN));
	if (no)
		return no;
	v = cursor_safe(c, &safe);
	if (v != STORE_OK)
		return call_trouble(c, v);
	no = lookup_direct(c, other, &room, &created);
	if (no)
		return no;
	v = cursor_settle(c, NULL, &safe);
	if (v != STORE_OK)
		return call_trouble(c, v);
	reply(c, &room, other, safe);
	return NULL;
}
