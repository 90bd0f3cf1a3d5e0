/*
 * ears: the rooms of a row's push.
 *
 * Room: relay/chat, pure. Calls wire, buf and roomname.
 */
#include "ears.h"

#include <stdio.h>
#include "roomname.h"

static void put_person(struct buf *rooms, uint64_t user)
{
	char id[24], text[ROOMNAME_MAX];
	int n = snprintf(id, sizeof(id), "%llu", (unsigned long long)user);

	if (user)
		wire_put_room(rooms, roomname_of(text, ROOMNAME_PERSON, (struct slice){ id, (size_t)n }));
}

struct slice ears_of(struct buf *b, const struct wire_row *r)
{
	char uuid[37], text[ROOMNAME_MAX];
	struct slice room = r->room_text;

	if (room.n == 0) {
		wire_uuid_text(r->room, uuid);
		room = slice_of(uuid);
	}
	buf_reset(b);
	room = roomname_of(text, r->grouped ? ROOMNAME_GROUP : ROOMNAME_DIRECT, room);
	if (room.n > 0)
		wire_put_room(b, room);
	buf_put_slice(b, r->twins);
	if (!r->grouped) {
		put_person(b, r->a);
		put_person(b, r->b);
	}
	return buf_slice(b);
}
