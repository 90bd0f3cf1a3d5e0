/*
 * feed: what is new, by primary key; and the cursor below which nothing can still appear.
 *
 * Room: fcgi-api/store. Called by the sweep handler and by handlers that need a cursor; calls row, sets and
 * db.
 */
#include "row.h"
#include "sets.h"

#define HOLE_ROWS_MAX 20000  /* rows found in holes that one sweep brings */
#define CURSOR_PAGE 200
#define CHANGES_MAX 500
#define CHANGES_READ_MAX (CHANGES_MAX * 65536u) /* bytes held, those of texts that go unsaid included */

/* FORCE INDEX: with a handful of rooms the server would read all of them first, and sort everything that is new. */
#define SWEEP_COLUMNS \
	"SELECT STRAIGHT_JOIN m.id, m.mensaje_uuid, m.eliminado_en IS NOT NULL, " ROW_ROOM("s") \
	" FROM mensajes m JOIN salas_chat s FORCE INDEX (PRIMARY) ON s.id = m.sala_chat_id "
#define SWEEP_LETTERS "iti" ROW_ROOM_LETTERS
#define COLUMN_ROOM 3

static const struct db_sql max_sql = { "feed max", "SELECT MAX(id) FROM mensajes", "i" };
static const struct db_sql new_sql = {
	"feed new", SWEEP_COLUMNS "WHERE m.id > ? ORDER BY m.id LIMIT ?", SWEEP_LETTERS
};
static const struct db_sql holes_sql = {
	"feed holes", SWEEP_COLUMNS "WHERE {(m.id BETWEEN ? AND ?)| OR } ORDER BY m.id LIMIT ?", SWEEP_LETTERS
};
static const struct db_sql cursor_sql = {
	"feed cursor",
	"SELECT id, enviado_en > CURRENT_TIMESTAMP - INTERVAL ? SECOND FROM mensajes WHERE id < ? ORDER BY"
	" id DESC LIMIT ?",
	"ii"
};

static const struct db_sql changes_sql = {
	"feed changes",
	ROW_MESSAGE_SELECT ROW_MESSAGE_FROM "WHERE m.id > ? AND (m.editado_en >= CURRENT_TIMESTAMP - INTERVAL ? SECOND OR"
	" m.eliminado_en >= CURRENT_TIMESTAMP - INTERVAL ? SECOND) ORDER BY m.id DESC LIMIT ?",
	ROW_MESSAGE_LETTERS
};

static enum store_verdict take_rows(struct store *st, struct arena *a, struct store_swept *s, size_t cap)
{
	while (s->count < cap && db_next(st)) {
		struct store_sweep_row *r = &s->rows[s->count++];

		r->id = db_number(st, 0);
		r->uuid = db_text(st, 1, a);
		r->deleted = db_number(st, 2) == 1;
		row_room(st, COLUMN_ROOM, a, &r->room);
	}
	return db_end(st);
}

static enum store_verdict sweep_holes(struct store *st, const struct store_sweep *sweep, struct arena *a,
				      struct store_swept *s, size_t cap)
{
	struct db_value in[STORE_SET_MAX * 2 + 1];
	enum store_verdict v = STORE_OK;
	size_t done, n, size, i;

	for (done = 0; v == STORE_OK && done < sweep->hole_count; done += n) {
		n = sweep->hole_count - done < STORE_SET_MAX ? sweep->hole_count - done : STORE_SET_MAX;
		size = sets_size(n);
		for (i = 0; i < size; i++) {
			const struct store_range *h = &sweep->holes[done + (i < n ? i : n - 1)];

			in[2 * i] = db_of_number(h->first);
			in[2 * i + 1] = db_of_number(h->last);
		}
		in[2 * size] = db_of_number((int64_t)(cap - s->count));
		v = db_run(st, &holes_sql, size, in, 2 * size + 1);
		if (v == STORE_OK)
			v = take_rows(st, a, s, cap);
	}
	return v;
}

static enum store_verdict find_twins(struct store *st, struct arena *a, struct store_swept *s)
{
	struct store_room **rooms = arena_alloc(a, (s->count + 1) * sizeof(struct store_room *));

	for (size_t i = 0; i < s->count; i++)
		rooms[i] = &s->rows[i].room;
	return store_room_twins(st, rooms, s->count, a);
}

/* Rows that the holes can bring at most. */
static size_t hole_room(const struct store_sweep *sweep)
{
	size_t room = 0, i;

	for (i = 0; i < sweep->hole_count && room < HOLE_ROWS_MAX; i++) {
		int64_t width = sweep->holes[i].last - sweep->holes[i].first;

		if (width >= 0)
			room += width < HOLE_ROWS_MAX ? (size_t)width + 1 : HOLE_ROWS_MAX;
	}
	return room < HOLE_ROWS_MAX ? room : HOLE_ROWS_MAX;
}

enum store_verdict store_feed_sweep(struct store *st, const struct store_sweep *sweep, struct arena *a,
				    struct store_swept *s)
{
	size_t page = sweep->first ? 2 * STORE_SWEEP_WINDOW : STORE_SWEEP_PAGE, holes;
	size_t cap = sweep->first ? 0 : hole_room(sweep);
	struct db_value in[2];
	enum store_verdict v;

	memset(s, 0, sizeof(*s));
	s->rows = arena_alloc(a, (page + 1 + cap) * sizeof(*s->rows));
	/* MAX first: whatever is visible up to it is visible to the statements behind it too */
	v = db_one(st, &max_sql, NULL, 0, &s->max_id);
	s->from = sweep->high;
	if (sweep->first)
		s->from = s->max_id > STORE_SWEEP_WINDOW ? s->max_id - STORE_SWEEP_WINDOW : 0;
	if (v == STORE_OK && !sweep->first)
		v = sweep_holes(st, sweep, a, s, cap);
	if (v)
		return v;
	holes = s->count;
	in[0] = db_of_number(s->from);
	in[1] = db_of_number((int64_t)page + 1);
	v = db_run(st, &new_sql, 1, in, 2);
	if (v == STORE_OK)
		v = take_rows(st, a, s, holes + page + 1);
	if (v)
		return v;
	s->truncated = s->count - holes > page;
	if (s->truncated)
		s->count--;
	if (s->count > holes && s->rows[s->count - 1].id > s->max_id)
		s->max_id = s->rows[s->count - 1].id;
	s->upto = s->truncated ? s->rows[s->count - 1].id : s->max_id;
	return find_twins(st, a, s);
}

enum store_verdict store_feed_changes(struct store *st, int64_t max_id, unsigned age_s, struct arena *a,
				      struct store_message **messages_r, size_t *count_r)
{
	struct db_value age = db_of_number(age_s);
	struct db_value in[] = { db_of_number(max_id - STORE_CHANGES_WINDOW), age, age, db_of_number(CHANGES_MAX) };
	enum store_verdict v = db_run(st, &changes_sql, 1, in, 4);
	size_t said = 0, held = 0, size;

	*messages_r = arena_alloc(a, CHANGES_MAX * sizeof(**messages_r));
	*count_r = 0;
	if (v)
		return v;
	while (*count_r < CHANGES_MAX && said < STORE_PAGE_BYTES && held < CHANGES_READ_MAX && db_next(st)) {
		struct store_message *m = &(*messages_r)[(*count_r)++];

		row_message(st, a, m);
		size = row_size(m, false);
		held += size;
		/* a deletion is told without them, and so is what is wider than TEXT */
		if (m->deleted_at)
			m->contenido = m->url = m->metadatos = SLICE_NONE;
		if (!m->deleted_at && size <= STORE_PAGE_BYTES)
			said += size;
	}
	return db_end(st);
}

enum store_verdict store_feed_cursor(struct store *st, unsigned age_s, int64_t *cursor_r)
{
	struct db_value in[] = { db_of_number(age_s), db_of_number(INT64_MAX), db_of_number(CURSOR_PAGE) };
	unsigned rows, old = 0;

	*cursor_r = 0;
	/* down from the newest, until a whole page's worth of rows in a row is old */
	do {
		enum store_verdict v = db_run(st, &cursor_sql, 1, in, 3);

		if (v)
			return v;
		for (rows = 0; db_next(st); rows++) {
			int64_t id = db_number(st, 0);

			in[1].number = id;
			old = db_number(st, 1) ? 0 : old + 1;
			if (old <= 1)
				*cursor_r = old ? id : 0;
		}
		v = db_end(st);
		if (v)
			return v;
	} while (rows == CURSOR_PAGE && old < CURSOR_PAGE);
	return STORE_OK;
}
