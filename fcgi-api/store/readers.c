/*
 * readers: how far my messages were delivered and read, reader by reader.
 *
 * Room: fcgi-api/store. Called by the recibos handler; calls db. Only rows of my own messages tell: what somebody read
 * of others' is not mine to know. Bounded by the newest messages of the room, which is where a screen begins.
 */
#include "db.h"

/* One more than STORE_READERS_MAX. */
static const struct db_sql readers_sql = {
	"receipt readers",
	"SELECT d.destinatario_id, MAX(IF(d.entregado_en IS NULL, 0, m.id)), MAX(IF(d.leido_en IS NULL, 0, m.id))"
	" FROM (SELECT n.id, n.remitente_id FROM mensajes n WHERE n.sala_chat_id = ? AND n.id > 0"
	" ORDER BY n.id DESC LIMIT 200) m JOIN destinatarios_mensaje d ON d.mensaje_id = m.id"
	" WHERE m.remitente_id = ? AND d.destinatario_id <> m.remitente_id"
	" GROUP BY d.destinatario_id ORDER BY d.destinatario_id LIMIT 501", "iii"
};

enum store_verdict store_receipt_readers(struct store *st, int64_t room_id, int64_t person_id, struct arena *a,
					 struct store_reader **readers_r, size_t *count_r)
{
	struct db_value in[] = { db_of_number(room_id), db_of_number(person_id) };
	struct store_reader *readers = arena_alloc(a, (STORE_READERS_MAX + 1) * sizeof(*readers));
	enum store_verdict v = db_run(st, &readers_sql, 1, in, 2);
	size_t n = 0;

	*readers_r = readers;
	*count_r = 0;
	if (v)
		return v;
	while (n <= STORE_READERS_MAX && db_next(st)) {
		struct store_reader *r = &readers[n++];

		*r = (struct store_reader){ db_number(st, 0), db_number(st, 1), db_number(st, 2) };
		if (r->delivered_id < r->read_id)
			r->delivered_id = r->read_id;
	}
	*count_r = n;
	return db_end(st);
}
