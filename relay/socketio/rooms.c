/*
 * rooms: names, and who is in them.
 *
 * Room: relay/socketio. Calls map.
 * Pure. A seat hangs in two lists, its room's and its peer's, and in one table by (room, peer).
 */
#include "rooms.h"
#include "map.h"

#include <stdlib.h>

struct sio_room;

struct sio_seat {
	struct sio_room *room;
	struct sio_peer *peer;
	uint64_t number;
	struct sio_seat *room_prev, *room_next;
	struct sio_seat *peer_prev, *peer_next;
};

struct sio_room {
	struct sio_seat *first, *last;
	size_t count;
	size_t len;
	char name[];
};

struct walk {                          /* a sio_rooms_each under way */
	struct sio_seat *next;
	struct walk *outer;
};

struct sio_rooms {
	struct map *by_name;
	struct map *seats;             /* by struct seat_key */
	struct walk *walks;
	uint64_t visits;
};

struct seat_key {
	const struct sio_room *room;
	const struct sio_peer *peer;
};

static uint64_t numbers;               /* last one given; of the process, as promised */

struct sio_rooms *sio_rooms_new(void)
{
	struct sio_rooms *r = mem_zero(1, sizeof(*r));

	r->by_name = map_new();
	r->seats = map_new();
	return r;
}

void sio_rooms_free(struct sio_rooms *r)
{
	if (!r)
		return;
	map_free(r->by_name);
	map_free(r->seats);
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

static struct sio_seat *seat_find(const struct sio_rooms *r, const struct sio_room *room,
				  const struct sio_peer *peer)
{
	struct seat_key key = { room, peer };

	return map_find(r->seats, (struct slice){ (const char *)&key, sizeof(key) });
}

/* The seat of a peer in the room of that name, or NULL. */
static struct sio_seat *seat_in(const struct sio_rooms *r, const struct sio_peer *peer, struct slice name)
{
	const struct sio_room *room;

	if (!peer->first)
		return NULL;
	room = map_find(r->by_name, name);
	return room ? seat_find(r, room, peer) : NULL;
}

static void seat_add(struct sio_rooms *r, struct sio_room *room, struct sio_peer *peer)
{
	struct seat_key key = { room, peer };
	struct sio_seat *seat = mem_alloc(sizeof(*seat));

	*seat = (struct sio_seat){ .room = room, .peer = peer, .number = ++numbers,
				   .room_prev = room->last, .peer_prev = peer->last };
	*(room->last ? &room->last->room_next : &room->first) = seat;
	*(peer->last ? &peer->last->peer_next : &peer->first) = seat;
	room->last = peer->last = seat;
	room->count++;
	peer->count++;
	map_put(r->seats, (struct slice){ (const char *)&key, sizeof(key) }, seat);
}

static void seat_remove(struct sio_rooms *r, struct sio_seat *seat)
{
	struct seat_key key = { seat->room, seat->peer };
	struct sio_room *room = seat->room;
	struct sio_peer *peer = seat->peer;

	for (struct walk *w = r->walks; w; w = w->outer)
		if (w->next == seat)
			w->next = seat->room_next;
	map_remove(r->seats, (struct slice){ (const char *)&key, sizeof(key) });
	*(seat->room_prev ? &seat->room_prev->room_next : &room->first) = seat->room_next;
	*(seat->room_next ? &seat->room_next->room_prev : &room->last) = seat->room_prev;
	*(seat->peer_prev ? &seat->peer_prev->peer_next : &peer->first) = seat->peer_next;
	*(seat->peer_next ? &seat->peer_next->peer_prev : &peer->last) = seat->peer_prev;
	room->count--;
	peer->count--;
	free(seat);
	if (room->count == 0) {
		map_remove(r->by_name, room_name(room));
		free(room);
	}
}

int sio_rooms_join(struct sio_rooms *r, struct sio_peer *peer, struct slice room, uint64_t *number_r)
{
	const struct sio_seat *seat = seat_in(r, peer, room);

	if (!seat)
		seat_add(r, room_get(r, room), peer);
	if (number_r)
		*number_r = seat ? seat->number : peer->last->number;
	return !seat;
}

int sio_rooms_leave(struct sio_rooms *r, struct sio_peer *peer, struct slice room)
{
	struct sio_seat *seat = seat_in(r, peer, room);

	if (seat)
		seat_remove(r, seat);
	return seat != NULL;
}

int sio_rooms_leave_first(struct sio_rooms *r, struct sio_peer *peer, struct buf *name_r)
{
	if (!peer->first)
		return 0;
	buf_reset(name_r);
	buf_put_slice(name_r, room_name(peer->first->room));
	seat_remove(r, peer->first);
	return 1;
}

void sio_rooms_move(struct sio_rooms *r, struct sio_peer *from, struct sio_peer *to)
{
	for (struct sio_seat *seat = from->first; seat; seat = seat->peer_next) {
		struct seat_key was = { seat->room, from }, is = { seat->room, to };

		map_remove(r->seats, (struct slice){ (const char *)&was, sizeof(was) });
		map_put(r->seats, (struct slice){ (const char *)&is, sizeof(is) }, seat);
		seat->peer = to;
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
	const struct sio_seat *seat = seat_in(r, peer, room);

	return seat ? seat->number : 0;
}

size_t sio_rooms_size(const struct sio_rooms *r, struct slice room)
{
	const struct sio_room *found = map_find(r->by_name, room);

	return found ? found->count : 0;
}

void sio_rooms_of(const struct sio_peer *peer, void (*fn)(void *ctx, struct slice room, uint64_t number),
		  void *ctx)
{
	for (const struct sio_seat *seat = peer->first; seat; seat = seat->peer_next)
		fn(ctx, room_name(seat->room), seat->number);
}

void sio_rooms_each(struct sio_rooms *r, struct slice room, void (*fn)(void *ctx, struct sio_peer *peer),
		    void *ctx)
{
	const struct sio_room *found = map_find(r->by_name, room);
	struct walk w = { found ? found->first : NULL, r->walks };
	struct sio_seat *seat;
	uint64_t newest = numbers;

	r->walks = &w;
	/* seats stand in the order of their numbers: the first one made since ends the walk */
	while ((seat = w.next) && seat->number <= newest) {
		w.next = seat->room_next;
		fn(ctx, seat->peer);
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
		for (struct sio_seat *seat = room ? room->first : NULL; seat; seat = seat->room_next) {
			if (seat->peer->visit == visit)
				continue;
			seat->peer->visit = visit;
			fn(ctx, seat->peer);
		}
	}
}
