/*
 * load_message_history: a page of a room, oldest first.
 *
 * Room: fcgi-api/handlers. Called by router; calls fields, store, render, answer.
 */
#include "handlers.h"

#include "fields.h"
#include "json.h"
#include "render.h"

static void reply(struct call *c, const struct store_room *room, const struct store_history *h)
{
	struct buf *b = call_buf(c);

	buf_putc(b, '{');
	json_put_text_member(b, "status", SLICE("ok"));
	json_put_text_member(b, "sala_uuid", room->uuid);
	json_put_number_member(b, "message_count", (int64_t)h->count);
	if (h->truncated)
		json_put_raw_member(b, "truncated", SLICE("true"));
	json_put_key(b, "messages");
	render_list(b, h, render_history_message);
	buf_putc(b, '}');
	answer_reply(&c->answer, "message_history_loaded", buf_slice(b));
}

const struct refusal *handle_load_message_history(struct call *c)
{
	struct fields f = call_fields(c);
	struct fields_history want;
	struct store_history history;
	struct store_page page;
	struct store_room room;
	bool member;
	enum store_verdict v;
	const struct refusal *no = fields_history(&f, &want);

	if (no)
		return no;
	v = store_room_by_uuid(c->store, want.sala_uuid, c->user_id, c->arena, &room, &member);
	if (store_is_trouble(v))
		return call_trouble(c, v);
	if (v == STORE_NONE || !member)
		return REFUSE(ROOM_UNKNOWN);
	page = (struct store_page){
		.room_id = room.id, .before = want.before, .after = want.after, .limit = want.limit
	};
	v = store_message_history(c->store, &page, c->arena, &history);
	if (v != STORE_OK)
		return call_trouble(c, v);
	reply(c, &room, &history);
	return NULL;
}
