/*
 * resolve: what a set needs to know about its rooms and people, in one question.
 *
 * Room: fcgi-api/store, inside. Called by send and members; calls row, sets and db.
 */
#include "resolve.h"
#include "row.h"
#include "sets.h"

/*
 * Three answers in one round trip: the rooms (crowded or not, without counting further than needed), who of the people is
 * in which group, and the people. No product of rooms and people but where somebody really is a member.
 */
enum arm { ARM_ROOM, ARM_MEMBER, ARM_PERSON };

static const struct db_sql resolve_sql = {
	"resolve",
	"SELECT 0, " ROW_ROOM("s") ", (SELECT 1 FROM miembros_grupo c WHERE c.grupo_id = s.grupo_id"
	" AND c.estado_membresia = 'activo' LIMIT 1 OFFSET ?),"
	" NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM salas_chat s WHERE s.sala_uuid IN ({?})"
	" UNION ALL SELECT 1, s.id, NULL, NULL, g.usuario_id, NULL, NULL, NULL,"
	" NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM salas_chat s JOIN miembros_grupo g ON g.grupo_id = s.grupo_id"
	" WHERE s.sala_uuid IN ({?}) AND s.tipo_sala = 'grupal' AND g.usuario_id IN ({?})"
	" AND g.estado_membresia = 'activo'"
	" UNION ALL SELECT 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, " ROW_PERSON("u")
	" FROM usuarios u WHERE u.id IN ({?})",
	"i" ROW_ROOM_LETTERS "i" ROW_PERSON_LETTERS
};
#define COLUMN_CROWDED 7
#define COLUMN_PERSON 8

void resolve_add(struct resolve_ask *ask, struct slice uuid, int64_t person_id)
{
	size_t i = 0;

	while (i < ask->uuid_count && !slice_eq(ask->uuids[i], uuid))
		i++;
	if (uuid.n && i == ask->uuid_count)
		ask->uuids[ask->uuid_count++] = uuid;
	for (i = 0; i < ask->person_count && ask->people[i] != person_id; i++)
		;
	if (i == ask->person_count)
		ask->people[ask->person_count++] = person_id;
}

static size_t bind_ask(const struct resolve_ask *ask, size_t size, unsigned rows_max, struct db_value *in)
{
	struct db_value *v = in;
	size_t i, k;

	*v++ = db_of_number(rows_max);
	for (k = 0; k < 2; k++) {
		for (i = 0; i < size; i++)
			*v++ = db_of_text(i < ask->uuid_count ? ask->uuids[i] : SLICE(""));
	}
	for (k = 0; k < 2; k++) {
		for (i = 0; i < size; i++)
			*v++ = db_of_number(i < ask->person_count ? ask->people[i] : 0);
	}
	return (size_t)(v - in);
}

static void take_member(struct store *st, struct arena *a, struct resolved *r)
{
	if (r->member_count == r->member_cap) {
		size_t cap = r->member_cap ? r->member_cap * 2 : STORE_SET_MAX;
		void *more = arena_alloc(a, cap * sizeof(*r->members));

		if (r->member_count)
			memcpy(more, r->members, r->member_count * sizeof(*r->members));
		r->members = more;
		r->member_cap = cap;
	}
	r->members[r->member_count].room_id = db_number(st, 1);
	r->members[r->member_count++].person_id = db_number(st, 4);
}

enum store_verdict resolve(struct store *st, const struct resolve_ask *ask, struct arena *a, struct resolved *r)
{
	struct db_value in[DB_VALUES_MAX];
	size_t size = sets_size(ask->uuid_count > ask->person_count ? ask->uuid_count : ask->person_count);
	enum store_verdict v;

	memset(r, 0, sizeof(*r));
	r->rooms = arena_alloc(a, STORE_SET_MAX * sizeof(*r->rooms));
	r->people = arena_alloc(a, STORE_SET_MAX * sizeof(*r->people));
	v = db_run(st, &resolve_sql, size, in, bind_ask(ask, size, db_settings(st)->recipient_rows_max, in));
	if (v)
		return v;
	while (db_next(st)) {
		switch ((enum arm)db_number(st, 0)) {
		case ARM_ROOM:
			if (r->room_count == STORE_SET_MAX)
				break;
			row_room(st, 1, a, &r->rooms[r->room_count].room);
			r->rooms[r->room_count++].crowded = db_number(st, COLUMN_CROWDED) == 1;
			break;
		case ARM_MEMBER:
			take_member(st, a, r);
			break;
		case ARM_PERSON:
			if (r->person_count < STORE_SET_MAX)
				row_person(st, COLUMN_PERSON, a, &r->people[r->person_count++]);
			break;
		}
	}
	return db_end(st);
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
		if (r->members[i].room_id == room->id && r->members[i].person_id == person_id)
			return true;
	}
	return false;
}
