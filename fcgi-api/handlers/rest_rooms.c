/*
 * rest_rooms: my rooms, one room, the room of a person or a group.
 *
 * Room: fcgi-api/handlers. Called by router; calls lookup, store, render, etag, answer.
 */
#include "handlers.h"

#include "etag.h"
#include "lookup.h"
#include "render.h"

const struct refusal *handle_rest_rooms(struct call *c)
{
	struct buf *b = call_buf(c);
	struct store_room_entry *rooms;
	size_t count;
	enum store_verdict v = store_room_list(c->store, c->user_id, STORE_ROOMS_MAX + 1, c->arena, &rooms, &count);
	bool truncated;

	if (v != STORE_OK)
		return call_trouble(c, v);
	truncated = count > STORE_ROOMS_MAX;
	count -= truncated;
	buf_putc(b, '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_putc(b, ',');
		render_room(b, &rooms[i].room, rooms[i].last, rooms[i].unread);
		truncated |= rooms[i].left_out;
	}
	buf_putc(b, ']');
	if (truncated)
		answer_header(&c->answer, "X-Truncated", "true");
	etag_answer(c, buf_slice(b));
	return NULL;
}

/* The room object with its newest message. */
static const struct refusal *answer_room(struct call *c, const struct store_room *room, int status)
{
	struct buf *b = call_buf(c);
	struct store_message last;
	enum store_verdict v = store_room_last(c->store, room->id, c->arena, &last);

	if (store_is_trouble(v))
		return call_trouble(c, v);
	render_room(b, room, v == STORE_OK ? &last : NULL, -1);
	answer_body(&c->answer, status, buf_slice(b));
	return NULL;
}

const struct refusal *handle_rest_room(struct call *c)
{
	struct store_room room;
	const struct refusal *no = lookup_room(c, c->request->params[0], &room);

	return no ? no : answer_room(c, &room, 200);
}

const struct refusal *handle_rest_room_direct(struct call *c)
{
	struct store_room room;
	int64_t other;
	bool created;
	const struct refusal *no = lookup_person(c, c->request->params[0], &other);

	if (!no)
		no = lookup_direct(c, other, &room, &created);
	return no ? no : answer_room(c, &room, created ? 201 : 200);
}

const struct refusal *handle_rest_room_group(struct call *c)
{
	struct store_room room;
	int64_t group;
	bool created;
	const struct refusal *no = lookup_id(c->request->params[0], REFUSE(GROUP_UNKNOWN), &group);

	if (!no)
		no = lookup_group(c, group, REFUSE(GROUP_UNKNOWN), &room, &created);
	return no ? no : answer_room(c, &room, created ? 201 : 200);
}
