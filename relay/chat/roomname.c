/*
 * roomname: a head for each kind, and an id behind it.
 *
 * Room: relay/chat, pure.
 */
#include "roomname.h"

static const struct slice heads[] = {
	[ROOMNAME_OTHER] = { "", 0 },
	[ROOMNAME_PERSON] = { "@", 1 },
	[ROOMNAME_DIRECT] = { "chat_", 5 },
	[ROOMNAME_GROUP] = { "group_", 6 },
};

enum roomname_kind roomname_kind(struct slice room)
{
	for (enum roomname_kind kind = ROOMNAME_PERSON; kind <= ROOMNAME_GROUP; kind++)
		if (room.n > heads[kind].n && memcmp(room.p, heads[kind].p, heads[kind].n) == 0)
			return kind;
	return ROOMNAME_OTHER;
}

struct slice roomname_uuid(struct slice room)
{
	enum roomname_kind kind = roomname_kind(room);
	size_t n = kind == ROOMNAME_PERSON ? 0 : heads[kind].n;

	return slice_behind(room, n);
}

struct slice roomname_user(struct slice room)
{
	size_t n = heads[ROOMNAME_PERSON].n;

	return roomname_kind(room) == ROOMNAME_PERSON ? slice_behind(room, n) : SLICE_NONE;
}

struct slice roomname_of(char text[ROOMNAME_MAX], enum roomname_kind kind, struct slice id)
{
	struct slice head = heads[kind];

	if (id.n > ROOMNAME_MAX - head.n)
		return SLICE_NONE;
	memcpy(text, head.p, head.n);
	memcpy(text + head.n, id.p, id.n);
	return (struct slice){ text, head.n + id.n };
}
