/*
 * send: storing messages, always as a set.
 *
 * Room: fcgi-api/store. Called by the send handlers; calls resolve, delivery, row, sets and db. The order of
 * the steps is the design's ("the hot event"): repeats, authorization, locks in id order, one INSERT, read
 * back, recipient rows, rooms touched.
 */
#include "delivery.h"
#include "resolve.h"
#include "row.h"
#include "sets.h"

#include <stdlib.h>

static const struct db_sql find_sql = {
	"send find", ROW_MESSAGE_SELECT ROW_MESSAGE_FROM "WHERE m.mensaje_uuid IN ({?})", ROW_MESSAGE_LETTERS
};
/*
 * The INSERT's foreign key takes a shared lock on the room, which two writers of one room would both want to
 * strengthen for the UPDATE at the end: a deadlock. So rooms are locked first. FORCE INDEX: a scan of all
 * rooms would lock them all.
 */
static const struct db_sql lock_sql = {
	"send lock",
	"SELECT s.id, s.actualizado_en < CURRENT_TIMESTAMP FROM salas_chat s FORCE INDEX (PRIMARY)"
	" WHERE s.id IN ({?}) ORDER BY s.id FOR UPDATE", "ii"
};
static const struct db_sql insert_sql = {
	"send insert",
	"INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, tipo_mensaje, contenido,"
	" url_archivo, metadatos, enviado_en) VALUES {(?, ?, ?, ?, ?, ?, ?, CURRENT_TIMESTAMP)}", NULL
};
#define INSERT_VALUES 7
static const struct db_sql back_sql = {
	"send read back",
	"SELECT id, mensaje_uuid, UNIX_TIMESTAMP(enviado_en) FROM mensajes WHERE mensaje_uuid IN ({?})", "iti"
};

enum step {
	JUDGED,     /* the verdict is final */
	UNKNOWN,    /* not looked at yet */
	ACCEPTED,   /* to be inserted */
	INSERTED,
	FOLLOWS     /* same uuid as an earlier one of the set, whose fate it shares */
};

struct job {
	struct store *st;
	struct arena *a;
	struct store_send *set;
	size_t count;
	struct resolved found;
	struct {
		enum step step;
		struct resolved_room *room;
		size_t first;  /* FOLLOWS: whom */
	} at[STORE_SET_MAX];
	int64_t stale[STORE_SET_MAX];  /* rooms not touched in this second */
	size_t stale_count;
};

static void judge(struct job *j, size_t i, enum store_send_verdict verdict)
{
	j->at[i].step = JUDGED;
	j->set[i].verdict = verdict;
}

/*
 * The row that has the uuid: a repeat if it is the same sender's. Byte for byte: to the database 'A' is 'a'.
 */
static void meet_row(struct job *j, const struct store_message *row)
{
	size_t i;

	for (i = 0; i < j->count; i++) {
		struct store_send *s = &j->set[i];

		if (j->at[i].step == UNKNOWN && slice_eq(s->uuid, row->uuid)) {
			s->message = *row;
			judge(j, i,
			      s->sender_id == row->sender.id ? STORE_SEND_DUPLICATE : STORE_SEND_REFUSED);
		}
	}
}

/* Looks up uuids that rows may have already. */
static enum store_verdict find_repeats(struct job *j)
{
	struct db_value in[STORE_SET_MAX];
	size_t n = 0, i;
	enum store_verdict v;

	for (i = 0; i < j->count; i++) {
		if (!j->set[i].fresh)
			in[n++] = db_of_text(j->set[i].uuid);
	}
	if (n == 0)
		return STORE_OK;
	v = sets_run_list(j->st, &find_sql, in, n, 1);
	if (v)
		return v;
	while (db_next(j->st)) {
		struct store_message row;

		row_message(j->st, j->a, &row);
		meet_row(j, &row);
	}
	return db_end(j->st);
}

/* Room, membership, kind: the first failure is the verdict. */
static void authorize(struct job *j, size_t i)
{
	struct store_send *s = &j->set[i];
	const struct store_person *sender = resolved_person(&j->found, s->sender_id);
	struct resolved_room *r = resolved_room(&j->found, s->sala_uuid);

	if (!r) {
		judge(j, i, STORE_SEND_NOT_FOUND);
		return;
	}
	s->message.room = r->room;
	if (!sender || !sender->active || !resolved_member(&j->found, &r->room, s->sender_id)) {
		judge(j, i, STORE_SEND_NOT_MEMBER);
		return;
	}
	if (s->expected != STORE_ANY && s->expected != r->room.kind) {
		judge(j, i, STORE_SEND_TYPE_MISMATCH);
		return;
	}
	s->message.sender = *sender;
	j->at[i].room = r;
	j->at[i].step = ACCEPTED;
}

static enum store_verdict authorize_all(struct job *j)
{
	struct resolve_ask ask = { .uuid_count = 0 };
	enum store_verdict v;
	size_t i, k;

	for (i = 0; i < j->count; i++) {
		if (j->at[i].step == UNKNOWN)
			resolve_add(&ask, j->set[i].sala_uuid, j->set[i].sender_id);
	}
	if (ask.person_count == 0)
		return STORE_OK;
	v = resolve(j->st, &ask, j->a, &j->found);
	for (i = 0; v == STORE_OK && i < j->count; i++) {
		if (j->at[i].step != UNKNOWN)
			continue;
		for (k = 0; k < i; k++) {
			if (j->at[k].step == ACCEPTED && slice_eq(j->set[k].uuid, j->set[i].uuid))
				break;
		}
		if (k < i) {
			j->at[i].step = FOLLOWS;
			j->at[i].first = k;
		} else {
			authorize(j, i);
		}
	}
	return v;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = ((const struct db_value *)a)->number, y = ((const struct db_value *)b)->number;

	return x < y ? -1 : x > y;
}

/* Locks the rooms that will be written; one that is gone meanwhile is not found. */
static enum store_verdict lock_rooms(struct job *j)
{
	struct db_value in[STORE_SET_MAX];
	size_t n = 0, i;
	enum store_verdict v;

	for (i = 0; i < j->count; i++) {
		if (j->at[i].step == ACCEPTED && !j->at[i].room->locked) {
			j->at[i].room->locked = true;
			in[n++] = db_of_number(j->at[i].room->room.id);
		}
	}
	if (n == 0)
		return STORE_OK;
	qsort(in, n, sizeof(*in), by_number);
	for (i = 0; i < j->found.room_count; i++)
		j->found.rooms[i].locked = false;
	v = sets_run_list(j->st, &lock_sql, in, n, 1);
	if (v)
		return v;
	while (db_next(j->st)) {
		for (i = 0; i < j->found.room_count; i++) {
			if (j->found.rooms[i].room.id == db_number(j->st, 0))
				j->found.rooms[i].locked = true;
		}
		if (db_number(j->st, 1))
			j->stale[j->stale_count++] = db_number(j->st, 0);
	}
	for (i = 0; i < j->count; i++) {
		if (j->at[i].step == ACCEPTED && !j->at[i].room->locked)
			judge(j, i, STORE_SEND_NOT_FOUND);
	}
	return db_end(j->st);
}

static enum store_verdict insert_rows(struct job *j, const size_t *which, size_t count)
{
	struct db_value in[STORE_SET_MAX * INSERT_VALUES], *v = in;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct store_send *s = &j->set[which[i]];

		*v++ = db_of_text(s->uuid);
		*v++ = db_of_number(j->at[which[i]].room->room.id);
		*v++ = db_of_number(s->sender_id);
		*v++ = db_of_text(s->tipo);
		*v++ = db_of_text(s->contenido);
		*v++ = db_of_text(s->url);
		*v++ = db_of_text(s->metadatos);
	}
	return db_run(j->st, &insert_sql, count, in, (size_t)(v - in));
}

/*
 * One row alone, after the many were refused together: a repeat that came in meanwhile, or a value that does
 * not fit.
 */
static enum store_verdict insert_alone(struct job *j, size_t i)
{
	struct db_value in = db_of_text(j->set[i].uuid);
	enum store_verdict v = insert_rows(j, &i, 1);
	struct store_message row;

	if (v == STORE_OK)
		j->at[i].step = INSERTED;
	if (v != STORE_REFUSED)
		return v;
	if (db_error(j->st) != 1062) {
		judge(j, i, STORE_SEND_REFUSED);
		return STORE_OK;
	}
	v = db_run(j->st, &find_sql, 1, &in, 1);
	if (v)
		return v;
	judge(j, i, STORE_SEND_REFUSED);
	while (db_next(j->st)) {
		j->at[i].step = UNKNOWN;
		row_message(j->st, j->a, &row);
		meet_row(j, &row);
	}
	if (j->at[i].step == UNKNOWN)  /* the other row's uuid differs in case only */
		judge(j, i, STORE_SEND_REFUSED);
	return db_end(j->st);
}

static enum store_verdict insert_all(struct job *j)
{
	size_t which[STORE_SET_MAX], n = 0, i, k, size;
	enum store_verdict v = STORE_OK;

	for (i = 0; i < j->count; i++) {
		if (j->at[i].step == ACCEPTED)
			which[n++] = i;
	}
	for (i = 0; v == STORE_OK && i < n; i += size) {
		size = sets_piece(n - i);
		v = insert_rows(j, which + i, size);
		for (k = i; v == STORE_OK && k < i + size; k++)
			j->at[which[k]].step = INSERTED;
		if (v != STORE_REFUSED)
			continue;
		for (v = STORE_OK, k = i; v == STORE_OK && k < i + size; k++)
			v = insert_alone(j, which[k]);
	}
	return v;
}

static void fill(struct store_send *s, int64_t id, int64_t sent_at)
{
	struct store_message *m = &s->message;

	m->id = id;
	m->uuid = s->uuid;
	m->tipo = s->tipo;
	m->contenido = s->contenido;
	m->url = s->url;
	m->metadatos = s->metadatos;
	m->sent_at = sent_at;
	m->edited_at = m->deleted_at = 0;
	s->verdict = STORE_SEND_STORED;
}

/* Reads ids and times of what was inserted; how many in stored_r. */
static enum store_verdict read_back(struct job *j, size_t *stored_r)
{
	struct db_value in[STORE_SET_MAX];
	size_t n = 0, got = 0, i;
	enum store_verdict v;

	for (i = 0; i < j->count; i++) {
		if (j->at[i].step == INSERTED)
			in[n++] = db_of_text(j->set[i].uuid);
	}
	*stored_r = n;
	if (n == 0)
		return STORE_OK;
	v = sets_run_list(j->st, &back_sql, in, n, 1);
	if (v)
		return v;
	while (db_next(j->st)) {
		struct slice uuid = db_text(j->st, 1, j->a);

		for (i = 0; i < j->count; i++) {
			if (j->at[i].step == INSERTED && slice_eq(j->set[i].uuid, uuid)) {
				fill(&j->set[i], db_number(j->st, 0), db_number(j->st, 2));
				got++;
			}
		}
	}
	v = db_end(j->st);
	return v == STORE_OK && got != n ? STORE_AGAIN : v;  /* deleted under us */
}

/* Recipient rows and the rooms' time. */
static enum store_verdict deliver(struct job *j)
{
	struct delivery d = { .pair_count = 0 };
	enum store_verdict v;
	size_t i;

	for (i = 0; i < j->count; i++) {
		const struct store_message *m = &j->set[i].message;

		if (j->at[i].step == INSERTED && !j->at[i].room->crowded)
			delivery_add(&d, m);
	}
	for (i = 0; i < j->stale_count; i++)
		d.stale[i] = j->stale[i];
	d.stale_count = j->stale_count;
	v = delivery_write(j->st, &d);
	/* a recipient or room deleted at this very moment: look again, from the start */
	return v == STORE_REFUSED ? STORE_AGAIN : v;
}

static void settle_followers(struct job *j)
{
	size_t i;

	for (i = 0; i < j->count; i++) {
		const struct store_send *first = &j->set[j->at[i].first];

		if (j->at[i].step != FOLLOWS)
			continue;
		j->set[i].message = first->message;
		j->set[i].verdict =
			first->verdict == STORE_SEND_STORED ? STORE_SEND_DUPLICATE : first->verdict;
		if (j->set[i].sender_id != first->sender_id)
			j->set[i].verdict = STORE_SEND_REFUSED;
	}
}

enum store_verdict store_message_save(struct store *st, struct store_send *set, size_t count, struct arena *a)
{
	struct job j = { .st = st, .a = a, .set = set, .count = count };
	enum store_verdict v;
	size_t i, stored = 0;

	if (count == 0 || count > STORE_SET_MAX)
		return STORE_REFUSED;
	for (i = 0; i < count; i++) {
		memset(&set[i].message, 0, sizeof(set[i].message));
		j.at[i].step = UNKNOWN;
	}
	v = find_repeats(&j);
	if (v == STORE_OK)
		v = authorize_all(&j);
	if (v == STORE_OK)
		v = lock_rooms(&j);
	if (v == STORE_OK)
		v = insert_all(&j);
	if (v == STORE_OK)
		v = read_back(&j, &stored);
	if (v == STORE_OK && stored)
		v = deliver(&j);
	if (v == STORE_OK)
		settle_followers(&j);
	return v;
}
