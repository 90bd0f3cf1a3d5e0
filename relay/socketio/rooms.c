/*
 * rooms: names, and who is in them.
 *
 * Room: relay/socketio. Calls map.
 * Pure. A membership hangs in two lists, its room's and its peer's, and in one table by (room, peer).
 */
#include "rooms.h"
#include "map.h"

#include <stdlib.h>

struct sio_room;

struct sio_membership {
	struct sio_room *room;
	struct sio_peer *peer;
	uint64_t number;
	struct sio_membership *room_prev, *room_next;
	struct sio_membership *peer_prev, *peer_next;
};

struct sio_room {
	struct sio_membership *first, *last;
	size_t count;
	size_t len;
	char name[];
};

struct walk {                          /* a sio_rooms_each under way */
	struct sio_membership *next;
	struct walk *outer;
};

struct sio_rooms {
	struct map *by_name;
	struct map *memberships;             /* by struct membership_key */
	struct walk *walks;
	uint64_t visits;
};

struct membership_key {
	const struct sio_room *room;
	const struct sio_peer *peer;
};

static uint64_t numbers;               /* last one given; of the process, as promised */

struct sio_rooms *sio_rooms_new(void)
{
	struct sio_rooms *r = mem_zero(1, sizeof(*r));

	r->by_name = map_new();
	r->memberships = map_new();
	return r;
}

void sio_rooms_free(struct sio_rooms *r)
{
	if (!r)
		return;
	map_free(r->by_name);
	map_free(r->memberships);
	free(r);
}

size_t sio_rooms_count(const struct sio_rooms *r)
{
	return map_count(r->by_name);
}

static struct slice room_name(const struct sio_room *room)
{
	return (struct slice){ room->name, room->len };
}

static struct sio_room *room_get(struct sio_rooms *r, struct slice name)
{
	struct sio_room *room = map_find(r->by_name, name);

	if (room)
		return room;
	room = mem_alloc(sizeof(*room) + name.n);
	*room = (struct sio_room){ .len = name.n };
	if (name.n)
		memcpy(room->name, name.p, name.n);
	map_put(r->by_name, name, room);
	return room;
}

static struct sio_membership *membership_find(const struct sio_rooms *r, const struct sio_room *room,
				  const struct sio_peer *peer)
{
	struct membership_key key = { room, peer };

	return map_find(r->memberships, (struct slice){ (const char *)&key, sizeof(key) });
}

/* The membership of a peer in the room of that name, or NULL. */
static struct sio_membership *membership_in(const struct sio_rooms *r, const struct sio_peer *peer, struct slice name)
{
	const struct sio_room *room;

	if (!peer->first)
		return NULL;
	room = map_find(r->by_name, name);
	return room ? membership_find(r, room, peer) : NULL;
}

static void membership_add(struct sio_rooms *r, struct sio_room *room, struct sio_peer *peer)
{
	struct membership_key key = { room, peer };
	struct sio_membership *membership = mem_alloc(sizeof(*membership));

	*membership = (struct sio_membership){ .room = room, .peer = peer, .number = ++numbers,
				   .room_prev = room->last, .peer_prev = peer->last };
	*(room->last ? &room->last->room_next : &room->first) = membership;
	*(peer->last ? &peer->last->peer_next : &peer->first) = membership;
	room->last = peer->last = membership;
	room->count++;
	peer->count++;
	map_put(r->memberships, (struct slice){ (const char *)&key, sizeof(key) }, membership);
}

static void membership_remove(struct sio_rooms *r, struct sio_membership *membership)
{
	struct membership_key key = { membership->room, membership->peer };
	struct sio_room *room = membership->room;
	struct sio_peer *peer = membership->peer;

	for (struct walk *w = r->walks; w; w = w->outer)
		if (w->next == membership)
			w->next = membership->room_next;
	map_remove(r->memberships, (struct slice){ (const char *)&key, sizeof(key) });
	*(membership->room_prev ? &membership->room_prev->room_next : &room->first) = membership->room_next;
	*(membership->room_next ? &membership->room_next->room_prev : &room->last) = membership->room_prev;
	*(membership->peer_prev ? &membership->peer_prev->peer_next : &peer->first) = membership->peer_next;
	*(membership->peer_next ? &membership->peer_next->peer_prev : &peer->last) = membership->peer_prev;
	room->count--;
	peer->count--;
	free(membership);
	if (room->count == 0) {
		map_remove(r->by_name, room_name(room));
		free(room);
	}
}

int sio_rooms_join(struct sio_rooms *r, struct sio_peer *peer, struct slice room, uint64_t *number_r)
{
	const struct sio_membership *membership = membership_in(r, peer, room);

	if (!membership)
		membership_add(r, room_get(r, room), peer);
	if (number_r)
		*number_r = membership ? membership->number : peer->last->number;
	return !membership;
}

int sio_rooms_leave(struct sio_rooms *r, struct sio_peer *peer, struct slice room)
{
	struct sio_membership *membership = membership_in(r, peer, room);

	if (membership)
		membership_remove(r, membership);
	return membership != NULL;
}

int sio_rooms_leave_first(struct sio_rooms *r, struct sio_peer *peer, struct buf *name_r)
{
	if (!peer->first)
		return 0;
	buf_reset(name_r);
	buf_put_slice(name_r, room_name(peer->first->room));
	membership_remove(r, peer->first);
	return 1;
}

void sio_rooms_move(struct sio_rooms *r, struct sio_peer *from, struct sio_peer *to)
{
	for (struct sio_membership *membership = from->first; membership; membership = membership->peer_next) {
		struct membership_key was = { membership->room, from }, is = { membership->room, to };

		map_remove(r->memberships, (struct slice){ (const char *)&was, sizeof(was) });
		map_put(r->memberships, (struct slice){ (const char *)&is, sizeof(is) }, membership);
		membership->peer = to;
	}
	to->first = from->first;
	to->last = from->last;
	to->count = from->count;
	from->first = from->last = NULL;
	from->count = 0;
}

uint64_t sio_rooms_last_number(void)
{
	return numbers;
}

void sio_rooms_number_from(uint64_t last)
{
	numbers = last;
}

uint64_t sio_rooms_number(const struct sio_rooms *r, const struct sio_peer *peer, struct slice room)
{
	const struct sio_membership *membership = membership_in(r, peer, room);

	return membership ? membership->number : 0;
}

size_t sio_rooms_size(const struct sio_rooms *r, struct slice room)
{
	const struct sio_room *found = map_find(r->by_name, room);

	return found ? found->count : 0;
}

void sio_rooms_of(const struct sio_peer *peer, void (*fn)(void *ctx, struct slice room, uint64_t number),
		  void *ctx)
{
	for (const struct sio_membership *membership = peer->first; membership; membership = membership->peer_next)
		fn(ctx, room_name(membership->room), membership->number);
}

void sio_rooms_each(struct sio_rooms *r, struct slice room, void (*fn)(void *ctx, struct sio_peer *peer),
		    void *ctx)
{
	const struct sio_room *found = map_find(r->by_name, room);
	struct walk w = { found ? found->first : NULL, r->walks };
	struct sio_membership *membership;
	uint64_t newest = numbers;

	r->walks = &w;
	/* memberships stand in the order of their numbers: the first one made since ends the walk */
	while ((membership = w.next) && membership->number <= newest) {
		w.next = membership->room_next;
		fn(ctx, membership->peer);
	}
	r->walks = w.outer;
}

void sio_rooms_union(struct sio_rooms *r, const struct slice *rooms, size_t count,
		     void (*fn)(void *ctx, struct sio_peer *peer), void *ctx)
{
	uint64_t visit = ++r->visits;
	const struct sio_room *room;

	for (size_t i = 0; i < count; i++) {
		room = map_find(r->by_name, rooms[i]);
		for (struct sio_membership *membership = room ? room->first : NULL; membership; membership = membership->room_next) {
			if (membership->peer->visit == visit)
				continue;
			membership->peer->visit = visit;
			fn(ctx, membership->peer);
		}
	}
}
