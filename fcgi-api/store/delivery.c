/*
 * delivery: what a stored message changes beside its own row: recipient rows and the room's time.
 *
 * Room: fcgi-api/store, inside. Calls db.
 * Rows as the companion writes them, so that both sides count the same.
 */
#include "delivery.h"

/* A row may be there already: a trigger of the companion's database can write it too. */
static const struct db_sql direct_sql = {
	"send direct recipients",
	"INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id, creado_en) VALUES {(?, ?,"
	" CURRENT_TIMESTAMP)} ON DUPLICATE KEY UPDATE leido_en = leido_en", NULL
};
static const struct db_sql group_sql = {
	"send group recipients",
	"INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id, creado_en)"
	" SELECT STRAIGHT_JOIN m.id, g.usuario_id, CURRENT_TIMESTAMP FROM mensajes m"
	" JOIN salas_chat s ON s.id = m.sala_chat_id"
	" JOIN miembros_grupo g ON g.grupo_id = s.grupo_id AND g.estado_membresia = 'activo'"
	" AND g.usuario_id <> m.remitente_id WHERE m.id IN ({?})"
	" ON DUPLICATE KEY UPDATE leido_en = destinatarios_mensaje.leido_en", NULL
};
static const struct db_sql touch_sql = {
	"send touch", "UPDATE salas_chat SET actualizado_en = CURRENT_TIMESTAMP WHERE id IN ({?})", NULL
};

/*
 * There and back: written, and nothing has changed. For as long as InnoDB bears a log that stands still
 * (innodb_fatal_semaphore_wait_threshold), which only the way there asks.
 */
static const struct db_sql confirm_sql = {
	"send confirm", "UPDATE salas_chat SET actualizado_en = actualizado_en + INTERVAL 1 SECOND"
	" WHERE id = ? AND ? > UNIX_TIMESTAMP() - 600", NULL
};
static const struct db_sql confirmed_sql = {
	"send confirmed", "UPDATE salas_chat SET actualizado_en = actualizado_en - INTERVAL 1 SECOND WHERE id = ?", NULL
};

void delivery_add(struct delivery *d, const struct store_message *m)
{
	int64_t other = m->room.a_id == m->sender.id ? m->room.b_id : m->room.a_id;

	if (m->room.kind == STORE_GRUPAL) {
		d->grouped[d->grouped_count++] = db_of_number(m->id);
	} else if (other && other != m->sender.id) {
		d->pairs[d->pair_count * 2] = db_of_number(m->id);
		d->pairs[d->pair_count++ * 2 + 1] = db_of_number(other);
	}
}

void delivery_write(struct store *st, struct delivery *d)
{
	struct db_value in[STORE_SET_MAX];
	size_t i;

	if (d->pair_count)
		db_run_later(st, &direct_sql, d->pair_count, d->pairs, d->pair_count * 2);
	if (d->grouped_count)
		db_run_later(st, &group_sql, d->grouped_count, d->grouped, d->grouped_count);
	for (i = 0; i < d->stale_count; i++)
		in[i] = db_of_number(d->stale[i]);
	if (d->stale_count)
		db_run_later(st, &touch_sql, d->stale_count, in, d->stale_count);
}

enum store_verdict delivery_confirm(struct store *st, const struct store_send *set, size_t count)
{
	const struct store_message *youngest = NULL;
	struct db_value in[2];
	enum store_verdict v;
	size_t i;

	for (i = 0; i < count; i++) {
		if (set[i].verdict == STORE_SEND_STORED)
			return STORE_OK;
		if (set[i].verdict == STORE_SEND_DUPLICATE && (!youngest || set[i].message.sent_at > youngest->sent_at))
			youngest = &set[i].message;
	}
	if (!youngest || store_is_spare(st))
		return STORE_OK;
	in[0] = db_of_number(youngest->room.id);
	in[1] = db_of_number(youngest->sent_at);
	/* at once: a room that somebody holds is no COMMIT without an answer */
	v = db_run(st, &confirm_sql, 1, in, 2);
	if (v == STORE_OK && db_affected(st) == 1)
		db_run_later(st, &confirmed_sql, 1, in, 1);
	return v;
}
