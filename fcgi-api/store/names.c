/*
 * names: what rooms are called.
 *
 * Room: fcgi-api/store. Called by the rooms handlers; calls sets and db.
 */
#include "sets.h"

#define COLUMN_FIRST 1
#define COLUMN_SECOND 2

static const struct db_sql people_sql = {
	"names of people", "SELECT u.id, u.nombre, u.apellido_paterno FROM usuarios u WHERE u.id IN ({?|, })", "itt"
};
static const struct db_sql groups_sql = {
	"names of groups", "SELECT g.id, g.nombre, NULL FROM grupos g WHERE g.id IN ({?|, })", "itt"
};

/* Whose name the room has: the other person's or the group's id; 0 where there is none. */
static int64_t named_after(const struct store_room *room, enum store_kind kind, int64_t person_id)
{
	if (room->kind != kind)
		return 0;
	if (kind == STORE_GRUPAL)
		return room->group_id;
	return room->a_id == person_id ? room->b_id : room->a_id;
}

/* The parts with one blank between, as sender_name in a pushed message. */
static struct slice joined(struct arena *a, struct slice first, struct slice second)
{
	char *p;

	if (!first.n || !second.n)
		return first.n ? first : second;
	p = arena_alloc(a, first.n + 1 + second.n);
	memcpy(p, first.p, first.n);
	p[first.n] = ' ';
	memcpy(p + first.n + 1, second.p, second.n);
	return (struct slice){ p, first.n + 1 + second.n };
}

/* Names the rooms of one kind among up to STORE_SET_MAX. */
static enum store_verdict name_some(struct store *st, enum store_kind kind, int64_t person_id, struct arena *a,
				    struct store_room_entry *rooms, size_t count)
{
	struct db_value in[STORE_SET_MAX];
	enum store_verdict v;
	size_t n = 0, i;

	for (i = 0; i < count; i++) {
		if (named_after(&rooms[i].room, kind, person_id))
			in[n++] = db_of_number(named_after(&rooms[i].room, kind, person_id));
	}
	if (n == 0)
		return STORE_OK;
	v = sets_run_list(st, kind == STORE_GRUPAL ? &groups_sql : &people_sql, in, n, 1);
	if (v)
		return v;
	while (db_next(st)) {
		struct slice name = joined(a, db_text(st, COLUMN_FIRST, a), db_text(st, COLUMN_SECOND, a));

		for (i = 0; i < count; i++) {
			if (named_after(&rooms[i].room, kind, person_id) == db_number(st, 0))
				rooms[i].name = name;
		}
	}
	return db_end(st);
}

enum store_verdict store_room_names(struct store *st, int64_t person_id, struct arena *a,
				    struct store_room_entry *rooms, size_t count)
{
	enum store_verdict v = STORE_OK;
	size_t bytes = 0, i, n;

	for (i = 0; i < count; i++) {
		rooms[i].named = true;
		rooms[i].name = SLICE_NONE;
	}
	for (i = 0; v == STORE_OK && i < count && bytes <= STORE_NAMES_BYTES; i += n) {
		n = count - i < STORE_SET_MAX ? count - i : STORE_SET_MAX;
		v = name_some(st, STORE_DIRECTO, person_id, a, rooms + i, n);
		if (v == STORE_OK)
			v = name_some(st, STORE_GRUPAL, person_id, a, rooms + i, n);
		for (size_t k = i; k < i + n; k++) {
			bytes += rooms[k].name.n;
			if (bytes > STORE_NAMES_BYTES)
				rooms[k].name = SLICE_NONE;
		}
	}
	return v;
}
