/*
 * heard: the first room of each group asked for. The lowest id is sought here: ordering by the database might make it walk
 * the primary key.
 *
 * Room: fcgi-api/store, inside. Called by resolve, send and the handlers that push; calls sets and db.
 */
#include "heard.h"
#include "sets.h"

const struct db_sql heard_sql = {
	"rooms of groups",
	"SELECT s.grupo_id, s.id, s.sala_uuid FROM salas_chat s WHERE s.grupo_id IN ({?}) AND s.tipo_sala = 'grupal'", "iit"
};

enum store_verdict heard_read(struct store *st, struct store_room *const *rooms, size_t count, struct arena *a)
{
	int64_t first[STORE_SET_MAX];

	for (size_t i = 0; i < count; i++)
		first[i] = rooms[i]->id;
	while (db_next(st)) {
		int64_t group = db_number(st, 0), id = db_number(st, 1);
		struct slice uuid = SLICE_NONE;

		for (size_t i = 0; i < count; i++) {
			if (rooms[i]->group_id != group || first[i] <= id)
				continue;
			uuid = uuid.p ? uuid : db_text(st, 2, a);
			rooms[i]->heard_in = uuid;
			first[i] = id;
		}
	}
	return db_end(st);
}

static enum store_verdict find(struct store *st, struct store_room *const *rooms, size_t count, struct arena *a)
{
	struct db_value groups[STORE_SET_MAX];
	enum store_verdict v;

	if (count == 0)
		return STORE_OK;
	for (size_t i = 0; i < count; i++)
		groups[i] = db_of_number(rooms[i]->group_id);
	v = sets_run_list(st, &heard_sql, groups, count, 1);
	return v == STORE_OK ? heard_read(st, rooms, count, a) : v;
}

enum store_verdict heard_repeats(struct store *st, struct store_send *set, size_t count, struct arena *a)
{
	struct store_room *rooms[STORE_SET_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct store_message *m = &set[i].message;

		if (m->id && set[i].verdict == STORE_SEND_DUPLICATE && m->room.kind == STORE_GRUPAL)
			rooms[n++] = &m->room;
	}
	return find(st, rooms, n, a);
}

enum store_verdict store_message_heard(struct store *st, struct store_message *messages, size_t count, struct arena *a)
{
	struct store_room *rooms[STORE_SET_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (messages[i].room.kind == STORE_GRUPAL)
			rooms[n++] = &messages[i].room;
	return find(st, rooms, n, a);
}
