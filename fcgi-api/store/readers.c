/*
 * readers: how far my messages were delivered and read, reader by reader.
 *
 * Room: fcgi-api/store. Called by the recibos handler; calls db. Only rows of my own messages tell: what somebody read
 * of others' is not mine to know. Bounded by the newest messages of the room, which is where a screen begins, and by
 * their newest recipient rows: in a crowd each message may have thousands.
 */
#include "db.h"

#define ROWS_MAX 20000

static const struct db_sql readers_sql = {
	"receipt readers",
	"SELECT r.destinatario_id, MAX(IF(r.entregado_en IS NULL, 0, r.id)), MAX(IF(r.leido_en IS NULL, 0, r.id)),"
	" COUNT(*) FROM (SELECT STRAIGHT_JOIN m.id, d.destinatario_id, d.entregado_en, d.leido_en"
	" FROM (SELECT n.id, n.remitente_id FROM mensajes n WHERE n.sala_chat_id = ? AND n.id > 0"
	" ORDER BY n.id DESC LIMIT 200) m JOIN destinatarios_mensaje d ON d.mensaje_id = m.id"
	" WHERE m.remitente_id = ? AND d.destinatario_id <> m.remitente_id ORDER BY m.id DESC LIMIT ?) r"
	" GROUP BY r.destinatario_id ORDER BY r.destinatario_id LIMIT ?", "iiii"
};

enum store_verdict store_receipt_readers(struct store *st, int64_t room_id, int64_t person_id, struct arena *a,
					 struct store_reader **readers_r, size_t *count_r, bool *more_r)
{
	struct db_value in[] = {
		db_of_number(room_id), db_of_number(person_id), db_of_number(ROWS_MAX + 1),
		db_of_number(STORE_READERS_MAX + 1),
	};
	struct store_reader *readers = arena_alloc(a, STORE_READERS_MAX * sizeof(*readers));
	enum store_verdict v = db_run(st, &readers_sql, 1, in, sizeof(in) / sizeof(in[0]));
	int64_t rows = 0;
	size_t n = 0;

	*readers_r = readers;
	*count_r = 0;
	*more_r = false;
	if (v)
		return v;
	while (db_next(st)) {
		struct store_reader *r = &readers[n];

		if (n++ == STORE_READERS_MAX)
			break;
		*r = (struct store_reader){ db_number(st, 0), db_number(st, 1), db_number(st, 2) };
		rows += db_number(st, 3);
		if (r->delivered_id < r->read_id)
			r->delivered_id = r->read_id;
	}
	*more_r = n > STORE_READERS_MAX || rows > ROWS_MAX;
	*count_r = n < STORE_READERS_MAX ? n : STORE_READERS_MAX;
	return db_end(st);
}
