/*
 * load_rooms: my rooms as REST tells them, for clients that have sockets only.
 *
 * Room: fcgi-api/handlers. Called by router; calls store, render, answer.
 */
#include "handlers.h"

#include "json.h"
#include "render.h"

#define ROOMS_MAX 500

const struct refusal *handle_load_rooms(struct call *c)
{
	struct buf *b = call_buf(c);
	struct store_room_entry *rooms;
	size_t count, i;
	enum store_verdict v = store_room_list(c->store, c->user_id, ROOMS_MAX, c->arena, &rooms, &count);

	if (v != STORE_OK)
		return call_trouble(c, v);
	buf_putc(b, '{');
	json_put_text_member(b, "status", SLICE("ok"));
	json_put_key(b, "rooms");
	buf_putc(b, '[');
	for (i = 0; i < count && b->len < STORE_PAGE_BYTES; i++) {
		if (i)
			buf_putc(b, ',');
		render_room(b, &rooms[i].room, rooms[i].last, rooms[i].unread);
	}
	buf_putc(b, ']');
	if (i < count)
		json_put_raw_member(b, "truncated", SLICE("true"));
	buf_putc(b, '}');
	answer_reply(&c->answer, "rooms_loaded", buf_slice(b));
	return NULL;
}
