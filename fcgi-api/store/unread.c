/*
 * unread: what a person has not read yet, room by room.
 *
 * Room: fcgi-api/store. store_unread_count is here. Calls unread_far, sets and db.
 */
#include "unread.h"
#include "sets.h"

static const struct db_sql rows_sql = {
	"unread rows",
	"SELECT STRAIGHT_JOIN m.sala_chat_id, COUNT(*) FROM (SELECT mensaje_id FROM destinatarios_mensaje"
	" WHERE destinatario_id = ? AND leido_en IS NULL ORDER BY mensaje_id DESC LIMIT " UNREAD_MAX ") d"
	" JOIN mensajes m ON m.id = d.mensaje_id WHERE m.eliminado_en IS NULL"
	" GROUP BY m.sala_chat_id LIMIT ?", "ii"
};
static const struct db_sql groups_sql = {
	"unread groups",
	"SELECT s.id, COALESCE(g.unido_en, '1000-01-01') FROM miembros_grupo g JOIN salas_chat s ON s.grupo_id = g.grupo_id"
	" WHERE g.usuario_id = ? AND g.estado_membresia = 'activo' AND s.tipo_sala = 'grupal' AND (? = 0"
	" OR s.id = ?) LIMIT ?", "it"
};
/* Below the newest id by this much a group is walked only when it is small. */
#define NEAR 20000
#define LARGE "2000"

static const struct db_sql max_sql = { "unread max", "SELECT MAX(id) FROM mensajes", "i" };
/*
 * Walks down from the newest message of each group: as many steps as there are unread ones; of a large group none below
 * NEAR. Joined, it would be sorted.
 */
#define NEWEST(by_room) \
	"{(SELECT m.sala_chat_id, m.id FROM mensajes m" by_room " WHERE m.sala_chat_id = ? AND m.id > ? AND (SELECT" \
	" d.leido_en FROM destinatarios_mensaje d WHERE d.mensaje_id = m.id AND d.destinatario_id = ?) IS NOT NULL" \
	" ORDER BY m.id DESC LIMIT 1)| UNION ALL }"
static const struct db_sql newest_sql[] = {
	{ "unread newest read", NEWEST(""), "ii" },
	{ "unread newest read", NEWEST(DB_BY_ROOM), "ii" }
};
#define NEWEST_READ(by_room) \
	"SELECT MAX(IF(x.leido IS NULL, 0, x.id)), COUNT(*) = " LARGE " FROM (SELECT m.id, (SELECT d.leido_en FROM" \
	" destinatarios_mensaje d WHERE d.mensaje_id = m.id AND d.destinatario_id = ?) AS leido FROM mensajes m" by_room \
	" WHERE m.sala_chat_id = ? AND m.id > ? ORDER BY m.id DESC LIMIT " LARGE ") x"
static const struct db_sql newest_read_sql[] = {
	{ "unread newest read of a room", NEWEST_READ(""), "ii" },
	{ "unread newest read of a room", NEWEST_READ(DB_BY_ROOM), "ii" }
};
static const struct db_sql large_sql = {
	"unread large groups",
	"{(SELECT sala_chat_id FROM mensajes WHERE sala_chat_id = ? LIMIT 1 OFFSET "
	LARGE ")| UNION ALL }", "i"
};
static const struct db_sql rowless_sql = {
	"unread without rows",
	"{SELECT MAX(m.sala_chat_id), COUNT(*) FROM mensajes m LEFT JOIN destinatarios_mensaje d"
	" FORCE INDEX (PRIMARY) ON d.mensaje_id = m.id"
	" AND d.destinatario_id = ? WHERE m.sala_chat_id = ? AND m.id > ? AND m.enviado_en > ? AND"
	" m.remitente_id <> ? AND m.eliminado_en IS NULL AND d.mensaje_id IS NULL| UNION ALL }", "ii"
};
#define ROWLESS_VALUES 5

static enum store_verdict find_rows(struct store *st, int64_t person_id, struct arena *a, struct unread *u)
{
	struct db_value in[] = { db_of_number(person_id), db_of_number(STORE_ROOMS_MAX) };
	enum store_verdict v = db_run(st, &rows_sql, 1, in, 2);

	if (v)
		return v;
	u->rooms = arena_alloc(a, STORE_ROOMS_MAX * sizeof(*u->rooms));
	while (u->room_count < STORE_ROOMS_MAX && db_next(st)) {
		u->rooms[u->room_count].room_id = db_number(st, 0);
		u->rooms[u->room_count++].count = db_number(st, 1);
	}
	return db_end(st);
}

static enum store_verdict find_groups(struct store *st, int64_t person_id, int64_t room_id, struct arena *a,
				      struct unread *u)
{
	size_t cap = room_id ? 1 : STORE_ROOMS_MAX;
	struct db_value room = db_of_number(room_id);
	struct db_value in[] = { db_of_number(person_id), room, room, db_of_number((int64_t)cap) };
	enum store_verdict v = db_run(st, &groups_sql, 1, in, 4);

	if (v)
		return v;
	u->groups = arena_alloc(a, cap * sizeof(*u->groups));
	while (u->group_count < cap && db_next(st)) {
		struct unread_group *g = &u->groups[u->group_count++];

		*g = (struct unread_group){ .room_id = db_number(st, 0), .joined = db_text(st, 1, a) };
	}
	return db_end(st);
}

/* Some of up to STORE_SET_MAX groups. */
struct some {
	struct unread_group *groups[STORE_SET_MAX];
	size_t count;
};

/* The near ones, or of those only the ones where nothing read was met yet. */
static struct some choose(struct unread_group *groups, size_t count, bool unmet)
{
	struct some s = { .count = 0 };
	size_t i;

	for (i = 0; i < count; i++) {
		if (!groups[i].far && !(unmet && groups[i].newest_read))
			s.groups[s.count++] = &groups[i];
	}
	return s;
}

/* The newest message above the floor that the person has read. */
static enum store_verdict find_newest(struct store *st, int64_t person_id, int64_t floor, const struct some *s)
{
	struct db_value in[STORE_SET_MAX * 3];
	enum store_verdict v;
	size_t i;

	for (i = 0; i < s->count; i++) {
		in[3 * i] = db_of_number(s->groups[i]->room_id);
		in[3 * i + 1] = db_of_number(floor);
		in[3 * i + 2] = db_of_number(person_id);
	}
	v = s->count ? sets_run_list(st, db_by_room(st, newest_sql), in, s->count, 3) : STORE_OK;
	if (v || !s->count)
		return v;
	while (db_next(st)) {
		for (i = 0; i < s->count; i++) {
			if (s->groups[i]->room_id == db_number(st, 0))
				s->groups[i]->newest_read = db_number(st, 1);
		}
	}
	return db_end(st);
}

/* Which of them are too large to be walked. */
static enum store_verdict find_large(struct store *st, const struct some *s)
{
	struct db_value in[STORE_SET_MAX];
	enum store_verdict v;
	size_t i;

	for (i = 0; i < s->count; i++)
		in[i] = db_of_number(s->groups[i]->room_id);
	v = s->count ? sets_run_list(st, &large_sql, in, s->count, 1) : STORE_OK;
	if (v || !s->count)
		return v;
	while (db_next(st)) {
		for (i = 0; i < s->count; i++)
			s->groups[i]->far |= s->groups[i]->room_id == db_number(st, 0);
	}
	return db_end(st);
}

/* Counts messages without rows. */
static enum store_verdict count_rowless(struct store *st, int64_t person_id, const struct some *s)
{
	struct db_value in[STORE_SET_MAX * ROWLESS_VALUES], *p = in;
	enum store_verdict v;
	size_t i;

	for (i = 0; i < s->count; i++) {
		*p++ = db_of_number(person_id);
		*p++ = db_of_number(s->groups[i]->room_id);
		*p++ = db_of_number(s->groups[i]->newest_read);
		*p++ = db_of_text(s->groups[i]->joined);
		*p++ = db_of_number(person_id);
	}
	v = s->count ? sets_run_list(st, &rowless_sql, in, s->count, ROWLESS_VALUES) : STORE_OK;
	if (v || !s->count)
		return v;
	while (db_next(st)) {
		/* set, not added: the list was filled up by repeating */
		for (i = 0; i < s->count; i++) {
			if (s->groups[i]->room_id == db_number(st, 0))
				s->groups[i]->count = db_number(st, 1);
		}
	}
	return db_end(st);
}

/* What is unread without a row in up to STORE_SET_MAX groups, but for those that are found to be far. */
static enum store_verdict count_groups(struct store *st, int64_t person_id, int64_t floor,
				       struct unread_group *groups, size_t count)
{
	struct some s = choose(groups, count, false);
	enum store_verdict v = find_newest(st, person_id, floor, &s);

	s = choose(groups, count, true);
	if (v == STORE_OK && floor > 0)
		v = find_large(st, &s);
	s = choose(groups, count, true);
	if (v == STORE_OK && floor > 0)
		v = find_newest(st, person_id, 0, &s);
	s = choose(groups, count, false);
	return v == STORE_OK ? count_rowless(st, person_id, &s) : v;
}

enum store_verdict unread_without_rows(struct store *st, int64_t person_id, int64_t room_id, struct arena *a,
				       struct unread *u)
{
	enum store_verdict v;
	int64_t max = 0;
	size_t i, n;

	memset(u, 0, sizeof(*u));
	v = find_groups(st, person_id, room_id, a, u);
	if (v == STORE_OK && u->group_count)
		v = db_one(st, &max_sql, NULL, 0, &max);
	for (i = 0; v == STORE_OK && i < u->group_count; i += n) {
		n = u->group_count - i < STORE_SET_MAX ? u->group_count - i : STORE_SET_MAX;
		v = count_groups(st, person_id, max > NEAR ? max - NEAR : 0, u->groups + i, n);
	}
	return v == STORE_OK ? unread_far(st, person_id, u->groups, u->group_count, a) : v;
}

enum store_verdict unread_newest_read(struct store *st, int64_t person_id, int64_t room_id, int64_t above,
				      int64_t *newest_r)
{
	struct db_value in[] = { db_of_number(person_id), db_of_number(room_id), db_of_number(above) };
	enum store_verdict v = db_run(st, db_by_room(st, newest_read_sql), 1, in, 3);
	int64_t floor = 0;
	bool large = false;

	*newest_r = 0;
	if (v)
		return v;
	while (db_next(st)) {
		*newest_r = db_number(st, 0);
		large = db_number(st, 1) != 0;
	}
	v = db_end(st);
	if (v || *newest_r || !large)
		return v;
	v = unread_floor(st, person_id, &floor);
	if (v == STORE_OK)
		v = unread_far_read(st, person_id, room_id, floor > above ? floor : above, newest_r);
	if (*newest_r < floor)
		*newest_r = floor;
	return v;
}

enum store_verdict unread_find(struct store *st, int64_t person_id, struct arena *a, struct unread *u)
{
	enum store_verdict v = unread_without_rows(st, person_id, 0, a, u);

	return v == STORE_OK ? find_rows(st, person_id, a, u) : v;
}

int64_t unread_of(const struct unread *u, int64_t room_id)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < u->room_count; i++) {
		if (u->rooms[i].room_id == room_id)
			sum += u->rooms[i].count;
	}
	for (i = 0; i < u->group_count; i++) {
		if (u->groups[i].room_id == room_id)
			sum += u->groups[i].count;
	}
	return sum;
}

enum store_verdict store_unread_count(struct store *st, int64_t person_id, int64_t *count_r)
{
	struct arena *a = arena_new();
	struct unread u;
	enum store_verdict v = unread_find(st, person_id, a, &u);
	size_t i;

	*count_r = 0;
	for (i = 0; v == STORE_OK && i < u.room_count; i++)
		*count_r += u.rooms[i].count;
	for (i = 0; v == STORE_OK && i < u.group_count; i++)
		*count_r += u.groups[i].count;
	arena_free(a);
	return v;
}
