/*
 * unread: what a person has not read yet, room by room.
 *
 * Room: fcgi-api/store, inside. Called by lists, readall and receipts.
 *
 * The companion counts recipient rows without leido_en whose message is not deleted. In groups there are
 * messages without rows (large groups, rows inserted by hand): those of others, not deleted, newer than the
 * newest that the person has read there and newer than the membership, count too.
 *
 * Its arithmetic is kept to the last message up to UNREAD_MAX. Of a person's unread rows no more are counted, the
 * newest ones; and in a group that is far (below) nothing counts that is older than the newest UNREAD_MAX messages
 * that the person wrote or was sent a row of. More would take seconds at each look, and then no count at all.
 */
#ifndef STORE_UNREAD_H
#define STORE_UNREAD_H

#include "db.h"

#define UNREAD_MAX "100000"

struct unread_group {
	int64_t room_id;
	struct slice joined;     /* unido_en, as the database writes it */
	int64_t newest_read;     /* id, 0: none; in a far group at least unread_floor */
	int64_t count;           /* unread messages without a row */
	bool far;                /* large and not read for long: not to be walked */
};
struct unread_room {
	int64_t room_id;
	int64_t count;           /* unread rows */
};
struct unread {
	struct unread_room *rooms;
	size_t room_count;
	struct unread_group *groups;
	size_t group_count;
};

/* Both counts, of all rooms. */
STORE_CHECK enum store_verdict unread_find(struct store *st, int64_t person_id, struct arena *a, struct unread *u_r);
/* That of the groups alone, of all or of one (room_id > 0): u_r has no rooms. */
STORE_CHECK enum store_verdict unread_without_rows(struct store *st, int64_t person_id, int64_t room_id,
						   struct arena *a, struct unread *u_r);
/*
 * The newest message of a room, above the one given, that the person has read; 0: none. Behind some thousand messages it is
 * found among the person's own rows, and is the floor (below) at least; so it may be asked at every mark.
 */
STORE_CHECK enum store_verdict unread_newest_read(struct store *st, int64_t person_id, int64_t room_id, int64_t above,
						  int64_t *newest_r);
/* The message below which nothing of the person counts in groups that are far; 0 for nearly everybody. */
STORE_CHECK enum store_verdict unread_floor(struct store *st, int64_t person_id, int64_t *floor_r);
/* The newest message of a room, above the one given, that the person has read, from the own rows; 0: none. */
STORE_CHECK enum store_verdict unread_far_read(struct store *st, int64_t person_id, int64_t room_id, int64_t above,
					       int64_t *newest_r);
/* The newest read message and the count of those groups that are far. */
STORE_CHECK enum store_verdict unread_far(struct store *st, int64_t person_id, struct unread_group *groups, size_t count,
					  struct arena *a);
/* What is unread in a room. */
int64_t unread_of(const struct unread *u, int64_t room_id);

#endif
