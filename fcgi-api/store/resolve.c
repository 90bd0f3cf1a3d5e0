/*
 * resolve: what a set needs to know about its rooms and people.
 *
 * Room: fcgi-api/store, inside. Calls row, sets, known, twins and db.
 * Short statements of one table each: the server plans a statement anew each time it runs, and a UNION of the three
 * cost four times what they cost one by one. What is asked by numbers goes together. Groups are asked about only when
 * there are some.
 */
#include "resolve.h"
#include "known.h"
#include "row.h"
#include "sets.h"
#include "twins.h"

#include <stdlib.h>

static const struct db_sql rooms_sql = {
	"resolve rooms", "SELECT " ROW_ROOM("s") " FROM salas_chat s WHERE s.sala_uuid IN"
	" ({?})", ROW_ROOM_LETTERS
};
/* FORCE INDEX: a scan of all rooms would lock them all. */
static const struct db_sql lock_sql = {
	"resolve lock",
	"SELECT " ROW_ROOM("s") ", UNIX_TIMESTAMP(s.actualizado_en) FROM salas_chat s FORCE INDEX"
	" (PRIMARY)"
	" WHERE s.id IN ({?}) ORDER BY s.id FOR UPDATE", ROW_ROOM_LETTERS "i"
};
#define COLUMN_TOUCHED 6
static const struct db_sql people_sql = {
	"resolve people", "SELECT " ROW_PERSON("u") " FROM usuarios u WHERE u.id IN ({?})", ROW_PERSON_LETTERS
};
static const struct db_sql members_sql = {
	"resolve members",
	"SELECT g.grupo_id, g.usuario_id FROM miembros_grupo g WHERE ({(g.grupo_id = ? AND g.usuario_id ="
	" ?)| OR })"
	" AND g.estado_membresia = 'activo'", "ii"
};
/* Without counting further than needed. */
static const struct db_sql crowded_sql = {
	"resolve crowded",
	"SELECT s.id, (SELECT 1 FROM miembros_grupo c WHERE c.grupo_id = s.grupo_id AND c.estado_membresia"
	" = 'activo'"
	" LIMIT 1 OFFSET ?) FROM salas_chat s WHERE s.id IN ({?})", "ii"
};

void resolve_add(struct resolve_ask *ask, struct slice uuid, int64_t person_id)
{
	size_t at = 0, i = 0;

	while (i < ask->person_count && ask->people[i] != person_id)
		i++;
	if (i == ask->person_count)
		ask->people[ask->person_count++] = person_id;
	if (!uuid.n)
		return;
	while (at < ask->uuid_count && !slice_eq(ask->uuids[at], uuid))
		at++;
	if (at == ask->uuid_count)
		ask->uuids[ask->uuid_count++] = uuid;
	for (i = 0; i < ask->pair_count; i++) {
		if (ask->pairs[i].uuid == at && ask->pairs[i].person_id == person_id)
			return;
	}
	ask->pairs[ask->pair_count].uuid = at;
	ask->pairs[ask->pair_count++].person_id = person_id;
}

/* ---- rooms ---- */

/* Finds rooms by their uuids. */
static enum store_verdict find_rooms(struct store *st, const struct slice *uuids, size_t count,
				     struct arena *a, struct resolved *r)
{
	struct db_value in[STORE_SET_MAX];
	enum store_verdict v;
	size_t i;

	if (count == 0)
		return STORE_OK;
	for (i = 0; i < count; i++)
		in[i] = db_of_text(uuids[i]);
	v = sets_run_list(st, &rooms_sql, in, count, 1);
	if (v)
		return v;
	while (db_next(st)) {
		if (r->room_count == STORE_SET_MAX)
			continue;
		row_room(st, 0, a, &r->rooms[r->room_count].room);
		r->rooms[r->room_count++].crowded = false;
	}
	return db_end(st);
}

static int by_number(const void *a, const void *b)
{
	int64_t x = ((const struct db_value *)a)->number, y = ((const struct db_value *)b)->number;

	return x < y ? -1 : x > y;
}

/* Fewer than asked when some are gone. */
static enum store_verdict read_locked(struct store *st, struct arena *a, struct resolved *r)
{
	r->room_count = 0;
	while (db_next(st)) {
		struct resolved_room *room = &r->rooms[r->room_count];

		if (r->room_count == STORE_SET_MAX)
			continue;
		row_room(st, 0, a, &room->room);
		room->touched_at = db_number(st, COLUMN_TOUCHED);
		room->crowded = false;
		r->room_count++;
	}
	return db_end(st);
}

/* The numbers of the rooms asked for: those known by heart, and those that have to be looked up. */
static enum store_verdict number_rooms(struct store *st, const struct resolve_ask *ask, struct arena *a,
				       struct resolved *r, struct db_value *ids, size_t *count_r)
{
	struct slice unknown[STORE_SET_MAX];
	size_t n = 0, unknowns = 0, i;
	enum store_verdict v;

	for (i = 0; i < ask->uuid_count; i++) {
		int64_t id = known_find(db_known(st), ask->uuids[i]);

		if (id)
			ids[n++] = db_of_number(id);
		else
			unknown[unknowns++] = ask->uuids[i];
	}
	v = find_rooms(st, unknown, unknowns, a, r);
	for (i = 0; v == STORE_OK && i < r->room_count; i++) {
		size_t k = 0;

		while (k < unknowns && !slice_eq(unknown[k], r->rooms[i].room.uuid))
			k++;
		if (k == unknowns)  /* the collation's idea of equal */
			continue;
		known_put(db_known(st), unknown[k], r->rooms[i].room.id);
		ids[n++] = db_of_number(r->rooms[i].room.id);
	}
	*count_r = n;
	return v;
}

/* A room that is known and not there any more: it may have come back under another number. */
static bool forget_missing(struct store *st, const struct resolve_ask *ask, const struct resolved *r)
{
	bool missing = false;
	size_t i;

	for (i = 0; i < ask->uuid_count; i++) {
		if (!known_find(db_known(st), ask->uuids[i]) || resolved_room(r, ask->uuids[i]))
			continue;
		known_forget(db_known(st), ask->uuids[i]);
		missing = true;
	}
	return missing;
}

/* ---- people and groups ---- */

static size_t put_people(const struct resolve_ask *ask, struct db_value *in)
{
	size_t i;

	for (i = 0; i < ask->person_count; i++)
		in[i] = db_of_number(ask->people[i]);
	return i;
}

static enum store_verdict read_people(struct store *st, struct arena *a, struct resolved *r)
{
	while (db_next(st)) {
		if (r->person_count < STORE_SET_MAX)
			row_person(st, 0, a, &r->people[r->person_count++]);
	}
	return db_end(st);
}

static enum store_verdict find_people(struct store *st, const struct resolve_ask *ask, struct arena *a,
				      struct resolved *r)
{
	struct db_value in[STORE_SET_MAX];
	size_t n = put_people(ask, in);
	enum store_verdict v = sets_run_list(st, &people_sql, in, n, 1);

	return v ? v : read_people(st, a, r);
}

/* The pairs that are about groups: two values each. */
static size_t put_pairs(const struct resolve_ask *ask, const struct resolved *r, struct db_value *in)
{
	size_t n = 0, i;

	for (i = 0; i < ask->pair_count; i++) {
		const struct resolved_room *room = resolved_room(r, ask->uuids[ask->pairs[i].uuid]);

		if (!room || room->room.kind != STORE_GRUPAL)
			continue;
		in[2 * n] = db_of_number(room->room.group_id);
		in[2 * n++ + 1] = db_of_number(ask->pairs[i].person_id);
	}
	return n;
}

static enum store_verdict read_members(struct store *st, struct resolved *r)
{
	while (db_next(st)) {
		if (r->member_count == STORE_SET_MAX)
			continue;
		r->members[r->member_count].group_id = db_number(st, 0);
		r->members[r->member_count++].person_id = db_number(st, 1);
	}
	return db_end(st);
}

static enum store_verdict find_members(struct store *st, const struct resolve_ask *ask, struct resolved *r)
{
	struct db_value in[STORE_SET_MAX * 2];
	size_t n = put_pairs(ask, r, in);
	enum store_verdict v = n ? sets_run_list(st, &members_sql, in, n, 2) : STORE_OK;

	return n && v == STORE_OK ? read_members(st, r) : v;
}

static enum store_verdict read_crowds(struct store *st, struct resolved *r)
{
	while (db_next(st)) {
		for (size_t i = 0; i < r->room_count; i++) {
			if (r->rooms[i].room.id == db_number(st, 0))
				r->rooms[i].crowded = db_number(st, 1) == 1;
		}
	}
	return db_end(st);
}

/* All that is asked about groups, in one round trip: who of the askers is in them, which are crowded, which have several rooms. */
static enum store_verdict find_groups(struct store *st, const struct resolve_ask *ask, struct arena *a, struct resolved *r)
{
	struct db_value pairs[STORE_SET_MAX * 2], crowds[STORE_SET_MAX + 1], groups[STORE_SET_MAX];
	struct store_room *rooms[STORE_SET_MAX];
	size_t n = 0, pair_count = put_pairs(ask, r, pairs);
	enum store_verdict v;

	crowds[0] = db_of_number(db_settings(st)->recipient_rows_max);
	for (size_t i = 0; i < r->room_count; i++) {
		if (r->rooms[i].room.kind != STORE_GRUPAL)
			continue;
		rooms[n] = &r->rooms[i].room;
		groups[n] = db_of_number(rooms[n]->group_id);
		crowds[++n] = db_of_number(r->rooms[i].room.id);
	}
	if (n == 0)
		return STORE_OK;
	struct db_ask asks[] = { { &members_sql, pair_count, pairs, 2 * pair_count },
				 { &crowded_sql, n, crowds, n + 1 }, { &twins_sql, n, groups, n } };
	v = db_run_together(st, asks, 3);
	if (v == STORE_OK)
		v = read_members(st, r);
	if (v == STORE_OK)
		v = read_crowds(st, r);
	return v == STORE_OK ? twins_read(st, rooms, n, a) : v;
}

/* ---- together ---- */

static void prepare(struct resolved *r, struct arena *a)
{
	memset(r, 0, sizeof(*r));
	r->rooms = arena_alloc(a, STORE_SET_MAX * sizeof(*r->rooms));
	r->people = arena_alloc(a, STORE_SET_MAX * sizeof(*r->people));
	r->members = arena_alloc(a, STORE_SET_MAX * sizeof(*r->members));
}

enum store_verdict resolve(struct store *st, const struct resolve_ask *ask, struct arena *a,
			   struct resolved *r)
{
	enum store_verdict v;

	prepare(r, a);
	v = find_rooms(st, ask->uuids, ask->uuid_count, a, r);
	if (v == STORE_OK)
		v = find_members(st, ask, r);
	return v == STORE_OK ? find_people(st, ask, a, r) : v;
}

/* Rooms, locked, and people in one round trip: their numbers are known. */
static enum store_verdict find_locked(struct store *st, const struct resolve_ask *ask, struct arena *a,
				      struct resolved *r)
{
	struct db_value ids[STORE_SET_MAX], people[STORE_SET_MAX];
	struct db_ask asks[] = { { &lock_sql, 0, ids, 0 }, { &people_sql, 0, people, 0 } };
	size_t n;
	enum store_verdict v = number_rooms(st, ask, a, r, ids, &n);

	r->room_count = 0;  /* only what is locked counts */
	if (v || n == 0)
		return v;
	qsort(ids, n, sizeof(*ids), by_number);
	asks[0].size = asks[0].in_count = n;
	asks[1].size = asks[1].in_count = put_people(ask, people);
	v = db_run_together(st, asks, 2);
	if (v == STORE_OK)
		v = read_locked(st, a, r);
	if (v == STORE_OK)
		v = read_people(st, a, r);
	return v == STORE_OK && forget_missing(st, ask, r) ? STORE_AGAIN : v;
}

enum store_verdict resolve_locked(struct store *st, const struct resolve_ask *ask, struct arena *a,
				  struct resolved *r)
{
	enum store_verdict v;

	prepare(r, a);
	v = find_locked(st, ask, a, r);
	return v == STORE_OK ? find_groups(st, ask, a, r) : v;
}

struct resolved_room *resolved_room(const struct resolved *r, struct slice uuid)
{
	size_t i;

	for (i = 0; i < r->room_count; i++) {
		if (slice_eq(r->rooms[i].room.uuid, uuid))
			return &r->rooms[i];
	}
	return NULL;
}

const struct store_person *resolved_person(const struct resolved *r, int64_t id)
{
	size_t i;

	for (i = 0; i < r->person_count; i++) {
		if (r->people[i].id == id)
			return &r->people[i];
	}
	return NULL;
}

bool resolved_member(const struct resolved *r, const struct store_room *room, int64_t person_id)
{
	size_t i;

	if (room->kind == STORE_DIRECTO)
		return room->a_id == person_id || room->b_id == person_id;
	for (i = 0; i < r->member_count; i++) {
		if (r->members[i].group_id == room->group_id && r->members[i].person_id == person_id)
			return true;
	}
	return false;
}
