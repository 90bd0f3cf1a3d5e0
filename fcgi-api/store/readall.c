/*
 * readall: everything in a room is read, at once.
 *
 * Room: fcgi-api/store. Called by the marcar-leidos handler; calls unread and db.
 */
#include "db.h"
#include "unread.h"

#define AUTHORS "1000"   /* told in a step, those of the newest messages; what others wrote is read and counted too */
#define AUTHORS_MAX 2000 /* told in a call */
#define STEP "20000"     /* messages looked at together */
#define ROW_STEPS 100    /* of rows, those of other rooms among them, in one call: some 20 ms each */
#define MARKED_MAX 20000 /* rows marked in a call before its last step, which may add as many */

/* The newest first: up to the newest of all everything is marked, also where authors are left out. */
#define BY_AUTHOR " GROUP BY m.remitente_id ORDER BY MAX(m.id) DESC LIMIT " AUTHORS

static const struct db_sql authors_sql = {
	"read all authors",
	"SELECT STRAIGHT_JOIN m.remitente_id, MAX(m.id) FROM destinatarios_mensaje d JOIN mensajes m ON m.id ="
	" d.mensaje_id"
	" WHERE d.destinatario_id = ? AND d.leido_en IS NULL AND m.sala_chat_id = ? AND d.mensaje_id > ?"
	" AND d.mensaje_id <= ? AND m.eliminado_en IS NULL" BY_AUTHOR, "ii"
};
/* Where a step over rows ends; no row: it is the last. */
static const struct db_sql row_step_sql = {
	"read all rows step",
	"SELECT mensaje_id FROM destinatarios_mensaje WHERE destinatario_id = ? AND leido_en IS NULL AND mensaje_id > ?"
	" ORDER BY mensaje_id LIMIT 1 OFFSET " STEP, "i"
};
static const struct db_sql rowless_sql = {
	"read all authors without rows",
	"SELECT m.remitente_id, MAX(m.id) FROM mensajes m LEFT JOIN destinatarios_mensaje d FORCE INDEX (PRIMARY)"
	" ON d.mensaje_id = m.id AND d.destinatario_id = ? WHERE m.sala_chat_id = ? AND m.id > ? AND m.id <= ?"
	" AND m.enviado_en > ? AND m.remitente_id <> ? AND m.eliminado_en IS NULL AND d.mensaje_id IS NULL" BY_AUTHOR, "ii"
};
/*
 * Where a step over such messages begins: a million at once would take seconds. Deleted ones are left out here
 * too, so that the index in id order alone answers: the one in time order looks as good and has to sort.
 */
#define STEP_FROM(by_room) \
	"SELECT id FROM mensajes" by_room " WHERE sala_chat_id = ? AND id > ? AND id <= ? AND eliminado_en IS NULL" \
	" ORDER BY id DESC LIMIT 1 OFFSET " STEP
static const struct db_sql step_sql[] = {
	{ "read all step", STEP_FROM(""), "i" },
	{ "read all step", STEP_FROM(DB_BY_ROOM), "i" }
};
/*
 * Not beyond the newest that was counted: a message that came in between stays unread. No join: that would walk all of
 * the person's rows. PRIMARY would walk everybody's.
 */
static const struct db_sql update_sql = {
	"read all rows",
	"UPDATE destinatarios_mensaje IGNORE INDEX (PRIMARY) SET leido_en = CURRENT_TIMESTAMP,"
	" entregado_en = COALESCE(entregado_en, CURRENT_TIMESTAMP) WHERE destinatario_id = ? AND leido_en IS NULL"
	" AND (SELECT m.sala_chat_id = ? AND m.eliminado_en IS NULL FROM mensajes m WHERE m.id = mensaje_id)"
	" AND mensaje_id > ? AND mensaje_id <= ?", NULL
};
static const struct db_sql insert_sql = {
	"read all newest",
	"INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id, entregado_en, leido_en, creado_en)"
	" VALUES (?, ?, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
	" ON DUPLICATE KEY UPDATE entregado_en = COALESCE(entregado_en, VALUES(entregado_en)),"
	" leido_en = COALESCE(leido_en, VALUES(leido_en))", NULL
};
static const struct db_sql now_sql = { "now", "SELECT UNIX_TIMESTAMP()", "i" };

/* Authors of one step: they are told of only if the step marks something. */
struct found {
	struct store_read_author authors[AUTHORS_MAX];
	size_t count;
};

static void note_author(struct store_read_author *list, size_t *count, int64_t author, int64_t newest)
{
	size_t i = 0;

	while (i < *count && list[i].author_id != author)
		i++;
	if (i == *count) {
		if (i == AUTHORS_MAX)
			return;
		list[(*count)++] = (struct store_read_author){ author, 0 };
	}
	if (newest > list[i].newest_id)
		list[i].newest_id = newest;
}

static void take_over(struct store_read_all *all, const struct found *f)
{
	for (size_t i = 0; i < f->count; i++)
		note_author(all->authors, &all->author_count, f->authors[i].author_id, f->authors[i].newest_id);
}

/* Authors of what a statement finds; the newest id of all of them in newest_r. */
static enum store_verdict find_authors(struct store *st, const struct db_sql *sql, const struct db_value *in,
				       size_t count, struct found *f, int64_t *newest_r)
{
	enum store_verdict v = db_run(st, sql, 1, in, count);

	*newest_r = 0;
	f->count = 0;
	if (v)
		return v;
	while (db_next(st)) {
		note_author(f->authors, &f->count, db_number(st, 0), db_number(st, 1));
		if (db_number(st, 1) > *newest_r)
			*newest_r = db_number(st, 1);
	}
	return db_end(st);
}

/*
 * The person's rows, oldest first and a step at a time: whoever has tens of thousands of them in a room marks them with
 * several calls, each of which holds what it says. *done_r: none is left. Messages of a group that have no row and
 * are older than one that is marked here are read with it, as ever; in a call that is not the last nobody is told.
 * Another device may have marked all of a step since they were looked at: then it is the one that tells.
 */
static enum store_verdict read_rows(struct store *st, int64_t room_id, int64_t person_id, struct found *f,
				    struct store_read_all *all, bool *done_r)
{
	struct db_value in[] = { db_of_number(person_id), db_of_number(room_id), db_of_number(0), db_of_number(0) };
	int64_t end = 0, newest = 0;
	enum store_verdict v;
	int steps = 0;

	do {
		v = db_one(st, &row_step_sql, (struct db_value[]){ in[0], in[2] }, 2, &end);
		in[3].number = end ? end : INT64_MAX;
		if (v == STORE_OK)
			v = find_authors(st, &authors_sql, in, 4, f, &newest);
		in[3].number = newest;
		if (v == STORE_OK && newest)
			v = db_run(st, &update_sql, 1, in, 4);
		if (v == STORE_OK && newest && db_affected(st) > 0) {
			all->count += (int64_t)db_affected(st);
			take_over(all, f);
		}
		in[2].number = end;
	} while (v == STORE_OK && end && ++steps < ROW_STEPS && all->count < MARKED_MAX);
	*done_r = !end;
	return v;
}

/* The id behind which the newest STEP messages up to `high` lie; the newest read one where they are fewer. */
static enum store_verdict step(struct store *st, const struct unread_group *g, int64_t high, int64_t *low_r)
{
	struct db_value in[] = { db_of_number(g->room_id), db_of_number(g->newest_read), db_of_number(high) };
	enum store_verdict v = db_run(st, db_by_room(st, step_sql), 1, in, 3);

	*low_r = g->newest_read;
	if (v)
		return v;
	while (db_next(st))
		*low_r = db_number(st, 0);
	return db_end(st);
}

/*
 * Messages of a group that have no row for the person: one row, for the newest, says that the older are read
 * too. They are counted already; the authors who hear of it are those of the newest step that has any.
 */
static enum store_verdict read_rowless(struct store *st, const struct unread_group *g, int64_t person_id,
				       struct found *f, struct store_read_all *all)
{
	struct db_value me = db_of_number(person_id),
			in[] = { me, db_of_number(g->room_id), db_of_number(0), db_of_number(INT64_MAX),
				 db_of_text(g->joined), me };
	struct db_value row[] = { db_of_number(0), me };
	enum store_verdict v;

	do {
		v = step(st, g, in[3].number, &in[2].number);
		if (v == STORE_OK)
			v = find_authors(st, &rowless_sql, in, 6, f, &row[0].number);
		in[3] = in[2];
	} while (v == STORE_OK && !row[0].number && in[2].number > g->newest_read);
	if (v == STORE_OK && row[0].number)
		v = db_run(st, &insert_sql, 1, row, 2);
	if (v == STORE_OK && row[0].number && db_affected(st) == 0)
		return v;
	all->count += g->count;
	take_over(all, f);
	return v;
}

enum store_verdict store_receipt_read_all(struct store *st, const struct store_room *room, int64_t person_id,
					  struct arena *a, struct store_read_all *all)
{
	struct unread u = { .group_count = 0 };
	enum store_verdict v = STORE_OK;
	struct found *f = arena_alloc(a, sizeof(*f));
	bool done = false;
	size_t i;

	memset(all, 0, sizeof(*all));
	all->authors = arena_alloc(a, AUTHORS_MAX * sizeof(*all->authors));
	if (room->kind == STORE_GRUPAL)
		v = unread_without_rows(st, person_id, room->id, a, &u);
	if (v == STORE_OK)
		v = read_rows(st, room->id, person_id, f, all, &done);
	for (i = 0; v == STORE_OK && done && i < u.group_count; i++) {
		if (u.groups[i].count)
			v = read_rowless(st, &u.groups[i], person_id, f, all);
	}
	if (v == STORE_OK)
		v = db_run(st, &now_sql, 1, NULL, 0);
	if (v)
		return v;
	while (db_next(st))
		all->read_at = db_number(st, 0);
	return db_end(st);
}
