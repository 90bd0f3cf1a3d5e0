/*
 * messages: reading them: one, some, a page.
 *
 * Room: fcgi-api/store. Called by the handlers and by lists; calls row, sets and db. Order is by id, never by
 * time.
 */
#include "row.h"
#include "sets.h"

#include <stdlib.h>

static const struct db_sql find_sql = {
	"message by id",
	"SELECT " ROW_MESSAGE ", " ROW_MEMBER("s") ROW_MESSAGE_FROM "WHERE m.id = ?", ROW_MESSAGE_LETTERS "i"
};
static const struct db_sql fetch_sql = {
	"messages by id",
	ROW_MESSAGE_SELECT ROW_MESSAGE_FROM "WHERE m.id IN ({?}) AND m.eliminado_en IS NULL ORDER BY m.id",
	ROW_MESSAGE_LETTERS
};
/*
 * The ids first: what is skipped is counted in the index and not read, let alone joined. And with the joins MariaDB looks up
 * the room alone and reads all that is newer than the page.
 */
#define PAGE(by_room, which) \
	ROW_MESSAGE_SELECT " FROM (SELECT id FROM mensajes" by_room " WHERE sala_chat_id = ? AND id " which ") page" \
	" JOIN mensajes m ON m.id = page.id JOIN salas_chat s ON s.id = m.sala_chat_id" \
	" LEFT JOIN usuarios u ON u.id = m.remitente_id ORDER BY page.id"
#define BEFORE "< ? AND eliminado_en IS NULL ORDER BY id DESC LIMIT ? OFFSET ?"
#define AFTER "> ? AND eliminado_en IS NULL ORDER BY id LIMIT ?"
static const struct db_sql before_sql[] = {
	{ "history before", PAGE("", BEFORE) " DESC", ROW_MESSAGE_LETTERS },
	{ "history before", PAGE(DB_BY_ROOM, BEFORE) " DESC", ROW_MESSAGE_LETTERS }
};
static const struct db_sql after_sql[] = {
	{ "history after", PAGE("", AFTER), ROW_MESSAGE_LETTERS },
	{ "history after", PAGE(DB_BY_ROOM, AFTER), ROW_MESSAGE_LETTERS }
};

enum store_verdict store_message_find(struct store *st, int64_t id, int64_t reader_id, struct arena *a,
				      struct store_message *message_r, bool *member_r)
{
	struct db_value reader = db_of_number(reader_id);
	struct db_value in[] = { reader, reader, reader, db_of_number(id) };
	enum store_verdict v = db_run(st, &find_sql, 1, in, 4);
	bool found = false;

	*member_r = false;
	if (v)
		return v;
	while (db_next(st)) {
		row_message(st, a, message_r);
		*member_r = db_number(st, ROW_MESSAGE_COLUMNS) == 1;
		found = true;
	}
	v = db_end(st);
	return v == STORE_OK && !found ? STORE_NONE : v;
}

enum store_verdict store_message_fetch(struct store *st, const int64_t *ids, size_t count, struct arena *a,
				       struct store_message **messages_r, size_t *count_r)
{
	struct db_value in[STORE_SET_MAX];
	enum store_verdict v;
	size_t i;

	*messages_r = arena_alloc(a, STORE_SET_MAX * sizeof(**messages_r));
	*count_r = 0;
	if (count == 0)
		return STORE_OK;
	if (count > STORE_SET_MAX)
		return STORE_REFUSED;
	for (i = 0; i < count; i++)
		in[i] = db_of_number(ids[i]);
	v = sets_run_list(st, &fetch_sql, in, count, 1);
	if (v)
		return v;
	while (*count_r < STORE_SET_MAX && db_next(st))
		row_message(st, a, &(*messages_r)[(*count_r)++]);
	return db_end(st);
}

static void reverse(struct store_message *m, size_t count)
{
	size_t i;

	for (i = 0; i < count / 2; i++) {
		struct store_message other = m[i];

		m[i] = m[count - 1 - i];
		m[count - 1 - i] = other;
	}
}

enum store_verdict store_message_history(struct store *st, const struct store_page *page, struct arena *a,
					 struct store_history *h)
{
	bool after = page->after >= 0;
	struct db_value in[] = {
		db_of_number(page->room_id),
		db_of_number(after ? page->after : page->before > 0 ? page->before : INT64_MAX),
		db_of_number(page->limit), db_of_number(page->skip)
	};
	enum store_verdict v;
	size_t bytes = 0, most = page->bytes ? page->bytes : STORE_PAGE_BYTES;

	memset(h, 0, sizeof(*h));
	if (page->limit == 0 || page->before == 0)
		return STORE_OK;
	h->messages = arena_alloc(a, page->limit * sizeof(*h->messages));
	v = db_run(st, db_by_room(st, after ? after_sql : before_sql), 1, in, after ? 3 : 4);
	if (v)
		return v;
	while (h->count < page->limit && !h->truncated && db_next(st)) {
		row_message(st, a, &h->messages[h->count]);
		bytes += row_size(&h->messages[h->count], page->pictures);
		h->truncated = h->count > 0 && bytes > most;
		h->count += !h->truncated;
	}
	if (!after)
		reverse(h->messages, h->count);
	return db_end(st);
}

enum store_verdict store_room_last(struct store *st, int64_t room_id, struct arena *a,
				   struct store_message *message_r)
{
	struct store_page page = { .room_id = room_id, .before = -1, .after = -1, .limit = 1 };
	struct store_history h;
	enum store_verdict v = store_message_history(st, &page, a, &h);

	if (v == STORE_OK && h.count)
		*message_r = h.messages[0];
	return v == STORE_OK && !h.count ? STORE_NONE : v;
}
