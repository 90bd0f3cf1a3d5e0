/*
 * send: storing messages, always as a set.
 *
 * Room: fcgi-api/store. Called by the send handlers; calls repeats, resolve, twins, delivery, sets and db. The
 * order of the steps: repeats, rooms locked in id order (resolve.h says why before authorization),
 * authorization, one INSERT, ids and times back, recipient rows and rooms touched; what was only found is made
 * sure of.
 */
#include "delivery.h"
#include "fault.h"
#include "log.h"
#include "repeats.h"
#include "resolve.h"
#include "sets.h"
#include "twins.h"

/*
 * The INSERT's foreign key takes a shared lock on the room, which two writers of one room would both want to
 * strengthen for the UPDATE at the end: a deadlock. So the rooms are locked when they are read (resolve).
 */
#define INSERT \
	"INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, tipo_mensaje, contenido," \
	" url_archivo, metadatos, enviado_en) VALUES {(?, ?, ?, ?, ?, ?, ?, CURRENT_TIMESTAMP)}"
static const struct db_sql insert_sql = { "send insert", INSERT, NULL };
#define INSERT_VALUES 7
/* These are told as the row has them: a trigger of the companion's may have changed the message, or deleted it. */
#define STORED "id, UNIX_TIMESTAMP(enviado_en), UNIX_TIMESTAMP(eliminado_en), tipo_mensaje, contenido, url_archivo"
#define STORED_LETTERS "iiittt"
#define STORED_COLUMNS 6
/* MariaDB tells at once what it has stored. */
static const struct db_sql insert_back_sql = {
	"send insert", INSERT " RETURNING " STORED, STORED_LETTERS
};
static const struct db_sql back_sql = {
	"send read back", "SELECT " STORED ", mensaje_uuid FROM mensajes WHERE mensaje_uuid IN ({?})",
	STORED_LETTERS "t"
};

enum step {
	JUDGED,     /* the verdict is final */
	UNKNOWN,    /* not looked at yet */
	ACCEPTED,   /* to be inserted */
	INSERTED,
	FOLLOWS     /* same uuid as an earlier one of the set, whose fate it shares */
};

/* A row as it is now. */
struct stored {
	int64_t id, sent_at, deleted_at;
	struct slice tipo, contenido, url;
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
};

static void judge(struct job *j, size_t i, enum store_send_verdict verdict)
{
	j->at[i].step = JUDGED;
	j->set[i].verdict = verdict;
}

/* Looks up some of the set: those that have a row are judged by it. */
static enum store_verdict judge_repeats(struct job *j, const size_t *which, size_t count)
{
	bool met[STORE_SET_MAX] = { false };
	enum store_verdict v = repeats_find(j->st, j->set, which, count, met, j->a);
	size_t i;

	for (i = 0; i < count; i++) {
		if (met[which[i]])
			j->at[which[i]].step = JUDGED;
	}
	return v;
}

/* Those whose uuid a row may have already. */
static enum store_verdict find_repeats(struct job *j)
{
	size_t which[STORE_SET_MAX], n = 0, i;

	for (i = 0; i < j->count; i++) {
		if (!j->set[i].fresh)
			which[n++] = i;
	}
	return judge_repeats(j, which, n);
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
	v = resolve_locked(j->st, &ask, j->a, &j->found);
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

static void read_stored(struct job *j, struct stored *row)
{
	row->id = db_number(j->st, 0);
	row->sent_at = db_number(j->st, 1);
	row->deleted_at = db_number(j->st, 2);
	row->tipo = db_text(j->st, 3, j->a);
	row->contenido = db_text(j->st, 4, j->a);
	row->url = db_text(j->st, 5, j->a);
}

static void fill(struct store_send *s, const struct stored *row)
{
	struct store_message *m = &s->message;

	m->id = row->id;
	m->uuid = s->uuid;
	m->tipo = row->tipo;
	m->contenido = row->contenido;
	m->url = row->url;
	m->metadatos = s->metadatos;
	m->sent_at = row->sent_at;
	m->edited_at = 0;
	m->deleted_at = row->deleted_at;
	s->verdict = STORE_SEND_STORED;
}

/*
 * Takes the rows as they come back, in their order. Nothing of it counts if the statement fails in the end.
 */
static enum store_verdict take_back(struct job *j, const size_t *which, size_t count)
{
	struct stored rows[STORE_SET_MAX];
	enum store_verdict v;
	size_t n = 0, i;

	while (db_next(j->st)) {
		if (n < count)
			read_stored(j, &rows[n++]);
	}
	v = db_end(j->st);
	if (v)
		return v;
	for (i = 0; i < n; i++)
		fill(&j->set[which[i]], &rows[i]);
	return n == count ? STORE_OK : STORE_AGAIN;
}

static enum store_verdict insert_rows(struct job *j, const size_t *which, size_t count)
{
	struct db_value in[STORE_SET_MAX * INSERT_VALUES], *p = in;
	const struct db_sql *sql = db_returns(j->st) ? &insert_back_sql : &insert_sql;
	enum store_verdict v;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct store_send *s = &j->set[which[i]];

		*p++ = db_of_text(s->uuid);
		*p++ = db_of_number(j->at[which[i]].room->room.id);
		*p++ = db_of_number(s->sender_id);
		*p++ = db_of_text(s->tipo);
		*p++ = db_of_text(s->contenido);
		*p++ = db_of_text(s->url);
		*p++ = db_of_text(s->metadatos);
	}
	v = db_run(j->st, sql, count, in, (size_t)(p - in));
	if (v == STORE_OK && sql == &insert_back_sql)
		v = take_back(j, which, count);
	for (i = 0; v == STORE_OK && i < count; i++)
		j->at[which[i]].step = INSERTED;
	return v;
}

/*
 * One row alone, after the many were refused together: a repeat that came in meanwhile, or a value that does
 * not fit.
 */
static enum store_verdict insert_alone(struct job *j, size_t i)
{
	static struct log_limit limit;
	enum store_verdict v = insert_rows(j, &i, 1);

	if (v != STORE_REFUSED)
		return v;
	judge(j, i, STORE_SEND_REFUSED);
	if (db_error(j->st) != 1062)
		return STORE_OK;
	v = judge_repeats(j, &i, 1);
	/* the uuid of another program's row differs in case only; or it is a trigger's own table */
	if (v == STORE_OK && j->set[i].verdict == STORE_SEND_REFUSED && log_limited(&limit, LOG_LEVEL_WARN, 5))
		log_warn("store", "%s: no message has its uuid: not stored", db_duplicate(j->st));
	return v;
}

static enum store_verdict insert_all(struct job *j)
{
	size_t which[STORE_SET_MAX], n = 0, i;
	enum store_verdict v;

	for (i = 0; i < j->count; i++) {
		if (j->at[i].step == ACCEPTED)
			which[n++] = i;
	}
	if (n == 0)
		return STORE_OK;
	v = insert_rows(j, which, n);
	if (v != STORE_REFUSED)
		return v;
	for (v = STORE_OK, i = 0; v == STORE_OK && i < n; i++)
		v = insert_alone(j, which[i]);
	return v;
}

/* Where the INSERT did not tell: reads what was inserted. */
static enum store_verdict read_back(struct job *j)
{
	struct db_value in[STORE_SET_MAX];
	size_t n = 0, got = 0, i;
	enum store_verdict v;

	for (i = 0; i < j->count; i++) {
		if (j->at[i].step == INSERTED && !j->set[i].message.id)
			in[n++] = db_of_text(j->set[i].uuid);
	}
	if (n == 0)
		return STORE_OK;
	v = sets_run_list(j->st, &back_sql, in, n, 1);
	if (v)
		return v;
	while (db_next(j->st)) {
		struct slice uuid = db_text(j->st, STORED_COLUMNS, j->a);
		struct stored row;

		read_stored(j, &row);
		for (i = 0; i < j->count; i++) {
			if (j->at[i].step == INSERTED && slice_eq(j->set[i].uuid, uuid)) {
				fill(&j->set[i], &row);
				got++;
			}
		}
	}
	v = db_end(j->st);
	return v == STORE_OK && got != n ? STORE_AGAIN : v;  /* deleted under us */
}

/* Recipient rows and the rooms' time. */
static void deliver(struct job *j)
{
	struct delivery d = { .pair_count = 0 };
	size_t i;

	for (i = 0; i < j->count; i++) {
		struct resolved_room *r = j->at[i].room;

		if (j->at[i].step != INSERTED)
			continue;
		if (!r->crowded)
			delivery_add(&d, &j->set[i].message);
		if (j->set[i].message.sent_at <= r->touched_at)
			continue;
		d.stale[d.stale_count++] = r->room.id;
		r->touched_at = j->set[i].message.sent_at;
	}
	delivery_write(j->st, &d);
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
	size_t i;

	if (count == 0 || count > STORE_SET_MAX)
		return STORE_REFUSED;
	for (i = 0; i < count; i++) {
		memset(&set[i].message, 0, sizeof(set[i].message));
		j.at[i].step = UNKNOWN;
	}
	FAULT("send.find");
	v = find_repeats(&j);
	FAULT("send.lock");
	if (v == STORE_OK)
		v = authorize_all(&j);
	FAULT("send.insert");
	if (v == STORE_OK)
		v = insert_all(&j);
	FAULT("send.inserted");
	if (v == STORE_OK)
		v = read_back(&j);
	if (v == STORE_OK)
		v = twins_of_repeats(st, set, count, a);
	if (v)
		return v;
	deliver(&j);
	settle_followers(&j);
	return delivery_confirm(st, set, count);
}
