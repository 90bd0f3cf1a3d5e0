/*
 * edits: the author changes or deletes a message. Rows are never removed: eliminado_en hides them.
 *
 * Room: fcgi-api/store. Called by the edit handlers; calls db. Who may is the caller's question, asked
 * before through store_message_find; here the author stands in the statement once more, and a deleted
 * message stays as it is. Whoever deletes it at the same moment as another device looks again: only one of them tells it.
 */
#include "db.h"

static const struct db_sql edit_sql = {
	"message edit",
	"UPDATE mensajes SET contenido = ?, editado_en = CURRENT_TIMESTAMP WHERE id = ? AND remitente_id = ?"
	" AND eliminado_en IS NULL", NULL
};
static const struct db_sql delete_sql = {
	"message delete",
	"UPDATE mensajes SET eliminado_en = CURRENT_TIMESTAMP WHERE id = ? AND remitente_id = ?"
	" AND eliminado_en IS NULL", NULL
};

static enum store_verdict change(struct store *st, const struct db_sql *sql, const struct db_value *in,
				 size_t n, int64_t id, int64_t author_id, struct arena *a,
				 struct store_message *message_r)
{
	enum store_verdict v = db_run(st, sql, 1, in, n);
	bool member;

	return v == STORE_OK ? store_message_find(st, id, author_id, a, message_r, &member) : v;
}

enum store_verdict store_message_edit(struct store *st, int64_t id, int64_t author_id, struct slice contenido,
				      struct arena *a, struct store_message *message_r)
{
	struct db_value in[] = { db_of_text(contenido), db_of_number(id), db_of_number(author_id) };

	return change(st, &edit_sql, in, 3, id, author_id, a, message_r);
}

enum store_verdict store_message_delete(struct store *st, int64_t id, int64_t author_id, struct arena *a,
					struct store_message *message_r)
{
	struct db_value in[] = { db_of_number(id), db_of_number(author_id) };
	enum store_verdict v = change(st, &delete_sql, in, 2, id, author_id, a, message_r);

	return v == STORE_OK && db_affected(st) == 0 && message_r->deleted_at ? STORE_AGAIN : v;
}
