/*
 * resolve: what a set needs to know about its rooms and people.
 *
 * Room: fcgi-api/store, inside. Called by send and members.
 */
#ifndef STORE_RESOLVE_H
#define STORE_RESOLVE_H

#include "db.h"

struct resolved_room {
	struct store_room room;
	int64_t touched_at;  /* locked ones: the time of the room, seconds since 1970 */
	bool crowded;        /* a group with more active members than get recipient rows */
};

/* What was found; in the arena. */
struct resolved {
	struct resolved_room *rooms;
	size_t room_count;
	struct store_person *people;
	size_t person_count;
	struct { int64_t group_id, person_id; } *members;  /* active ones among those asked */
	size_t member_count;
};

/* What is asked; uuids may be wrong, people unknown. Pairs without repeats, at most STORE_SET_MAX. */
struct resolve_ask {
	struct slice uuids[STORE_SET_MAX];    /* without repeats */
	size_t uuid_count;
	int64_t people[STORE_SET_MAX];        /* without repeats */
	size_t person_count;
	struct { size_t uuid; int64_t person_id; } pairs[STORE_SET_MAX];  /* uuid: its place in uuids */
	size_t pair_count;
};

/* Adds to the question, once. An empty uuid asks for the person alone. */
void resolve_add(struct resolve_ask *ask, struct slice uuid, int64_t person_id);
/* Rooms, memberships, people, as they are. */
STORE_CHECK enum store_verdict resolve(struct store *st, const struct resolve_ask *ask, struct arena *a,
				       struct resolved *found_r);
/*
 * The same with all rooms that are there locked, in the order of their numbers, until the transaction ends:
 * nobody else stores in them meanwhile. They are locked before it is known who may enter: a stranger can hold
 * up a room for the milliseconds of one transaction, and everybody is spared a question.
 */
STORE_CHECK enum store_verdict resolve_locked(struct store *st, const struct resolve_ask *ask,
					      struct arena *a, struct resolved *found_r);
/* NULL: not there. Uuids compare byte for byte. */
struct resolved_room *resolved_room(const struct resolved *r, struct slice uuid);
const struct store_person *resolved_person(const struct resolved *r, int64_t id);
/* In the pair, or active member of the group. */
bool resolved_member(const struct resolved *r, const struct store_room *room, int64_t person_id);

#endif
