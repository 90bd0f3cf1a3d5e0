/*
 * ears: the rooms of a row's push.
 *
 * Room: relay/chat, pure. Called by feed; calls wire and buf.
 */
#include "ears.h"

#include <stdio.h>

static void put_person(struct buf *rooms, uint64_t user)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "@%llu", (unsigned long long)user);

	if (user)
		wire_put_room(rooms, (struct slice){ text, (size_t)n });
}

struct slice ears_of(struct buf *b, const struct wire_row *r)
{
	char uuid[37], text[128];
	struct slice room = r->room_text;
	int n;

	if (room.n == 0) {
		wire_uuid_text(r->room, uuid);
		room = slice_of(uuid);
	}
	buf_reset(b);
	n = snprintf(text, sizeof(text), "%s_%.*s", r->grouped ? "group" : "chat", (int)room.n, room.p);
	if (n > 0 && (size_t)n < sizeof(text))
		wire_put_room(b, (struct slice){ text, (size_t)n });
	buf_put_slice(b, r->twins);
	if (!r->grouped) {
		put_person(b, r->a);
		put_person(b, r->b);
	}
	return buf_slice(b);
}
