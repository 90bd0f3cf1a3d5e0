/*
 * load_rooms: my rooms as REST tells them, for clients that have sockets only.
 *
 * Room: fcgi-api/handlers. Called by router; calls fields, store, render, answer.
 */
#include "handlers.h"

#include "json.h"
#include "render.h"

/* Together well below what may wait for a socket (the relay's SEND_QUEUE_MAX). */
#define ROOMS_MAX 1000
#define LAST_BYTES (512u * 1024)       /* rooms with their newest message, as JSON */

/* The room, with its newest message as long as there is place for those. */
static void put_room(struct buf *b, struct store_room_entry *e, size_t *spent)
{
	size_t at = b->len;

	render_room(b, e);
	if (e->last && *spent + (b->len - at) > LAST_BYTES) {
		b->len = at;
		e->last = NULL;
		render_room(b, e);
	} else if (e->last) {
		*spent += b->len - at;
	}
}

const struct refusal *handle_load_rooms(struct call *c)
{
	struct fields f = call_fields(c);
	struct buf *b = call_buf(c);
	struct store_room_entry *rooms;
	size_t count, spent = 0;
	bool named;
	const struct refusal *no = fields_rooms(&f, &named);
	enum store_verdict v;

	if (no)
		return no;
	v = store_room_list(c->store, c->user_id, ROOMS_MAX + 1, c->arena, &rooms, &count);
	if (v == STORE_OK && named)
		v = store_room_names(c->store, c->user_id, c->arena, rooms, count < ROOMS_MAX ? count : ROOMS_MAX);
	if (v != STORE_OK)
		return call_trouble(c, v);
	buf_putc(b, '{');
	json_put_text_member(b, "status", SLICE("ok"));
	json_put_key(b, "rooms");
	buf_putc(b, '[');
	for (size_t i = 0; i < count && i < ROOMS_MAX; i++) {
		if (i)
			buf_putc(b, ',');
		put_room(b, &rooms[i], &spent);
	}
	buf_putc(b, ']');
	if (count > ROOMS_MAX)
		json_put_raw_member(b, "truncated", SLICE("true"));
	buf_putc(b, '}');
	answer_reply(&c->answer, "rooms_loaded", buf_slice(b));
	return NULL;
}
