/*
 * resolve: what a set needs to know about its rooms and people, in one question.
 *
 * Room: fcgi-api/store, inside. Called by send and members; calls row and db.
 */
#ifndef STORE_RESOLVE_H
#define STORE_RESOLVE_H

#include "db.h"

struct resolved_room {
	struct store_room room;
	bool crowded;        /* a group with more active members than get recipient rows */
	bool locked;         /* for the caller */
};

/* What was found; in the arena. */
struct resolved {
	struct resolved_room *rooms;
	size_t room_count;
	struct store_person *people;
	size_t person_count;
	struct { int64_t room_id, person_id; } *members;  /* of groups, active ones among the people asked */
	size_t member_count, member_cap;
};

/* What is asked; uuids may be wrong, people unknown. Both lists without repeats, at most STORE_SET_MAX each. */
struct resolve_ask {
	struct slice uuids[STORE_SET_MAX];
	size_t uuid_count;
	int64_t people[STORE_SET_MAX];
	size_t person_count;
};

/* Adds to the question, once. */
void resolve_add(struct resolve_ask *ask, struct slice uuid, int64_t person_id);
STORE_CHECK enum store_verdict resolve(struct store *st, const struct resolve_ask *ask, struct arena *a,
				       struct resolved *found_r);
/* NULL: not there. Uuids compare byte for byte. */
struct resolved_room *resolved_room(const struct resolved *r, struct slice uuid);
const struct store_person *resolved_person(const struct resolved *r, int64_t id);
/* In the pair, or active member of the group. */
bool resolved_member(const struct resolved *r, const struct store_room *room, int64_t person_id);

#endif
