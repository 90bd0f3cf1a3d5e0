/*
 * receipts: delivered and read, as sets.
 *
 * Room: fcgi-api/store. Called by the receipt handlers; calls unread, row, sets and db. A mark once made is never
 * moved.
 */
#include "row.h"
#include "sets.h"
#include "unread.h"

#include <stdlib.h>

/*
 * Three answers in one round trip: the messages with their rooms, who is in which group, and what is marked
 * already.
 */
enum arm { ARM_MESSAGE, ARM_MEMBER, ARM_STATE };

#define STATE_OF_PAIRS \
	"d.mensaje_id, d.destinatario_id, UNIX_TIMESTAMP(d.entregado_en), UNIX_TIMESTAMP(d.leido_en)"
#define STATE_WHERE " FROM destinatarios_mensaje d WHERE {(d.mensaje_id = ? AND d.destinatario_id = ?)| OR }"

static const struct db_sql find_sql = {
	"receipts find",
	"SELECT 0, m.id, m.remitente_id, NULL, NULL, " ROW_ROOM("s")
	" FROM mensajes m JOIN salas_chat s ON s.id = m.sala_chat_id WHERE m.id IN ({?})"
	" UNION ALL SELECT 1, m.id, g.usuario_id, m.enviado_en <= g.unido_en, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
	" FROM mensajes m JOIN salas_chat s ON s.id = m.sala_chat_id AND s.tipo_sala = 'grupal'"
	" JOIN miembros_grupo g ON g.grupo_id = s.grupo_id"
	" WHERE m.id IN ({?}) AND g.usuario_id IN ({?}) AND g.estado_membresia = 'activo'"
	" UNION ALL SELECT 2, " STATE_OF_PAIRS ", NULL, NULL, NULL, NULL, NULL, NULL" STATE_WHERE,
	"iiiii" ROW_ROOM_LETTERS
};
#define COLUMN_ROOM 5
static const struct db_sql mark_sql = {
	"receipts mark",
	"INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id, entregado_en, leido_en, creado_en)"
	" VALUES {(?, ?, CURRENT_TIMESTAMP, IF(?, CURRENT_TIMESTAMP, NULL), CURRENT_TIMESTAMP)}"
	" ON DUPLICATE KEY UPDATE entregado_en = COALESCE(entregado_en, VALUES(entregado_en)),"
	" leido_en = COALESCE(leido_en, VALUES(leido_en))", NULL
};
static const struct db_sql state_sql = { "receipts state", "SELECT " STATE_OF_PAIRS STATE_WHERE, "iiii" };

struct work {
	struct store_receipt *set;
	size_t count;
	bool found[STORE_SET_MAX], member[STORE_SET_MAX];
	bool early[STORE_SET_MAX];    /* older than the membership */
	bool row[STORE_SET_MAX];      /* the person has one already */
	bool asked[STORE_SET_MAX];    /* what is the newest that the person has read there */
	int64_t newest[STORE_SET_MAX]; /* the answer; 0: none above the set's own messages */
};

static void take_message(struct store *st, struct work *w, struct arena *a)
{
	struct store_room room;
	size_t i;

	row_room(st, COLUMN_ROOM, a, &room);
	for (i = 0; i < w->count; i++) {
		struct store_receipt *r = &w->set[i];

		if (r->message_id != db_number(st, 1))
			continue;
		w->found[i] = true;
		r->author_id = db_number(st, 2);
		r->room = room;
		if (room.kind == STORE_DIRECTO)
			w->member[i] = room.a_id == r->person_id || room.b_id == r->person_id;
	}
}

static void take_member(struct store *st, struct work *w)
{
	size_t i;

	for (i = 0; i < w->count; i++) {
		if (w->set[i].message_id != db_number(st, 1) || w->set[i].person_id != db_number(st, 2))
			continue;
		w->member[i] = true;
		w->early[i] = db_number(st, 3) != 0;
	}
}

static void take_state(struct store *st, struct work *w, unsigned at)
{
	size_t i;

	for (i = 0; i < w->count; i++) {
		struct store_receipt *r = &w->set[i];

		if (r->message_id == db_number(st, at) && r->person_id == db_number(st, at + 1)) {
			w->row[i] = true;
			r->delivered_at = db_number(st, at + 2);
			r->read_at = db_number(st, at + 3);
		}
	}
}

/* The list is filled up by its last member. */
static const struct store_receipt *member_at(const struct work *w, size_t i)
{
	return &w->set[i < w->count ? i : w->count - 1];
}

static enum store_verdict find(struct store *st, struct work *w, struct arena *a)
{
	struct db_value in[STORE_SET_MAX * 5], *p = in;
	size_t size = sets_size(w->count), i, k;
	enum store_verdict v;

	for (k = 0; k < 2; k++) {
		for (i = 0; i < size; i++)
			*p++ = db_of_number(member_at(w, i)->message_id);
	}
	for (i = 0; i < size; i++)
		*p++ = db_of_number(member_at(w, i)->person_id);
	for (i = 0; i < size; i++) {
		*p++ = db_of_number(member_at(w, i)->message_id);
		*p++ = db_of_number(member_at(w, i)->person_id);
	}
	v = db_run(st, &find_sql, size, in, (size_t)(p - in));
	if (v)
		return v;
	while (db_next(st)) {
		switch ((enum arm)db_number(st, 0)) {
		case ARM_MESSAGE:
			take_message(st, w, a);
			break;
		case ARM_MEMBER:
			take_member(st, w);
			break;
		case ARM_STATE:
			take_state(st, w, 1);
			break;
		}
	}
	return db_end(st);
}

static bool same_place(const struct store_receipt *a, const struct store_receipt *b)
{
	return a->person_id == b->person_id && a->room.id == b->room.id;
}

/* The newest message of the room that the person has read, before this set; asked once for all marks of the place. */
static enum store_verdict ask_newest(struct store *st, struct work *w, size_t i)
{
	int64_t lowest = w->set[i].message_id;
	size_t k = 0;

	while (k < i && !(w->asked[k] && same_place(&w->set[k], &w->set[i])))
		k++;
	w->asked[i] = true;
	if (k < i) {
		w->newest[i] = w->newest[k];
		return STORE_OK;
	}
	for (k = i + 1; k < w->count; k++) {
		if (same_place(&w->set[k], &w->set[i]) && w->set[k].message_id < lowest)
			lowest = w->set[k].message_id;
	}
	return unread_newest_read(st, w->set[i].person_id, w->set[i].room.id, lowest, &w->newest[i]);
}

/* Whether the person has read a newer message there: before, or by a mark that stands before this one in the set. */
static bool is_passed(const struct work *w, size_t i)
{
	const struct store_receipt *r = &w->set[i];
	size_t k;

	for (k = 0; k < i; k++) {
		const struct store_receipt *b = &w->set[k];

		if (w->member[k] && b->mark == STORE_READ && b->author_id != b->person_id && same_place(b, r) &&
		    b->message_id >= r->message_id)
			return true;
	}
	return r->message_id <= w->newest[i];
}

/*
 * Of a group's messages without a row those count as unread that are newer than the newest read one and than the
 * membership (unread.h). The others must not begin to because another device says that it got them: with their row they
 * are read.
 */
static enum store_verdict find_read_too(struct store *st, struct work *w)
{
	enum store_verdict v = STORE_OK;
	size_t i;

	for (i = 0; v == STORE_OK && i < w->count; i++) {
		struct store_receipt *r = &w->set[i];

		if (r->mark != STORE_DELIVERED || !w->member[i] || w->row[i] || r->room.kind != STORE_GRUPAL ||
		    r->author_id == r->person_id)
			continue;
		if (!w->early[i])
			v = ask_newest(st, w, i);
		r->read_too = w->early[i] || is_passed(w, i);
	}
	return v;
}

/* Judges each; what has to be written goes to `rows` (message, person, read?). Returns how many. */
static size_t judge(struct work *w, struct db_value *rows)
{
	size_t n = 0, i, k;

	for (i = 0; i < w->count; i++) {
		struct store_receipt *r = &w->set[i];
		bool done = r->mark == STORE_READ ? r->read_at != 0 : r->delivered_at != 0;

		if (!w->found[i] || !w->member[i]) {
			r->verdict = w->found[i] ? STORE_RECEIPT_NOT_MEMBER : STORE_RECEIPT_NOT_FOUND;
			continue;
		}
		r->verdict = r->author_id == r->person_id ? STORE_RECEIPT_OWN : STORE_RECEIPT_STORED;
		if (r->verdict == STORE_RECEIPT_OWN)
			r->delivered_at = r->read_at = 0;
		for (k = 0; !done && k < i; k++)
			done = w->set[k].changed && w->set[k].message_id == r->message_id &&
			       w->set[k].person_id == r->person_id && (w->set[k].mark >= r->mark || w->set[k].read_too);
		r->changed = r->verdict == STORE_RECEIPT_STORED && !done;
		r->read_too &= r->changed;
		if (!r->changed)
			continue;
		rows[n * 3] = db_of_number(r->message_id);
		rows[n * 3 + 1] = db_of_number(r->person_id);
		rows[n++ * 3 + 2] = db_of_number(r->mark == STORE_READ || r->read_too);
	}
	return n;
}

/* By message and person: two workers that mark the same rows lock them in the same order. */
static int by_pair(const void *a, const void *b)
{
	const struct db_value *x = a, *y = b;
	int i;

	for (i = 0; i < 3; i++) {
		if (x[i].number != y[i].number)
			return x[i].number < y[i].number ? -1 : 1;
	}
	return 0;
}

static bool has_row(const struct work *w, const struct db_value *row)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->set[i].message_id == row[0].number && w->set[i].person_id == row[1].number)
			return w->row[i];
	return false;
}

/*
 * What the database counts when each of these sorted rows changes something. Another count: another device has marked some
 * of them since they were looked at, and tells of them; one alone says so by itself.
 */
static uint64_t changes(const struct work *w, const struct db_value *rows, size_t n)
{
	uint64_t count = 0;

	for (size_t i = 0; i < n; i++) {
		const struct db_value *row = rows + 3 * i;
		bool again = i > 0 && row[-3].number == row[0].number && row[-2].number == row[1].number;

		count += again || has_row(w, row) ? 2 : 1;
	}
	return count;
}

enum store_verdict store_receipt_mark(struct store *st, struct store_receipt *set, size_t count,
				      struct arena *a)
{
	struct work w = { .set = set, .count = count };
	struct db_value rows[STORE_SET_MAX * 3], pairs[STORE_SET_MAX * 2];
	enum store_verdict v;
	size_t n, i;

	if (count == 0 || count > STORE_SET_MAX)
		return STORE_REFUSED;
	for (i = 0; i < count; i++) {
		set[i].changed = set[i].read_too = false;
		set[i].author_id = set[i].delivered_at = set[i].read_at = 0;
		memset(&set[i].room, 0, sizeof(set[i].room));
	}
	v = find(st, &w, a);
	if (v == STORE_OK)
		v = find_read_too(st, &w);
	if (v)
		return v;
	n = judge(&w, rows);
	if (n == 0)
		return STORE_OK;
	qsort(rows, n, 3 * sizeof(*rows), by_pair);
	v = db_run(st, &mark_sql, n, rows, n * 3);
	if (v == STORE_REFUSED || (v == STORE_OK && n > 1 && db_affected(st) != changes(&w, rows, n)))
		return STORE_AGAIN; /* deleted or marked at this moment: look again */
	if (v)
		return v;
	for (i = 0; n == 1 && db_affected(st) == 0 && i < count; i++)
		set[i].changed = set[i].read_too = false;
	for (i = 0; i < n; i++)
		memcpy(pairs + 2 * i, rows + 3 * i, 2 * sizeof(*pairs));
	v = sets_run_list(st, &state_sql, pairs, n, 2);
	while (v == STORE_OK && db_next(st))
		take_state(st, &w, 0);
	return v == STORE_OK ? db_end(st) : v;
}
