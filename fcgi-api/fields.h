/*
 * fields: JSON of clients into structs, or the refusal that says what is wrong with it.
 *
 * Room: fcgi-api. Called by handlers.
 * Pure: tables in tests/unit/test_api_fields.c. What clients are told of ids, null and empty texts stands in www/asyncapi.yaml and
 * www/openapi.yaml. Texts are decoded into the arena or borrow from the JSON.
 */
#ifndef FIELDS_H
#define FIELDS_H

#include "arena.h"
#include "json.h"
#include "refusals.h"
#include "store.h"

#define FIELDS_CLIENT_ID_MAX 64       /* code points */
#define FIELDS_TIMESTAMP_MAX 200      /* bytes of a timestamp that is a string */
#define FIELDS_METADATA_MAX (16u * 1024)
#define FIELDS_HISTORY_LIMIT 50
#define FIELDS_HISTORY_LIMIT_MAX 200
#define FIELDS_MISSED_LIMIT 100
#define FIELDS_MISSED_LIMIT_MAX 300

/* What an event brings. All borrowed. */
struct fields {
	struct arena *arena;
	struct slice event;     /* its name */
	struct slice args;      /* the arguments behind the name; passed json_check */
	bool bad_text;          /* U+0000 or a lone surrogate somewhere in them */
	int64_t me;             /* the connected user */
	bool verified;          /* identity is proven: `sistema` is not for ordinary users */
};

/* join_direct_chat: {other_user_id}; join_group, leave_group: {group_id}. */
const struct refusal *fields_other_user(const struct fields *f, int64_t *id_r);
const struct refusal *fields_group(const struct fields *f, int64_t *id_r);
/* mark_delivered, mark_read: {mensaje_id, user_id}, the user being the connected one. */
const struct refusal *fields_receipt(const struct fields *f, int64_t *message_id_r);

struct fields_history {
	struct slice sala_uuid;
	int64_t before, after;  /* -1: not asked */
	unsigned limit;         /* clamped */
};
const struct refusal *fields_history(const struct fields *f, struct fields_history *h);

struct fields_edit {
	int64_t message_id;
	struct slice text;      /* may be empty: only a message with a file may be left so */
};
/* edit_message: {mensaje_id, message}; delete_message: {mensaje_id}; the body of a REST edit: {contenido}. */
const struct refusal *fields_edit(const struct fields *f, struct fields_edit *e);
const struct refusal *fields_delete(const struct fields *f, int64_t *message_id_r);
const struct refusal *fields_edit_rest(struct arena *a, struct slice body, struct slice *text_r);

struct fields_missed {
	struct slice after;     /* a cursor or an id as text; p NULL: not asked */
	unsigned limit;         /* clamped */
};
/* load_missed_messages. */
const struct refusal *fields_missed(const struct fields *f, struct fields_missed *m);
/* load_rooms: nothing, or {nombres} with true or false. */
const struct refusal *fields_rooms(const struct fields *f, bool *named_r);
/* refresh_token: {token}. */
const struct refusal *fields_token(const struct fields *f, struct slice *token_r);

/* A message to be sent, by whatever door it comes. */
struct fields_send {
	struct slice sala_uuid;      /* n = 0: by person or group */
	int64_t to_person, to_group; /* 0: not asked */
	enum store_kind kind;        /* `type`; STORE_ANY: not said */
	struct slice tipo;           /* message_type */
	struct slice text, url;      /* p NULL: none */
	struct slice client_id;      /* n = 0: none */
	struct slice timestamp;      /* raw JSON, string or integer; n = 0: none */
	struct slice metadata;       /* raw JSON object from REST; n = 0: none */
};
/* send_message. */
const struct refusal *fields_send_message(const struct fields *f, struct fields_send *s);
/* send_direct_message, send_group_message. */
const struct refusal *fields_send_to(const struct fields *f, enum store_kind kind, struct fields_send *s);
/* The body of a REST message; `key` is the Idempotency-Key, p NULL when there is none. */
const struct refusal *fields_send_rest(struct arena *a, struct slice body, struct slice key, bool verified,
				       struct fields_send *s);

/* An id in a JSON string or integer: 0, or -1 (canonical decimal 1..2^63-1 only). */
int fields_id(struct arena *a, struct slice value, int64_t *id_r);
/* `metadatos` of a message: the client's object without our keys, client_timestamp, type. */
void fields_put_metadata(struct buf *b, const struct fields_send *s, const char *kind);

/*
 * What a client may send as its timestamp: a JSON string up to FIELDS_TIMESTAMP_MAX bytes, or an integer. It is kept as raw
 * JSON, so that it goes back byte for byte. `raw`: a JSON value that was checked. Inline: render needs no more of fields.
 */
static inline bool fields_is_timestamp(struct slice raw)
{
	struct buf text = BUF_INIT;
	bool fine;

	if (json_kind(raw) == JSON_NUMBER)
		return raw.n <= 20 && !memchr(raw.p, '.', raw.n) && !memchr(raw.p, 'e', raw.n) && !memchr(raw.p, 'E', raw.n);
	if (json_kind(raw) != JSON_STRING)
		return false;
	if (!memchr(raw.p, '\\', raw.n))
		return raw.n - 2 <= FIELDS_TIMESTAMP_MAX;
	fine = json_decode(raw, &text) == 0 && text.len <= FIELDS_TIMESTAMP_MAX;
	buf_fini(&text);
	return fine;
}

#endif
