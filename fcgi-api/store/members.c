/*
 * members: who is still what they were.
 *
 * Room: fcgi-api/store. Called by the membership handler; calls resolve.
 */
#include "resolve.h"

enum store_verdict store_member_check(struct store *st, struct store_member *set, size_t count,
				      struct arena *a)
{
	struct resolve_ask ask = { .uuid_count = 0 };
	struct resolved found;
	enum store_verdict v;
	size_t i;

	if (count > STORE_SET_MAX)
		return STORE_REFUSED;
	for (i = 0; i < count; i++)
		resolve_add(&ask, set[i].sala_uuid, set[i].person_id);
	if (count == 0)
		return STORE_OK;
	v = resolve(st, &ask, a, &found);
	for (i = 0; v == STORE_OK && i < count; i++) {
		const struct store_person *p = resolved_person(&found, set[i].person_id);
		const struct resolved_room *r =
			set[i].sala_uuid.n ? resolved_room(&found, set[i].sala_uuid) : NULL;

		set[i].active = p && p->active;
		set[i].member = r && resolved_member(&found, &r->room, set[i].person_id);
		set[i].group_id = r ? r->room.group_id : 0;
	}
	return v;
}
