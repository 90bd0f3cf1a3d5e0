/*
 * lookup: rooms, ids and people that a request names.
 *
 * Room: fcgi-api/handlers. Calls store.
 */
#include "lookup.h"

const struct refusal *lookup_id(struct slice name, const struct refusal *unknown, int64_t *id_r)
{
	return ids_parse(name, id_r) == 0 ? NULL : unknown;
}

const struct refusal *lookup_room(struct call *c, struct slice name, struct store_room *room_r)
{
	enum store_verdict v;
	int64_t id;
	bool member;

	if (ids_parse(name, &id) == 0)
		v = store_room_by_id(c->store, id, c->user_id, c->arena, room_r, &member);
	else
		v = store_room_by_uuid(c->store, name, c->user_id, c->arena, room_r, &member);
	if (store_is_trouble(v))
		return call_trouble(c, v);
	if (v == STORE_NONE)
		return REFUSE(ROOM_UNKNOWN);
	return member ? NULL : REFUSE(NOT_IN_ROOM);
}

const struct refusal *lookup_person(struct call *c, struct slice name, int64_t *id_r)
{
	if (ids_parse(name, id_r) != 0)
		return REFUSE(PERSON_UNKNOWN);
	return lookup_other(c, *id_r, REFUSE(PERSON_UNKNOWN));
}

const struct refusal *lookup_other(struct call *c, int64_t id, const struct refusal *unknown)
{
	struct store_person person;
	enum store_verdict v;

	if (id == c->user_id)
		return REFUSE(ONESELF);
	v = store_person_by_id(c->store, id, c->arena, &person);
	if (store_is_trouble(v))
		return call_trouble(c, v);
	return v == STORE_OK && person.active ? NULL : unknown;
}

const struct refusal *lookup_direct(struct call *c, int64_t other, struct store_room *room_r, bool *created_r)
{
	enum store_verdict v = store_room_direct(c->store, c->user_id, other, c->arena, room_r, created_r);

	if (v == STORE_REFUSED)
		return REFUSE(DIRECT_FAILED);
	return v == STORE_OK ? NULL : call_trouble(c, v);
}

const struct refusal *lookup_group(struct call *c, int64_t group, const struct refusal *unknown,
				   struct store_room *room_r, bool *created_r)
{
	bool known;
	enum store_verdict v = store_room_group(c->store, group, c->user_id, c->arena, room_r, created_r, &known);

	if (v == STORE_NONE)
		return known ? REFUSE(NOT_MEMBER) : unknown;
	if (v == STORE_REFUSED)
		return REFUSE(GROUP_FAILED);
	return v == STORE_OK ? NULL : call_trouble(c, v);
}
