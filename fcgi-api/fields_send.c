/*
 * fields_send: what it takes to send a message, through each of its doors.
 *
 * Room: fcgi-api, inside fields. Called by handlers/send_message; calls json, ids, arena. Pure.
 * Order: presence, shape, sender, message_type, type's spelling, length. Room and
 * membership are the store's.
 */
#include "fields_read.h"

#include "ids.h"
#include "json.h"

static const char *const types[] = { "texto", "imagen", "archivo", "audio", "sistema" };

/* The values of a send as they stand in the JSON; n = 0: missing or null. */
struct raw_send {
	struct slice room, to, text, sender, timestamp, kind, tipo, url, client_id, metadata;
};

/* ---- single checks ---- */

static int check_client_id(struct slice text)
{
	size_t n = json_is_utf8(text) ? json_code_points(text) : 0;

	return n >= 1 && n <= FIELDS_CLIENT_ID_MAX ? 0 : -1;
}

static const char *known_type(struct slice text)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (slice_is(text, types[i]))
			return types[i];
	return NULL;
}

/* message_type, texto when it was not said. `wrong` is what an unknown one gets. */
static const struct refusal *check_type(struct arena *a, struct slice raw, bool verified,
					const struct refusal *wrong, struct slice *tipo_r)
{
	struct slice text = SLICE("texto");
	const char *known;

	if (raw.n && fields_text(a, raw, &text) != 0)
		return wrong;
	known = known_type(text);
	if (!known)
		return wrong;
	*tipo_r = slice_of(known);
	return verified && strcmp(known, "sistema") == 0 ? REFUSE(SYSTEM) : NULL;
}

static const struct refusal *check_lengths(const struct fields_send *s)
{
	return s->text.n > STORE_TEXT_MAX || s->url.n > STORE_TEXT_MAX ? REFUSE(TOO_LONG) : NULL;
}

/* Text, file, timestamp and client_id; 0 or -1 for a wrong shape. */
static int read_content(struct arena *a, const struct raw_send *raw, struct fields_send *s)
{
	if (raw->text.n && fields_text(a, raw->text, &s->text) != 0)
		return -1;
	if (raw->url.n && fields_text(a, raw->url, &s->url) != 0)
		return -1;
	if (raw->timestamp.n && !fields_is_timestamp(raw->timestamp))
		return -1;
	s->timestamp = raw->timestamp;
	if (!raw->client_id.n)
		return 0;
	return fields_text(a, raw->client_id, &s->client_id) == 0 ? check_client_id(s->client_id) : -1;
}

/* Where each member of a payload goes, by its place in raw_send. */
struct key {
	const char *name;
	size_t at;
};
#define KEY(name, member) { name, offsetof(struct raw_send, member) }
#define KEYS_MAX 9

/* All members in one pass; null counts as missing. */
static struct raw_send take(struct slice object, const struct key *keys, size_t count)
{
	const char *names[KEYS_MAX] = { NULL };
	struct slice values[KEYS_MAX];
	struct raw_send raw;
	size_t i;

	memset(&raw, 0, sizeof(raw));
	for (i = 0; i < count; i++)
		names[i] = keys[i].name;
	json_members(object, names, values, count);
	for (i = 0; i < count; i++) {
		if (values[i].n && json_kind(values[i]) != JSON_NULL)
			memcpy((char *)&raw + keys[i].at, &values[i], sizeof(values[i]));
	}
	return raw;
}

/* ---- lists of what is missing ---- */

static void missing(struct buf *b, const char *name, bool is)
{
	if (!is)
		return;
	if (b->len)
		buf_puts(b, ", ");
	buf_puts(b, name);
}

static const struct refusal *missing_refusal(struct arena *a, struct buf *names)
{
	const struct refusal *no = names->len ? refusal_with(a, REFUSE(MISSING), buf_slice(names)) : NULL;

	buf_fini(names);
	return no;
}

static bool is_given(struct slice raw)
{
	return raw.n && !slice_is(raw, "\"\"");
}

/* ---- the doors ---- */

static const struct refusal *check_sender(struct arena *a, struct slice raw, int64_t me,
					  const struct refusal *wrong)
{
	int64_t sender;

	if (fields_id(a, raw, &sender) != 0)
		return wrong;
	return sender == me ? NULL : REFUSE(SENDER);
}

static const struct refusal *check_kind(struct arena *a, struct slice raw, enum store_kind *kind_r)
{
	struct slice text;

	if (fields_text(a, raw, &text) == 0) {
		*kind_r = slice_is(text, "directo") ? STORE_DIRECTO : STORE_ANY;
		if (slice_is(text, "grupal"))
			*kind_r = STORE_GRUPAL;
		if (*kind_r != STORE_ANY)
			return NULL;
	}
	return REFUSE(KIND);
}

static const struct refusal *message_presence(const struct fields *f, const struct raw_send *raw)
{
	struct buf names = BUF_INIT;

	missing(&names, "sala_uuid", !raw->room.n && !raw->to.n);
	/* empty only with a file */
	missing(&names, "message", !raw->text.n || (!is_given(raw->text) && !is_given(raw->url)));
	missing(&names, "sender_id", !raw->sender.n);
	missing(&names, "timestamp", !raw->timestamp.n);
	missing(&names, "type", !raw->kind.n);
	return missing_refusal(f->arena, &names);
}

const struct refusal *fields_send_message(const struct fields *f, struct fields_send *s)
{
	static const struct key keys[] = {
		KEY("sala_uuid", room), KEY("to", to), KEY("message", text), KEY("sender_id", sender),
		KEY("timestamp", timestamp), KEY("type", kind), KEY("message_type", tipo),
		KEY("url_archivo", url), KEY("client_id", client_id)
	};
	struct slice o;
	struct raw_send raw;
	int64_t to = 0;
	const struct refusal *no = fields_payload(f, &o);

	if (no)
		return no == REFUSE(BAD_TEXT) ? no : REFUSE(PAYLOAD);
	raw = take(o, keys, sizeof(keys) / sizeof(keys[0]));
	memset(s, 0, sizeof(*s));
	no = message_presence(f, &raw);
	if (no)
		return no;
	if (read_content(f->arena, &raw, s) != 0 ||
	    (raw.room.n && fields_text(f->arena, raw.room, &s->sala_uuid) != 0) ||
	    (!raw.room.n && fields_id(f->arena, raw.to, &to) != 0))
		return REFUSE(PAYLOAD);
	no = check_sender(f->arena, raw.sender, f->me, REFUSE(PAYLOAD));
	if (!no)
		no = check_type(f->arena, raw.tipo, f->verified, REFUSE(MESSAGE_TYPE), &s->tipo);
	if (!no)
		no = check_kind(f->arena, raw.kind, &s->kind);
	if (no)
		return no;
	*(s->kind == STORE_GRUPAL ? &s->to_group : &s->to_person) = to;
	return check_lengths(s);
}

const struct refusal *fields_send_to(const struct fields *f, enum store_kind kind, struct fields_send *s)
{
	const char *target = kind == STORE_GRUPAL ? "group_id" : "recipient_id";
	const struct key keys[] = {
		KEY(target, to), KEY("content", text), KEY("sender_id", sender), KEY("timestamp", timestamp),
		KEY("type", tipo), KEY("file_url", url), KEY("client_id", client_id)
	};
	const struct refusal *wrong = refusal_with(f->arena, REFUSE(PAYLOAD_FOR), f->event), *no;
	struct buf names = BUF_INIT;
	struct raw_send raw;
	struct slice o;
	int64_t to;

	no = fields_payload(f, &o);
	if (no)
		return no;
	raw = take(o, keys, sizeof(keys) / sizeof(keys[0]));
	memset(s, 0, sizeof(*s));
	s->kind = kind;
	missing(&names, "sender_id", !raw.sender.n);
	missing(&names, target, !raw.to.n);
	/* here the text may be missing, too, when there is a file */
	missing(&names, "content", !is_given(raw.text) && !is_given(raw.url));
	no = missing_refusal(f->arena, &names);
	if (no)
		return no;
	if (read_content(f->arena, &raw, s) != 0 || fields_id(f->arena, raw.to, &to) != 0)
		return wrong;
	no = check_sender(f->arena, raw.sender, f->me, wrong);
	if (!no)
		no = check_type(f->arena, raw.tipo, f->verified, REFUSE(MESSAGE_TYPE), &s->tipo);
	if (no)
		return no;
	*(kind == STORE_GRUPAL ? &s->to_group : &s->to_person) = to;
	return check_lengths(s);
}

const struct refusal *fields_send_rest(struct arena *a, struct slice body, struct slice key, bool verified,
				       struct fields_send *s)
{
	static const struct key keys[] = {
		KEY("contenido", text), KEY("url_archivo", url), KEY("tipo_mensaje", tipo),
		KEY("metadatos", metadata)
	};
	enum json_fault fault = json_check(body);
	struct raw_send raw;
	const struct refusal *no;

	memset(s, 0, sizeof(*s));
	if (fault == JSON_BAD_SYNTAX || fault == JSON_BAD_UTF8)
		return REFUSE(NOT_JSON);
	if (json_kind(body) != JSON_OBJECT)
		return refusal_with(a, REFUSE(BAD_FIELD), SLICE("cuerpo"));
	if (fault == JSON_BAD_TEXT)
		return REFUSE(BAD_TEXT);
	raw = take(body, keys, sizeof(keys) / sizeof(keys[0]));
	s->metadata = raw.metadata;
	if (raw.text.n && fields_text(a, raw.text, &s->text) != 0)
		return refusal_with(a, REFUSE(BAD_FIELD), SLICE("contenido"));
	if (raw.url.n && fields_text(a, raw.url, &s->url) != 0)
		return refusal_with(a, REFUSE(BAD_FIELD), SLICE("url_archivo"));
	if (s->text.n == 0 && s->url.n == 0)
		return REFUSE(CONTENT_MISSING);
	no = check_type(a, raw.tipo, verified, refusal_with(a, REFUSE(BAD_FIELD), SLICE("tipo_mensaje")),
			&s->tipo);
	if (no)
		return no;
	if (s->metadata.n && (json_kind(s->metadata) != JSON_OBJECT || s->metadata.n > FIELDS_METADATA_MAX))
		return refusal_with(a, REFUSE(BAD_FIELD), SLICE("metadatos"));
	if (key.p && check_client_id(key) != 0)
		return refusal_with(a, REFUSE(BAD_FIELD), SLICE("Idempotency-Key"));
	s->client_id = key;
	return check_lengths(s);
}

/* Our own keys are written by us alone, however the caller spells them ("ty\\u0070e"). */
static bool own_key(struct slice raw)
{
	struct buf key = BUF_INIT;
	bool own = json_decode(raw, &key) == 0 &&
		   (slice_is(buf_slice(&key), "client_timestamp") || slice_is(buf_slice(&key), "type"));

	buf_fini(&key);
	return own;
}

void fields_put_metadata(struct buf *b, const struct fields_send *s, const char *kind)
{
	struct slice rest = s->metadata, key, value;

	buf_putc(b, '{');
	while (rest.n && json_next_member(&rest, &key, &value)) {
		if (own_key(key))
			continue;
		if (b->data[b->len - 1] != '{')
			buf_putc(b, ',');
		buf_put_slice(b, key);
		buf_putc(b, ':');
		buf_put_slice(b, value);
	}
	if (s->timestamp.n)
		json_put_raw_member(b, "client_timestamp", s->timestamp);
	json_put_text_member(b, "type", slice_of(kind));
	buf_putc(b, '}');
}
