/*
 * unread_far: what is unread in large groups that the person has not read for long.
 *
 * Room: fcgi-api/store. Called by unread; calls db. Walking such a group row by row takes seconds, so
 * its count is put together from parts that indexes answer alone. It is the same number to the last message,
 * as far as the person's floor (unread.h). What the person wrote and was sent a row of is walked once for all groups.
 */
#include "unread.h"

#include <stdlib.h>

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
/* The last column: others wrote it, and it is counted by its row already while it is unread (unread.c). */
static const struct db_sql rows_sql = {
	"far rows",
	"SELECT STRAIGHT_JOIN m.sala_chat_id, d.mensaje_id, d.leido_en IS NOT NULL, m.remitente_id <> ? AND m.eliminado_en IS NULL"
	" FROM destinatarios_mensaje d IGNORE INDEX (PRIMARY) JOIN mensajes m ON m.id = d.mensaje_id"
	" WHERE d.destinatario_id = ? AND d.mensaje_id > ?", "iiii"
};
static const struct db_sql own_sql = {
	"far own",
	"SELECT STRAIGHT_JOIN m.sala_chat_id, m.id FROM mensajes o JOIN mensajes m ON m.id = o.id AND m.eliminado_en IS NULL"
	" WHERE o.remitente_id = ? AND o.id > ?", "ii"
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

/* A group that is far, and what its count is made of. */
struct far {
	struct unread_group *group;
	int64_t early;           /* the last before joining */
	int64_t rows;            /* behind it and the newest read: unread ones of others with a row for the person */
	int64_t own;             /* there too: the person's own */
};

struct fars {
	struct far *list;        /* by room */
	size_t count;
};

static int by_room(const void *pa, const void *pb)
{
	int64_t a = ((const struct far *)pa)->group->room_id, b = ((const struct far *)pb)->group->room_id;

	return a < b ? -1 : a > b;
}

static struct fars choose(struct unread_group *groups, size_t count, struct arena *a)
{
	struct fars f = { arena_alloc(a, (count + 1) * sizeof(struct far)), 0 };

	for (size_t i = 0; i < count; i++)
		if (groups[i].far)
			f.list[f.count++] = (struct far){ .group = &groups[i] };
	qsort(f.list, f.count, sizeof(*f.list), by_room);
	return f;
}

static struct far *of_room(const struct fars *f, int64_t room_id)
{
	struct unread_group group = { .room_id = room_id };
	struct far key = { .group = &group };

	return bsearch(&key, f->list, f->count, sizeof(*f->list), by_room);
}

/* Behind this one everything is younger than the membership, and nothing was read. */
static int64_t from(const struct far *one)
{
	return one->early > one->group->newest_read ? one->early : one->group->newest_read;
}

struct row { struct far *of; int64_t id; };

/* They come in any order: which of the unread ones lie behind the newest read is known at the end. */
static enum store_verdict walk_rows(struct store *st, int64_t person_id, int64_t floor, const struct fars *f)
{
	struct db_value me = db_of_number(person_id);
	enum store_verdict v = db_run(st, &rows_sql, 1, (struct db_value[]){ me, me, db_of_number(floor) }, 3);
	struct buf unread = BUF_INIT;
	struct row row;

	if (v)
		return v;
	while (db_next(st)) {
		row = (struct row){ of_room(f, db_number(st, 0)), db_number(st, 1) };
		if (!row.of)
			continue;
		if (!db_number(st, 2) && db_number(st, 3))
			buf_put(&unread, &row, sizeof(row));
		else if (db_number(st, 2) && row.id > row.of->group->newest_read)
			row.of->group->newest_read = row.id;
	}
	for (size_t at = 0; at < unread.len; at += sizeof(row)) {
		memcpy(&row, unread.data + at, sizeof(row));
		row.of->rows += row.id > from(row.of);
	}
	buf_fini(&unread);
	return db_end(st);
}

static enum store_verdict walk_own(struct store *st, int64_t person_id, const struct fars *f)
{
	int64_t lowest = INT64_MAX;
	enum store_verdict v;

	for (size_t i = 0; i < f->count; i++)
		lowest = from(&f->list[i]) < lowest ? from(&f->list[i]) : lowest;
	v = db_run(st, &own_sql, 1, (struct db_value[]){ db_of_number(person_id), db_of_number(lowest) }, 2);
	if (v)
		return v;
	while (db_next(st)) {
		struct far *one = of_room(f, db_number(st, 0));

		if (one && db_number(st, 1) > from(one))
			one->own++;
	}
	return db_end(st);
}

/* The count of one, from what the walks have found. */
static enum store_verdict count_one(struct store *st, int64_t person_id, struct far *one)
{
	struct unread_group *g = one->group;
	struct db_value me = db_of_number(person_id), room = db_of_number(g->room_id), behind_it = db_of_number(from(one));
	int64_t behind, between = 0;
	enum store_verdict v = db_one(st, &behind_sql, (struct db_value[]){ room, behind_it }, 2, &behind);

	if (v == STORE_OK && one->early > g->newest_read)
		v = db_one(st, &between_sql,
			(struct db_value[]){ room, db_of_text(g->joined), db_of_number(g->newest_read), behind_it, me, me }, 6, &between);
	/* not one transaction's snapshot: what was deleted meanwhile must not make it negative */
	g->count = behind - one->own - one->rows > 0 ? behind - one->own - one->rows : 0;
	g->count += between;
	return v;
}

enum store_verdict unread_far(struct store *st, int64_t person_id, struct unread_group *groups, size_t count,
			      struct arena *a)
{
	struct fars f = choose(groups, count, a);
	enum store_verdict v = STORE_OK;
	int64_t floor = 0;

	if (f.count == 0)
		return STORE_OK;
	v = unread_floor(st, person_id, &floor);
	for (size_t i = 0; v == STORE_OK && i < f.count; i++)
		v = db_one(st, &early_sql, (struct db_value[]){ db_of_number(f.list[i].group->room_id),
			db_of_text(f.list[i].group->joined) }, 2, &f.list[i].early);
	if (v == STORE_OK)
		v = walk_rows(st, person_id, floor, &f);
	for (size_t i = 0; i < f.count; i++)
		if (f.list[i].group->newest_read < floor)
			f.list[i].group->newest_read = floor;
	if (v == STORE_OK)
		v = walk_own(st, person_id, &f);
	for (size_t i = 0; v == STORE_OK && i < f.count; i++)
		v = count_one(st, person_id, &f.list[i]);
	return v;
}
