/*
 * lookup: rooms, ids and people of REST paths.
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
	struct store_person person;
	enum store_verdict v;

	if (ids_parse(name, id_r) != 0)
		return REFUSE(PERSON_UNKNOWN);
	if (*id_r == c->user_id)
		return REFUSE(ONESELF);
	v = store_person_by_id(c->store, *id_r, c->arena, &person);
	if (store_is_trouble(v))
		return call_trouble(c, v);
	return v == STORE_OK && person.active ? NULL : REFUSE(PERSON_UNKNOWN);
}
