/*
 * news: what is new for a person in all of his rooms, oldest first.
 *
 * Room: fcgi-api/store. Called by the handlers of load_missed_messages and novedades; calls sets, db, and
 * messages through store.h. Thousands poll, and most of them have nothing new: MAX(id) says so, one
 * look-up. Who is a little behind reads the new end of the primary key; who is far behind reads each of his
 * rooms by its own index, not everybody's messages.
 */
#include "sets.h"
#include "row.h"

#include <stdlib.h>

#define NEAR 2000        /* ids behind which the primary key is read */
#define FETCH 16         /* messages fetched together: a page ends by bytes, soon after its bound */

static const struct db_sql max_sql = { "news max", "SELECT MAX(id) FROM mensajes", "i" };
static const struct db_sql near_sql = {
	"news near",
	"SELECT STRAIGHT_JOIN m.id FROM mensajes m JOIN salas_chat s ON s.id = m.sala_chat_id WHERE m.id > ?"
	" AND m.eliminado_en IS NULL AND " ROW_MEMBER("s") " ORDER BY m.id LIMIT ?", "i"
};
static const struct db_sql rooms_sql = { "news rooms", ROW_ROOMS_OF " LIMIT ?", "i" };
static const struct db_sql far_sql = {
	"news far",
	"{(SELECT m.id FROM mensajes m WHERE m.sala_chat_id = ? AND m.id > ? AND m.eliminado_en IS NULL"
	" ORDER BY m.id LIMIT ?)| UNION ALL }", "i"
};
#define FAR_VALUES 3

/* Ids of a result of one column: as many as there is room for. */
static enum store_verdict take_ids(struct store *st, int64_t *ids, size_t room, size_t *count_io)
{
	while (*count_io < room && db_next(st))
		ids[(*count_io)++] = db_number(st, 0);
	return db_end(st);
}

static enum store_verdict find_near(struct store *st, const struct store_news *n, int64_t *ids, size_t room,
				    size_t *count_r)
{
	struct db_value me = db_of_number(n->person_id);
	struct db_value in[] = { db_of_number(n->after), me, me, me, db_of_number((int64_t)room) };
	enum store_verdict v = db_run(st, &near_sql, 1, in, 5);

	return v == STORE_OK ? take_ids(st, ids, room, count_r) : v;
}

static int by_number(const void *pa, const void *pb)
{
	int64_t a = *(const int64_t *)pa, b = *(const int64_t *)pb;

	return a < b ? -1 : a > b;
}

/* Sorted, each once (a list filled up to its size repeats its last room), at most `room`. */
static size_t least(int64_t *ids, size_t count, size_t room)
{
	size_t kept = 0;

	qsort(ids, count, sizeof(*ids), by_number);
	for (size_t i = 0; i < count && kept < room; i++)
		if (kept == 0 || ids[i] != ids[kept - 1])
			ids[kept++] = ids[i];
	return kept;
}

static enum store_verdict find_far(struct store *st, const struct store_news *n, struct arena *a,
				   int64_t *ids, size_t room, size_t *count_r)
{
	struct db_value me = db_of_number(n->person_id), mine[] = { me, me, me, db_of_number(STORE_ROOMS_MAX) };
	int64_t *rooms = arena_alloc(a, STORE_ROOMS_MAX * sizeof(*rooms));
	int64_t *found = arena_alloc(a, (STORE_SET_MAX + 1) * room * sizeof(*found));
	size_t room_count = 0, count = 0;
	enum store_verdict v = db_run(st, &rooms_sql, 1, mine, 4);

	if (v == STORE_OK)
		v = take_ids(st, rooms, STORE_ROOMS_MAX, &room_count);
	/* nobody has so many; but a room left out would be a hole */
	if (v == STORE_OK && room_count == STORE_ROOMS_MAX)
		return find_near(st, n, ids, room, count_r);
	for (size_t done = 0, some; v == STORE_OK && done < room_count; done += some) {
		struct db_value in[STORE_SET_MAX * FAR_VALUES];

		some = room_count - done < STORE_SET_MAX ? room_count - done : STORE_SET_MAX;
		for (size_t i = 0; i < some; i++) {
			in[FAR_VALUES * i] = db_of_number(rooms[done + i]);
			in[FAR_VALUES * i + 1] = db_of_number(n->after);
			in[FAR_VALUES * i + 2] = db_of_number((int64_t)room);
		}
		v = sets_run_list(st, &far_sql, in, some, FAR_VALUES);
		if (v == STORE_OK)
			v = take_ids(st, found, (STORE_SET_MAX + 1) * room, &count);
		count = least(found, count, room);
	}
	memcpy(ids, found, count * sizeof(*ids));
	*count_r = count;
	return v;
}

/* The messages of the ids, until the page is full. */
static enum store_verdict fetch(struct store *st, const int64_t *ids, size_t count, bool pictures, struct arena *a,
				struct store_history *h)
{
	size_t bytes = 0;

	h->messages = arena_alloc(a, count * sizeof(*h->messages));
	for (size_t done = 0, some; done < count; done += some) {
		struct store_message *got;
		size_t n;
		enum store_verdict v;

		some = count - done < FETCH ? count - done : FETCH;
		v = store_message_fetch(st, ids + done, some, a, &got, &n);
		if (v)
			return v;
		for (size_t i = 0; i < n; i++) {
			bytes += row_size(&got[i], pictures);
			if (h->count > 0 && bytes > STORE_PAGE_BYTES) {
				h->truncated = true;
				return STORE_OK;
			}
			h->last_id = got[i].id;
			h->messages[h->count++] = got[i];
		}
		h->last_id = ids[done + some - 1];
	}
	return STORE_OK;
}

enum store_verdict store_message_news(struct store *st, const struct store_news *n, struct arena *a,
				      struct store_history *h)
{
	size_t room = n->limit + 1, count = 0;
	int64_t *ids = arena_alloc(a, room * sizeof(*ids)), max;
	enum store_verdict v = db_one(st, &max_sql, NULL, 0, &max);

	memset(h, 0, sizeof(*h));
	if (v || max <= n->after)
		return v;
	if (max - n->after <= NEAR)
		v = find_near(st, n, ids, room, &count);
	else
		v = find_far(st, n, a, ids, room, &count);
	if (v)
		return v;
	h->truncated = count == room;
	return fetch(st, ids, h->truncated ? n->limit : count, n->pictures, a, h);
}
