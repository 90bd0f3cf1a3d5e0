/*
 * twins: each room of a group is told of the others, lowest number first.
 *
 * Room: fcgi-api/store. Calls sets and db.
 */
#include "twins.h"
#include "sets.h"

const struct db_sql twins_sql = {
	"rooms of groups",
	"SELECT s.grupo_id, s.id, s.sala_uuid FROM salas_chat s WHERE s.grupo_id IN ({?}) AND s.tipo_sala = 'grupal'", "iit"
};

/* Sorted here: by the database's order it might walk the primary key instead of the index. */
static void add_twin(struct store_room *room, int64_t *ids, int64_t id, struct slice uuid, struct arena *a)
{
	size_t at = room->twin_count, last;

	if (!room->twins)
		room->twins = arena_alloc(a, STORE_TWINS_MAX * sizeof(*room->twins));
	while (at > 0 && ids[at - 1] > id)
		at--;
	if (at == STORE_TWINS_MAX)
		return;
	last = room->twin_count < STORE_TWINS_MAX ? room->twin_count++ : STORE_TWINS_MAX - 1;
	for (; last > at; last--) {
		ids[last] = ids[last - 1];
		room->twins[last] = room->twins[last - 1];
	}
	ids[at] = id;
	room->twins[at] = uuid;
}

enum store_verdict twins_read(struct store *st, struct store_room *const *rooms, size_t count, struct arena *a)
{
	int64_t ids[STORE_SET_MAX][STORE_TWINS_MAX];

	while (db_next(st)) {
		int64_t group = db_number(st, 0), id = db_number(st, 1);
		struct slice uuid = SLICE_NONE;

		for (size_t i = 0; i < count; i++) {
			if (rooms[i]->group_id != group || rooms[i]->id == id)
				continue;
			uuid = uuid.p ? uuid : db_text(st, 2, a);
			add_twin(rooms[i], ids[i], id, uuid, a);
		}
	}
	return db_end(st);
}

static enum store_verdict find_some(struct store *st, struct store_room *const *rooms, size_t count, struct arena *a)
{
	struct db_value groups[STORE_SET_MAX];
	enum store_verdict v;

	if (count == 0)
		return STORE_OK;
	for (size_t i = 0; i < count; i++)
		groups[i] = db_of_number(rooms[i]->group_id);
	v = sets_run_list(st, &twins_sql, groups, count, 1);
	return v == STORE_OK ? twins_read(st, rooms, count, a) : v;
}

enum store_verdict store_room_twins(struct store *st, struct store_room *const *rooms, size_t count, struct arena *a)
{
	struct store_room *some[STORE_SET_MAX];
	enum store_verdict v = STORE_OK;
	size_t n = 0;

	for (size_t i = 0; v == STORE_OK && i < count; i++) {
		if (rooms[i]->kind == STORE_GRUPAL)
			some[n++] = rooms[i];
		if (n == STORE_SET_MAX) {
			v = find_some(st, some, n, a);
			n = 0;
		}
	}
	return v == STORE_OK ? find_some(st, some, n, a) : v;
}

enum store_verdict twins_of_repeats(struct store *st, struct store_send *set, size_t count, struct arena *a)
{
	struct store_room *rooms[STORE_SET_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (set[i].message.id && set[i].verdict == STORE_SEND_DUPLICATE)
			rooms[n++] = &set[i].message.room;
	return store_room_twins(st, rooms, n, a);
}
