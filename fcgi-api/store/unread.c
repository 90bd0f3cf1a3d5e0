/*
 * unread: what a person has not read yet, room by room.
 *
 * Room: fcgi-api/store. store_unread_count is here. Called by the handlers, lists and receipts; calls sets
 * and db.
 */
#include "unread.h"
#include "sets.h"

static const struct db_sql rows_sql = {
	"unread rows",
	"SELECT m.sala_chat_id, COUNT(*) FROM destinatarios_mensaje d JOIN mensajes m ON m.id = d.mensaje_id"
	" WHERE d.destinatario_id = ? AND d.leido_en IS NULL AND m.eliminado_en IS NULL"
	" AND (? = 0 OR m.sala_chat_id = ?) GROUP BY m.sala_chat_id LIMIT 4096", "ii"
};
static const struct db_sql groups_sql = {
	"unread groups",
	"SELECT s.id, g.unido_en FROM miembros_grupo g JOIN salas_chat s ON s.grupo_id = g.grupo_id"
	" WHERE g.usuario_id = ? AND g.estado_membresia = 'activo' AND s.tipo_sala = 'grupal' AND (? = 0"
	" OR s.id = ?) LIMIT 4096", "it"
};
/*
 * Walks down from the newest message of each group: as many steps as there are unread ones. Joined, it would
 * be sorted.
 */
static const struct db_sql newest_sql = {
	"unread newest read",
	"{(SELECT m.sala_chat_id, m.id FROM mensajes m WHERE m.sala_chat_id = ? AND m.id > 0 AND (SELECT"
	" d.leido_en"
	" FROM destinatarios_mensaje d WHERE d.mensaje_id = m.id AND d.destinatario_id = ?) IS NOT NULL"
	" ORDER BY m.id DESC LIMIT 1)| UNION ALL }", "ii"
};
static const struct db_sql rowless_sql = {
	"unread without rows",
	"{SELECT MAX(m.sala_chat_id), COUNT(*) FROM mensajes m LEFT JOIN destinatarios_mensaje d ON"
	" d.mensaje_id = m.id"
	" AND d.destinatario_id = ? WHERE m.sala_chat_id = ? AND m.id > ? AND m.enviado_en > ? AND"
	" m.remitente_id <> ? AND m.eliminado_en IS NULL AND d.mensaje_id IS NULL| UNION ALL }", "ii"
};
#define ROWLESS_VALUES 5

static enum store_verdict find_rows(struct store *st, int64_t person_id, int64_t room_id, struct arena *a,
				    struct unread *u)
{
	struct db_value room = db_of_number(room_id), in[] = { db_of_number(person_id), room, room };
	size_t cap = room_id ? 1 : STORE_ROOMS_MAX;
	enum store_verdict v = db_run(st, &rows_sql, 1, in, 3);

	if (v)
		return v;
	u->rooms = arena_alloc(a, cap * sizeof(*u->rooms));
	while (u->room_count < cap && db_next(st)) {
		u->rooms[u->room_count].room_id = db_number(st, 0);
		u->rooms[u->room_count++].count = db_number(st, 1);
	}
	return db_end(st);
}

static enum store_verdict find_groups(struct store *st, int64_t person_id, int64_t room_id, struct arena *a,
				      struct unread *u)
{
	struct db_value me = db_of_number(person_id), room = db_of_number(room_id), in[] = { me, room, room };
	size_t cap = room_id ? 1 : STORE_ROOMS_MAX;
	enum store_verdict v = db_run(st, &groups_sql, 1, in, 3);

	if (v)
		return v;
	u->groups = arena_alloc(a, cap * sizeof(*u->groups));
	while (u->group_count < cap && db_next(st)) {
		struct unread_group *g = &u->groups[u->group_count++];

		g->room_id = db_number(st, 0);
		g->joined = db_text(st, 1, a);
	}
	return db_end(st);
}

/* The newest message that the person has read, in up to STORE_SET_MAX groups. */
static enum store_verdict find_newest(struct store *st, int64_t person_id, struct unread_group *groups,
				      size_t count)
{
	struct db_value in[STORE_SET_MAX * 2];
	enum store_verdict v;
	size_t i;

	for (i = 0; i < count; i++) {
		in[2 * i] = db_of_number(groups[i].room_id);
		in[2 * i + 1] = db_of_number(person_id);
	}
	v = sets_run_list(st, &newest_sql, in, count, 2);
	if (v)
		return v;
	while (db_next(st)) {
		for (i = 0; i < count; i++) {
			if (groups[i].room_id == db_number(st, 0))
				groups[i].newest_read = db_number(st, 1);
		}
	}
	return db_end(st);
}

/* Counts messages without rows in up to STORE_SET_MAX groups. */
static enum store_verdict count_rowless(struct store *st, int64_t person_id, struct unread_group *groups,
					size_t count)
{
	struct db_value in[STORE_SET_MAX * ROWLESS_VALUES], *p = in;
	enum store_verdict v;
	size_t i;

	for (i = 0; i < count; i++) {
		*p++ = db_of_number(person_id);
		*p++ = db_of_number(groups[i].room_id);
		*p++ = db_of_number(groups[i].newest_read);
		*p++ = db_of_text(groups[i].joined);
		*p++ = db_of_number(person_id);
	}
	v = sets_run_list(st, &rowless_sql, in, count, ROWLESS_VALUES);
	if (v)
		return v;
	while (db_next(st)) {
		/* set, not added: the list was filled up by repeating */
		for (i = 0; i < count; i++) {
			if (groups[i].room_id == db_number(st, 0))
				groups[i].count = db_number(st, 1);
		}
	}
	return db_end(st);
}

enum store_verdict unread_find(struct store *st, int64_t person_id, int64_t room_id, struct arena *a,
			       struct unread *u)
{
	enum store_verdict v;
	size_t i, n;

	memset(u, 0, sizeof(*u));
	v = find_rows(st, person_id, room_id, a, u);
	if (v == STORE_OK)
		v = find_groups(st, person_id, room_id, a, u);
	for (i = 0; v == STORE_OK && i < u->group_count; i += n) {
		n = u->group_count - i < STORE_SET_MAX ? u->group_count - i : STORE_SET_MAX;
		v = find_newest(st, person_id, u->groups + i, n);
		if (v == STORE_OK)
			v = count_rowless(st, person_id, u->groups + i, n);
	}
	return v;
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

enum store_verdict store_unread_count(struct store *st, int64_t person_id, int64_t room_id, int64_t *count_r)
{
	struct arena *a = arena_new();
	struct unread u;
	enum store_verdict v = unread_find(st, person_id, room_id, a, &u);
	size_t i;

	*count_r = 0;
	for (i = 0; v == STORE_OK && i < u.room_count; i++)
		*count_r += u.rooms[i].count;
	for (i = 0; v == STORE_OK && i < u.group_count; i++)
		*count_r += u.groups[i].count;
	arena_free(a);
	return v;
}
