/*
 * rooms: names, and who is in them.
 *
 * Room: relay/socketio. Called by server, namespace, gather, socket, membership, recovery and recovery_save.
 * Pure: knows no sockets, only peers. A membership is one peer in one room and has a number of its own, so that a late order
 * can say which membership it means. Joining, leaving and asking cost the same however many rooms and members there
 * are.
 */
#ifndef SIO_ROOMS_H
#define SIO_ROOMS_H

#include "buf.h"

struct sio_rooms;
struct sio_membership;

struct sio_peer {                      /* embedded by whoever may be in rooms; all zero at first */
	struct sio_membership *first, *last; /* memberships in the order of joining */
	size_t count;
	uint64_t visit;                /* last union that came past */
	bool away;                     /* no socket: a place kept for one that may come back (recovery) */
};

struct sio_rooms *sio_rooms_new(void);
/* All peers must have left. */
void sio_rooms_free(struct sio_rooms *r);
/* Number of rooms with somebody in them. */
size_t sio_rooms_count(const struct sio_rooms *r);
/* 1 joined now, 0 was in it. number_r (may be NULL): of the membership, unique in the process. Copies the name. */
int sio_rooms_join(struct sio_rooms *r, struct sio_peer *peer, struct slice room, uint64_t *number_r);
/* 1 left, 0 was not in it. */
int sio_rooms_leave(struct sio_rooms *r, struct sio_peer *peer, struct slice room);
/* Leaves the oldest of the peer's rooms and writes its name over `name_r`: 1, or 0 when it is in none. */
int sio_rooms_leave_first(struct sio_rooms *r, struct sio_peer *peer, struct buf *name_r);
/* Every membership of `from`, numbers and all, becomes one of `to`, which must have none. */
void sio_rooms_move(struct sio_rooms *r, struct sio_peer *from, struct sio_peer *to);
/* The number given last, and the word that the next ones follow this one. */
uint64_t sio_rooms_last_number(void);
void sio_rooms_number_from(uint64_t last);
/* Number of the membership, 0: not in it. */
uint64_t sio_rooms_number(const struct sio_rooms *r, const struct sio_peer *peer, struct slice room);
/* Members of a room. */
size_t sio_rooms_size(const struct sio_rooms *r, struct slice room);
/* Walks the rooms of a peer, oldest first; fn must not change them. */
void sio_rooms_of(const struct sio_peer *peer, void (*fn)(void *ctx, struct slice room, uint64_t number),
		  void *ctx);
/*
 * Walks the members of a room, oldest first. fn may join, leave and end any peer; who joins during the walk
 * is not visited, who leaves before its turn neither.
 */
void sio_rooms_each(struct sio_rooms *r, struct slice room, void (*fn)(void *ctx, struct sio_peer *peer),
		    void *ctx);
/* Walks the union of rooms, each peer once; fn must not change rooms. */
void sio_rooms_union(struct sio_rooms *r, const struct slice *rooms, size_t count,
		     void (*fn)(void *ctx, struct sio_peer *peer), void *ctx);

#endif
