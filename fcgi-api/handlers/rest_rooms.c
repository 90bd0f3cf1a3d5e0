/*
 * rest_rooms: my rooms, one room, the room of a person or a group.
 *
 * Room: fcgi-api/handlers. Called by router; calls lookup, store, render, etag, answer. With `?nombres=1` each room
 * says what it is called; without, it is the companion's object.
 */
#include "handlers.h"

#include "etag.h"
#include "lookup.h"
#include "render.h"

/* Whether the query wants the rooms' names. */
static const struct refusal *read_query(struct call *c, bool *named_r)
{
	struct slice asked = SLICE("0");
	int rc = http_query(c->request, "nombres", &asked);

	*named_r = slice_is(asked, "1");
	return rc < 0 || (!*named_r && !slice_is(asked, "0")) ?
		refusal_with(c->arena, REFUSE(BAD_FIELD), SLICE("nombres")) : NULL;
}

const struct refusal *handle_rest_rooms(struct call *c)
{
	struct buf *b = call_buf(c);
	struct store_room_entry *rooms;
	size_t count;
	bool truncated, named;
	const struct refusal *no = read_query(c, &named);
	enum store_verdict v;

	if (no)
		return no;
	v = store_room_list(c->store, c->user_id, STORE_ROOMS_MAX + 1, c->arena, &rooms, &count);
	if (v == STORE_OK && named)
		v = store_room_names(c->store, c->user_id, c->arena, rooms, count);
	if (v != STORE_OK)
		return call_trouble(c, v);
	truncated = count > STORE_ROOMS_MAX;
	count -= truncated;
	buf_putc(b, '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_putc(b, ',');
		render_room(b, &rooms[i]);
		truncated |= rooms[i].left_out;
	}
	buf_putc(b, ']');
	if (truncated)
		answer_header(&c->answer, "X-Truncated", "true");
	etag_answer(c, buf_slice(b));
	return NULL;
}

/* The room object with its newest message. */
static const struct refusal *answer_room(struct call *c, const struct store_room *room, bool named, int status)
{
	struct store_room_entry entry = { .room = *room, .unread = -1 };
	struct buf *b = call_buf(c);
	struct store_message last;
	enum store_verdict v = store_room_last(c->store, room->id, c->arena, &last);

	if (v == STORE_OK)
		entry.last = &last;
	if (!store_is_trouble(v) && named)
		v = store_room_names(c->store, c->user_id, c->arena, &entry, 1);
	if (store_is_trouble(v))
		return call_trouble(c, v);
	render_room(b, &entry);
	answer_body(&c->answer, status, buf_slice(b));
	return NULL;
}

const struct refusal *handle_rest_room(struct call *c)
{
	struct store_room room;
	bool named;
	const struct refusal *no = read_query(c, &named);

	if (!no)
		no = lookup_room(c, c->request->params[0], &room);
	return no ? no : answer_room(c, &room, named, 200);
}

const struct refusal *handle_rest_room_direct(struct call *c)
{
	struct store_room room;
	int64_t other;
	bool created, named;
	const struct refusal *no = read_query(c, &named);

	if (!no)
		no = lookup_person(c, c->request->params[0], &other);
	if (!no)
		no = lookup_direct(c, other, &room, &created);
	return no ? no : answer_room(c, &room, named, created ? 201 : 200);
}

const struct refusal *handle_rest_room_group(struct call *c)
{
	struct store_room room;
	int64_t group;
	bool created, named;
	const struct refusal *no = read_query(c, &named);

	if (!no)
		no = lookup_id(c->request->params[0], REFUSE(GROUP_UNKNOWN), &group);
	if (!no)
		no = lookup_group(c, group, REFUSE(GROUP_UNKNOWN), &room, &created);
	return no ? no : answer_room(c, &room, named, created ? 201 : 200);
}
