/*
 * unread_far: what is unread in a large group that the person has not read for long.
 *
 * Room: fcgi-api/store. Called by unread; calls db. Walking such a group row by row takes seconds, so
 * its count is put together from parts that indexes answer alone. It is the same number to the last message,
 * as far as the person's floor (unread.h).
 */
#include "unread.h"

/* PRIMARY has these ids in order too, among everybody's. */
static const struct db_sql floor_sql = {
	"far floor",
	"SELECT GREATEST(COALESCE((SELECT id FROM mensajes IGNORE INDEX (PRIMARY) WHERE remitente_id = ?"
	" ORDER BY id DESC LIMIT 1 OFFSET " UNREAD_MAX "), 0), COALESCE((SELECT mensaje_id FROM destinatarios_mensaje"
	" IGNORE INDEX (PRIMARY) WHERE destinatario_id = ? ORDER BY mensaje_id DESC LIMIT 1 OFFSET " UNREAD_MAX
	"), 0))", "i"
};

/* From the person's own rows: the group's unread ones are not walked. */
static const struct db_sql newest_sql = {
	"far newest read",
	"SELECT STRAIGHT_JOIN MAX(d.mensaje_id) FROM destinatarios_mensaje d JOIN mensajes m"
	" ON m.id = d.mensaje_id WHERE d.destinatario_id = ? AND d.mensaje_id > ? AND d.leido_en IS NOT NULL"
	" AND m.sala_chat_id = ?", "i"
};
/* Times do not always rise with ids: behind this one every message is younger than the membership. */
static const struct db_sql early_sql = {
	"far last before joining",
	"SELECT MAX(id) FROM mensajes IGNORE INDEX (PRIMARY) WHERE sala_chat_id = ? AND enviado_en <= ?", "i"
};
static const struct db_sql behind_sql = {
	"far behind",
	"SELECT COUNT(*) FROM mensajes IGNORE INDEX (PRIMARY) WHERE sala_chat_id = ? AND id > ?"
	" AND eliminado_en IS NULL", "i"
};
/* How many of those the person wrote. */
static const struct db_sql own_sql = {
	"far own",
	"SELECT STRAIGHT_JOIN COUNT(*) FROM mensajes o JOIN mensajes m ON m.id = o.id AND m.sala_chat_id = ?"
	" AND m.eliminado_en IS NULL WHERE o.remitente_id = ? AND o.id > ?", "i"
};
/*
 * How many of those others wrote with a row for the person: they are counted by their rows already (unread.c). Above the
 * newest read none of the rows is read.
 */
static const struct db_sql rows_sql = {
	"far rows",
	"SELECT STRAIGHT_JOIN COUNT(*) FROM destinatarios_mensaje d JOIN mensajes m ON m.id = d.mensaje_id"
	" WHERE d.destinatario_id = ? AND d.leido_en IS NULL AND d.mensaje_id > ? AND m.sala_chat_id = ?"
	" AND m.remitente_id <> ? AND m.eliminado_en IS NULL", "i"
};
/* The few that have a lower id than the last before joining, and came later. The LIMIT keeps them apart. */
static const struct db_sql between_sql = {
	"far between",
	"SELECT STRAIGHT_JOIN COUNT(*) FROM (SELECT id FROM mensajes IGNORE INDEX (PRIMARY) WHERE sala_chat_id = ?"
	" AND enviado_en > ? AND id > ? AND id <= ? LIMIT 1000000000) few JOIN mensajes m ON m.id = few.id"
	" LEFT JOIN destinatarios_mensaje d FORCE INDEX (PRIMARY) ON d.mensaje_id = m.id AND d.destinatario_id = ?"
	" WHERE m.remitente_id <> ? AND m.eliminado_en IS NULL AND d.mensaje_id IS NULL", "i"
};

enum store_verdict unread_floor(struct store *st, int64_t person_id, int64_t *floor_r)
{
	struct db_value me = db_of_number(person_id);

	return db_one(st, &floor_sql, (struct db_value[]){ me, me }, 2, floor_r);
}

enum store_verdict unread_far_read(struct store *st, int64_t person_id, int64_t room_id, int64_t above, int64_t *newest_r)
{
	struct db_value in[] = { db_of_number(person_id), db_of_number(above), db_of_number(room_id) };

	return db_one(st, &newest_sql, in, 3, newest_r);
}

enum store_verdict unread_far(struct store *st, int64_t person_id, int64_t floor, struct unread_group *g)
{
	struct db_value me = db_of_number(person_id), room = db_of_number(g->room_id), joined = db_of_text(g->joined);
	int64_t early, behind, own, rows, between = 0;
	enum store_verdict v = unread_far_read(st, person_id, g->room_id, floor, &g->newest_read);
	struct db_value from;

	if (v == STORE_OK)
		v = db_one(st, &early_sql, (struct db_value[]){ room, joined }, 2, &early);
	if (v)
		return v;
	if (g->newest_read < floor)
		g->newest_read = floor;
	from = db_of_number(early > g->newest_read ? early : g->newest_read);
	v = db_one(st, &behind_sql, (struct db_value[]){ room, from }, 2, &behind);
	if (v == STORE_OK)
		v = db_one(st, &own_sql, (struct db_value[]){ room, me, from }, 3, &own);
	if (v == STORE_OK)
		v = db_one(st, &rows_sql, (struct db_value[]){ me, from, room, me }, 4, &rows);
	if (v == STORE_OK && early > g->newest_read)
		v = db_one(st, &between_sql,
			(struct db_value[]){ room, joined, db_of_number(g->newest_read), from, me, me }, 6, &between);
	if (v == STORE_OK) {
		/* not one transaction's snapshot: what was deleted meanwhile must not make it negative */
		g->count = behind - own - rows > 0 ? behind - own - rows : 0;
		g->count += between;
	}
	return v;
}
