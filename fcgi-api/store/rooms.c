/*
 * rooms: one room per pair and per group, for ever; and who is in it.
 *
 * Room: fcgi-api/store. Called by the handlers; calls row and db. A room is looked up by its pair or group
 * first (rooms that the companion made keep their uuid), made against the UNIQUE sala_uuid, and read again
 * after a duplicate key.
 */
#include "row.h"

#define ROOM_SELECT "SELECT " ROW_ROOM("s") ", " ROW_ROOM_TIMES("s")
#define ROOM_LETTERS ROW_ROOM_LETTERS ROW_ROOM_TIMES_LETTERS
#define COLUMN_TIMES 6
#define COLUMN_MEMBER 8

static const struct db_sql pair_sql = {
	"room by pair",
	ROOM_SELECT " FROM salas_chat s WHERE ((s.usuario_a_id = ? AND s.usuario_b_id = ?)"
	" OR (s.usuario_a_id = ? AND s.usuario_b_id = ?)) AND s.tipo_sala = 'directo'", ROOM_LETTERS
};
static const struct db_sql group_sql = {
	"room by group",
	ROOM_SELECT " FROM salas_chat s WHERE s.grupo_id = ? AND s.tipo_sala = 'grupal'", ROOM_LETTERS
};
/* A row when the group is there; 1 when the person is an active member. */
static const struct db_sql membership_sql = {
	"group membership",
	"SELECT m.usuario_id IS NOT NULL FROM grupos g LEFT JOIN miembros_grupo m ON m.grupo_id = g.id AND"
	" m.usuario_id = ? AND m.estado_membresia = 'activo' WHERE g.id = ?", "i"
};
static const struct db_sql insert_sql = {
	"room insert",
	"INSERT INTO salas_chat (sala_uuid, tipo_sala, usuario_a_id, usuario_b_id, grupo_id, creado_en,"
	" actualizado_en) VALUES (?, ?, ?, ?, ?, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)", NULL
};

static const struct db_sql by_id_sql = {
	"room by id", ROOM_SELECT ", " ROW_MEMBER("s") " FROM salas_chat s WHERE s.id = ?", ROOM_LETTERS "i"
};
static const struct db_sql by_uuid_sql = {
	"room by uuid", ROOM_SELECT ", " ROW_MEMBER("s") " FROM salas_chat s WHERE s.sala_uuid ="
	" ?", ROOM_LETTERS "i"
};

/* The lowest id wins: ordering by the database might make it walk the primary key instead of the index. */
static enum store_verdict lowest(struct store *st, const struct db_sql *sql, const struct db_value *in,
				 size_t count, struct arena *a, struct store_room *room_r)
{
	enum store_verdict v = db_run(st, sql, 1, in, count);
	bool found = false;

	if (v)
		return v;
	while (db_next(st)) {
		if (found && db_number(st, 0) > room_r->id)
			continue;
		row_room(st, 0, a, room_r);
		row_room_times(st, COLUMN_TIMES, room_r);
		found = true;
	}
	v = db_end(st);
	return v == STORE_OK && !found ? STORE_NONE : v;
}

enum store_verdict store_room_direct_find(struct store *st, int64_t one, int64_t other, struct arena *a,
					  struct store_room *room_r)
{
	struct db_value in[] = { db_of_number(one), db_of_number(other), db_of_number(other),
				 db_of_number(one) };

	return lowest(st, &pair_sql, in, 4, a, room_r);
}

static enum store_verdict group_room_find(struct store *st, int64_t group_id, struct arena *a,
					  struct store_room *room_r)
{
	struct db_value in = db_of_number(group_id);

	return lowest(st, &group_sql, &in, 1, a, room_r);
}

/* An id that is 0 is bound as NULL. */
static struct db_value id_or_null(int64_t id)
{
	return id ? db_of_number(id) : db_of_text(SLICE_NONE);
}

/* OK: made. NONE: somebody else has made it in the meantime. */
static enum store_verdict insert_room(struct store *st, const char *uuid, enum store_kind kind, int64_t a_id,
				      int64_t b_id, int64_t group_id)
{
	struct db_value in[] = { db_of_text(slice_of(uuid)), db_of_text(slice_of(store_kind_name(kind))),
				 id_or_null(a_id), id_or_null(b_id), id_or_null(group_id) };
	enum store_verdict v = db_run(st, &insert_sql, 1, in, 5);

	return v == STORE_REFUSED && db_error(st) == 1062 ? STORE_NONE : v;
}

enum store_verdict store_room_direct(struct store *st, int64_t one, int64_t other, struct arena *a,
				     struct store_room *room_r, bool *created_r)
{
	int64_t low = one < other ? one : other, high = one < other ? other : one;
	char uuid[IDS_UUID_LEN + 1];
	enum store_verdict v = store_room_direct_find(st, one, other, a, room_r);

	*created_r = false;
	if (v != STORE_NONE)
		return v;
	ids_uuid_direct(one, other, uuid);
	v = insert_room(st, uuid, STORE_DIRECTO, low, high, 0);
	*created_r = v == STORE_OK;
	if (store_is_trouble(v))
		return v;
	v = store_room_direct_find(st, one, other, a, room_r);
	return v == STORE_NONE ? STORE_REFUSED : v;  /* the uuid is taken by a room that is not the pair's */
}

enum store_verdict store_room_group_find(struct store *st, int64_t group_id, int64_t person_id,
					 struct arena *a, struct store_room *room_r, bool *member_r,
					 bool *group_known_r)
{
	struct db_value in[] = { db_of_number(person_id), db_of_number(group_id) };
	enum store_verdict v = db_run(st, &membership_sql, 1, in, 2);

	*member_r = false;
	if (group_known_r)
		*group_known_r = false;
	if (v)
		return v;
	while (db_next(st)) {
		*member_r = db_number(st, 0) == 1;
		if (group_known_r)
			*group_known_r = true;
	}
	v = db_end(st);
	return v ? v : group_room_find(st, group_id, a, room_r);
}

enum store_verdict store_room_group(struct store *st, int64_t group_id, int64_t person_id, struct arena *a,
				    struct store_room *room_r, bool *created_r, bool *group_known_r)
{
	char uuid[IDS_UUID_LEN + 1];
	bool member;
	enum store_verdict v =
		store_room_group_find(st, group_id, person_id, a, room_r, &member, group_known_r);

	*created_r = false;
	if (store_is_trouble(v))
		return v;
	if (v == STORE_OK || !member)
		return member ? STORE_OK : STORE_NONE;
	ids_uuid_group(group_id, uuid);
	v = insert_room(st, uuid, STORE_GRUPAL, 0, 0, group_id);
	*created_r = v == STORE_OK;
	if (store_is_trouble(v))
		return v;
	v = group_room_find(st, group_id, a, room_r);
	return v == STORE_NONE ? STORE_REFUSED : v;
}

static enum store_verdict one_room(struct store *st, const struct db_sql *sql, int64_t person_id,
				   struct db_value key, struct arena *a, struct store_room *room_r,
				   bool *member_r)
{
	struct db_value in[] = { db_of_number(person_id), db_of_number(person_id), db_of_number(person_id),
				 key };
	enum store_verdict v = db_run(st, sql, 1, in, 4);
	bool found = false;

	*member_r = false;
	if (v)
		return v;
	while (db_next(st)) {
		row_room(st, 0, a, room_r);
		row_room_times(st, COLUMN_TIMES, room_r);
		*member_r = db_number(st, COLUMN_MEMBER) == 1;
		found = true;
	}
	v = db_end(st);
	return v == STORE_OK && !found ? STORE_NONE : v;
}

enum store_verdict store_room_by_id(struct store *st, int64_t id, int64_t person_id, struct arena *a,
				    struct store_room *room_r, bool *member_r)
{
	return one_room(st, &by_id_sql, person_id, db_of_number(id), a, room_r, member_r);
}

enum store_verdict store_room_by_uuid(struct store *st, struct slice uuid, int64_t person_id, struct arena *a,
				      struct store_room *room_r, bool *member_r)
{
	enum store_verdict v = one_room(st, &by_uuid_sql, person_id, db_of_text(uuid.p ? uuid : SLICE("")), a,
					room_r, member_r);

	return v == STORE_OK && !slice_eq(room_r->uuid, uuid) ? STORE_NONE : v;
}
