/*
 * lists: my rooms, each with its newest message and what is unread in it.
 *
 * Room: fcgi-api/store. Called by the rooms handlers; calls unread, row, sets, db, and messages through store.h.
 */
#include "row.h"
#include "sets.h"
#include "unread.h"

#include <stdlib.h>

static const struct db_sql rooms_sql = {
	"my rooms",
	"SELECT " ROW_ROOM("s") ", " ROW_ROOM_TIMES("s")
	" FROM (" ROW_ROOMS_OF ") mine JOIN salas_chat s ON s.id = mine.id ORDER BY s.actualizado_en DESC, s.id DESC LIMIT ?",
	ROW_ROOM_LETTERS ROW_ROOM_TIMES_LETTERS
};
#define COLUMN_TIMES 6
/*
 * An arm per room, named by its number: each is one look-up in the index. Asked for the newest that is not
 * deleted, the planner sometimes sorts the whole room.
 */
static const struct db_sql newest_sql = {
	"newest of rooms",
	"{SELECT CAST(? AS SIGNED), MAX(m.id) FROM mensajes m WHERE m.sala_chat_id = ?| UNION ALL }", "ii"
};

/* The id of the newest message of each of up to STORE_SET_MAX rooms, 0 where there is none. */
static enum store_verdict find_newest(struct store *st, const struct store_room_entry *rooms, size_t count,
				      int64_t *ids)
{
	struct db_value in[STORE_SET_MAX * 2];
	enum store_verdict v;
	size_t i;

	for (i = 0; i < count; i++) {
		ids[i] = 0;
		in[2 * i] = in[2 * i + 1] = db_of_number(rooms[i].room.id);
	}
	v = sets_run_list(st, &newest_sql, in, count, 2);
	if (v)
		return v;
	while (db_next(st)) {
		for (i = 0; i < count; i++) {
			if (rooms[i].room.id == db_number(st, 0))
				ids[i] = db_number(st, 1);
		}
	}
	return db_end(st);
}

/* The newest message of a room whose very newest is deleted; `last` stays NULL where all are. */
static enum store_verdict attach_older(struct store *st, struct store_room_entry *room, struct arena *a)
{
	struct store_message *m = arena_alloc(a, sizeof(*m));
	enum store_verdict v = store_room_last(st, room->room.id, a, m);

	if (v == STORE_OK)
		room->last = m;
	return v == STORE_NONE ? STORE_OK : v;
}

/*
 * From the first room on whose newest message would be too much, all go without; one that is too much by itself (of a wider
 * column than TEXT) takes it from no other.
 */
static void leave_out(struct store_room_entry *rooms, size_t count, size_t *bytes)
{
	for (size_t i = 0; i < count; i++) {
		size_t size = rooms[i].last ? row_size(rooms[i].last, true) : 0;

		rooms[i].left_out = *bytes + size > STORE_LIST_BYTES;
		if (rooms[i].left_out)
			rooms[i].last = NULL;
		if (!rooms[i].left_out)
			*bytes += size;
		else if (size <= STORE_LIST_BYTES)
			*bytes = STORE_LIST_BYTES;
	}
}

/* The newest messages of up to STORE_SET_MAX rooms; their sizes add up in bytes. */
static enum store_verdict attach_last(struct store *st, struct store_room_entry *rooms, size_t count,
				      struct arena *a, size_t *bytes)
{
	int64_t newest[STORE_SET_MAX], ids[STORE_SET_MAX];
	struct store_message *messages;
	size_t n = 0, i, k;
	enum store_verdict v = find_newest(st, rooms, count, newest);

	for (i = 0; i < count; i++) {
		if (newest[i])
			ids[n++] = newest[i];
	}
	if (v == STORE_OK)
		v = store_message_fetch(st, ids, n, a, &messages, &n);
	for (i = 0; v == STORE_OK && i < n; i++) {
		for (k = 0; k < count; k++) {
			if (rooms[k].room.id == messages[i].room.id)
				rooms[k].last = &messages[i];
		}
	}
	for (i = 0; v == STORE_OK && i < count; i++) {
		if (newest[i] && !rooms[i].last)
			v = attach_older(st, &rooms[i], a);
	}
	leave_out(rooms, count, bytes);
	return v;
}

/* Latest activity first; times have whole seconds, so the newer message decides within one. */
static int by_activity(const void *pa, const void *pb)
{
	const struct store_room_entry *a = pa, *b = pb;
	int64_t last_a = a->last ? a->last->id : 0, last_b = b->last ? b->last->id : 0;

	if (a->room.updated_at != b->room.updated_at)
		return a->room.updated_at > b->room.updated_at ? -1 : 1;
	if (last_a != last_b)
		return last_a > last_b ? -1 : 1;
	return a->room.id > b->room.id ? -1 : 1;
}

enum store_verdict store_room_list(struct store *st, int64_t person_id, unsigned limit, struct arena *a,
				   struct store_room_entry **rooms_r, size_t *count_r)
{
	struct db_value me = db_of_number(person_id), in[] = { me, me, me, db_of_number(limit) };
	struct store_room_entry *rooms = arena_alloc(a, limit * sizeof(*rooms));
	enum store_verdict v = db_run(st, &rooms_sql, 1, in, 4);
	struct unread u;
	size_t n = 0, bytes = 0, i;

	*rooms_r = rooms;
	*count_r = 0;
	if (v)
		return v;
	while (n < limit && db_next(st)) {
		row_room(st, 0, a, &rooms[n].room);
		row_room_times(st, COLUMN_TIMES, &rooms[n++].room);
	}
	v = db_end(st);
	for (i = 0; v == STORE_OK && i < n && bytes < STORE_LIST_BYTES; i += STORE_SET_MAX)
		v = attach_last(st, rooms + i, n - i < STORE_SET_MAX ? n - i : STORE_SET_MAX, a, &bytes);
	for (; i < n; i++)
		rooms[i].left_out = true;
	if (v == STORE_OK)
		v = unread_find(st, person_id, a, &u);
	if (v == STORE_OK)
		qsort(rooms, n, sizeof(*rooms), by_activity);
	for (i = 0; v == STORE_OK && i < n; i++)
		rooms[i].unread = unread_of(&u, rooms[i].room.id);
	*count_r = n;
	return v;
}
