/*
 * packet: Socket.IO packets as text, both ways.
 *
 * Room: relay/socketio. Calls json.
 * Pure. A packet reads: <type>[<attachments>-][<namespace>,][<ack id>][<JSON>].
 */
#include "packet.h"
#include "json.h"

static const char *const RESERVED[] = {
	"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener",
};

#define ATTACHMENTS_MAX 1000000u   /* so that the number cannot run over; the bound in use is the client's */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A run of digits at *at, moved behind it: 1 read, 0 no digit there, -1 above max. */
static int take_number(struct slice text, size_t *at, uint64_t max, uint64_t *value_r)
{
	uint64_t v = 0;
	size_t i = *at;

	while (i < text.n && is_digit(text.p[i])) {
		v = v * 10 + (uint64_t)(text.p[i++] - '0');
		if (v > max)
			return -1;
	}
	if (i == *at)
		return 0;
	*at = i;
	*value_r = v;
	return 1;
}

static int take_attachments(struct slice text, size_t *at, struct sio_packet *p)
{
	uint64_t count;

	if (p->type != SIO_BINARY_EVENT && p->type != SIO_BINARY_ACK)
		return 0;
	if (take_number(text, at, ATTACHMENTS_MAX, &count) != 1)
		return -1;
	if (*at == text.n || text.p[*at] != '-')
		return -1;
	++*at;
	p->attachments = (unsigned)count;
	return 0;
}

static int take_namespace(struct slice text, size_t *at, struct sio_packet *p)
{
	const char *start = text.p + *at, *comma, *mark;
	size_t left = text.n - *at, name;

	p->nsp = SLICE("/");
	if (left == 0 || *start != '/')
		return 0;
	comma = memchr(start, ',', left);
	p->nsp = (struct slice){ start, comma ? (size_t)(comma - start) : left };
	*at += p->nsp.n + (comma != NULL);
	mark = memchr(start, '?', p->nsp.n);
	name = mark ? (size_t)(mark - start) : p->nsp.n;
	return name > SIO_NAME_MAX || p->nsp.n - name > SIO_QUERY_MAX ? -1 : 0;
}

struct slice sio_packet_name(const struct sio_packet *p, struct buf *scratch)
{
	if (json_kind(p->name) != JSON_STRING)
		return p->name;
	if (!memchr(p->name.p, '\\', p->name.n))
		return (struct slice){ p->name.p + 1, p->name.n - 2 };
	buf_reset(scratch);
	return json_decode(p->name, scratch) < 0 ? SLICE_NONE : buf_slice(scratch);
}

static bool name_reserved(const struct sio_packet *p)
{
	struct buf scratch = BUF_INIT;
	struct slice name = sio_packet_name(p, &scratch);
	bool reserved = false;

	for (size_t i = 0; i < sizeof(RESERVED) / sizeof(RESERVED[0]); i++)
		reserved |= slice_is(name, RESERVED[i]);
	buf_fini(&scratch);
	return reserved;
}

/* The name in front of an event's arguments, and the arguments behind it. */
static bool split_event(struct sio_packet *p)
{
	struct slice rest = p->args, name;
	enum json_kind kind;

	if (json_next_argument(&rest, &name) != 1)
		return false;
	kind = json_kind(name);
	if (kind != JSON_STRING && kind != JSON_NUMBER)
		return false;
	p->name = name;
	rest = json_trim((struct slice){ name.p + name.n, (size_t)(p->args.p + p->args.n - (name.p + name.n)) });
	if (rest.n && *rest.p == ',')
		rest = json_trim(slice_behind(rest, 1));
	p->args = rest;
	return kind == JSON_NUMBER || !name_reserved(p);
}

/* What each type may carry, with the JSON known to be JSON. */
static bool payload_fits(struct sio_packet *p)
{
	enum json_kind kind = json_kind(p->data);

	switch (p->type) {
	case SIO_CONNECT:
		return kind == JSON_NONE || kind == JSON_OBJECT;
	case SIO_DISCONNECT:
		return kind == JSON_NONE;
	case SIO_CONNECT_ERROR:
		return kind == JSON_OBJECT || kind == JSON_STRING;
	case SIO_EVENT:
	case SIO_BINARY_EVENT:
	case SIO_ACK:
	case SIO_BINARY_ACK:
		break;
	}
	if (kind != JSON_ARRAY)
		return false;
	p->args = json_trim((struct slice){ p->data.p + 1, p->data.n - 2 });
	if (p->type == SIO_ACK || p->type == SIO_BINARY_ACK)
		return p->has_id;
	return split_event(p);
}

/* Of JSON that was refused: whether it goes deeper than JSON_DEPTH_MAX. */
static bool is_deep(struct slice text)
{
	bool string = false;
	int depth = 0;

	for (size_t i = 0; i < text.n && depth >= 0 && depth <= JSON_DEPTH_MAX; i++) {
		if (string && text.p[i] == '\\')
			i++;
		else if (text.p[i] == '"')
			string = !string;
		else if (!string && (text.p[i] == '[' || text.p[i] == '{'))
			depth++;
		else if (!string && (text.p[i] == ']' || text.p[i] == '}'))
			depth--;
	}
	return depth > JSON_DEPTH_MAX;
}

enum sio_packet_fault sio_packet_parse(struct slice text, struct sio_packet *p)
{
	enum json_fault fault = JSON_OK;
	size_t at = 1;
	int id;

	*p = (struct sio_packet){ 0 };
	if (text.n == 0 || text.p[0] < '0' || text.p[0] > '6')
		return SIO_PACKET_MALFORMED;
	p->type = (enum sio_packet_type)(text.p[0] - '0');
	if (take_attachments(text, &at, p) < 0 || take_namespace(text, &at, p) < 0)
		return SIO_PACKET_MALFORMED;
	id = take_number(text, &at, SIO_ACK_MAX, &p->id);
	if (id < 0)
		return SIO_PACKET_MALFORMED;
	p->has_id = id == 1;
	if (at < text.n) {
		p->data = slice_behind(text, at);
		fault = json_check(p->data);
		if (fault == JSON_BAD_SYNTAX)
			return is_deep(p->data) ? SIO_PACKET_DEEP : SIO_PACKET_MALFORMED;
		if (fault == JSON_BAD_UTF8)
			return SIO_PACKET_BAD_UTF8;
		p->data = json_trim(p->data);
	}
	p->bad_text = fault == JSON_BAD_TEXT;
	return payload_fits(p) ? SIO_PACKET_OK : SIO_PACKET_MALFORMED;
}

static void rebase(struct slice *s, struct slice old_text, const char *copy)
{
	/* the default "/" lies elsewhere and stays; integers, because unrelated pointers do not compare */
	uintptr_t p = (uintptr_t)s->p, from = (uintptr_t)old_text.p;

	if (s->n && p >= from && p - from < old_text.n)
		s->p = copy + (p - from);
	else if (s->n == 0)
		*s = SLICE_NONE;
}

void sio_packet_rebase(struct sio_packet *p, struct slice old_text, const char *copy)
{
	rebase(&p->nsp, old_text, copy);
	rebase(&p->data, old_text, copy);
	rebase(&p->name, old_text, copy);
	rebase(&p->args, old_text, copy);
}

/* What is known of an object that is open (of an array: nothing). */
struct level {
	bool placeholder;
	bool numbered, fits;                  /* has a `num`; each of them is an attachment's */
};

#define KEY_RAW_MAX 74                        /* "_placeholder", each letter as an escape */

static bool key_is(struct slice raw, const char *name, struct buf *scratch)
{
	if (!memchr(raw.p, '\\', raw.n))
		return slice_is((struct slice){ raw.p + 1, raw.n - 2 }, name);
	buf_reset(scratch);
	return raw.n <= KEY_RAW_MAX && json_decode(raw, scratch) == 0 && slice_is(buf_slice(scratch), name);
}

/* A member of the object `l`, whose value begins at `at`. */
static void note_member(struct level *l, struct slice key, struct slice text, size_t at, unsigned attachments,
			struct buf *scratch)
{
	uint64_t v;

	if (key_is(key, "_placeholder", scratch)) {
		l->placeholder |= text.p[at] == 't';
	} else if (key_is(key, "num", scratch)) {
		l->fits = (!l->numbered || l->fits) && take_number(text, &at, ATTACHMENTS_MAX, &v) == 1 &&
			  v < attachments && at < text.n && strchr(",} \t\r\n", text.p[at]);
		l->numbered = true;
	}
}

static size_t past_blanks(struct slice text, size_t at)
{
	while (at < text.n && strchr(" \t\r\n", text.p[at]))
		at++;
	return at;
}

/* Behind the string that begins at `at`. */
static size_t past_string(struct slice text, size_t at)
{
	for (at++; at < text.n && text.p[at] != '"'; at++)
		at += text.p[at] == '\\';
	return at + 1;
}

/* One pass: each object is judged where it closes. The text was checked, so that its depth is bounded. */
static bool placeholders_fit(struct slice text, unsigned attachments, struct buf *scratch)
{
	struct level levels[JSON_DEPTH_MAX + 1] = { 0 }, *l = levels;
	struct slice string = SLICE_NONE;     /* the last one: in front of a colon, the key */
	size_t at = 0;

	while (at < text.n) {
		switch (text.p[at]) {
		case '"':
			string = (struct slice){ text.p + at, past_string(text, at) - at };
			at += string.n;
			continue;
		case ':':
			at = past_blanks(text, at + 1);
			note_member(l, string, text, at, attachments, scratch);
			continue;
		case '{':
		case '[':
			*++l = (struct level){ 0 };
			break;
		case '}':
		case ']':
			if (l->placeholder && !(l->numbered && l->fits))
				return false;
			l--;
			break;
		}
		at++;
	}
	return true;
}

bool sio_packet_placeholders(const struct sio_packet *p)
{
	struct buf scratch = BUF_INIT;
	bool fit = placeholders_fit(p->data, p->attachments, &scratch);

	buf_fini(&scratch);
	return fit;
}

void sio_packet_put_head(struct buf *b, enum sio_packet_type type, size_t attachments, struct slice nsp,
			 const uint64_t *id)
{
	buf_putc(b, (char)('0' + type));
	if (type == SIO_BINARY_EVENT || type == SIO_BINARY_ACK) {
		buf_put_u64(b, attachments);
		buf_putc(b, '-');
	}
	if (!slice_is(nsp, "/")) {
		buf_put_slice(b, nsp);
		buf_putc(b, ',');
	}
	if (id)
		buf_put_u64(b, *id);
}

/* Percent-decoding as of a form: + is a blank, a lone % stands for itself. */
static void put_decoded(struct buf *b, struct slice s)
{
	int byte;

	for (size_t i = 0; i < s.n; i++) {
		byte = s.p[i] == '%' ? slice_escaped(s, i) : -1;
		if (byte >= 0) {
			buf_putc(b, (char)byte);
			i += 2;
		} else {
			buf_putc(b, s.p[i] == '+' ? ' ' : s.p[i]);
		}
	}
}

static int put_query_text(struct buf *b, struct buf *scratch, struct slice raw)
{
	buf_reset(scratch);
	put_decoded(scratch, raw);
	if (!json_is_utf8(buf_slice(scratch)) || (scratch->len && memchr(scratch->data, 0, scratch->len)))
		return -1;
	json_put_string(b, buf_slice(scratch));
	return 0;
}

int sio_packet_put_query(struct buf *b, struct slice query)
{
	struct buf scratch = BUF_INIT;
	struct slice pair, key, value;
	const char *end, *equals;
	int result = 0;
	char comma = '{';

	while (query.n && result == 0) {
		end = memchr(query.p, '&', query.n);
		pair = (struct slice){ query.p, end ? (size_t)(end - query.p) : query.n };
		query = (struct slice){ pair.p + pair.n + (end != NULL), query.n - pair.n - (end != NULL) };
		if (pair.n == 0)
			continue;
		equals = memchr(pair.p, '=', pair.n);
		key = (struct slice){ pair.p, equals ? (size_t)(equals - pair.p) : pair.n };
		value = equals ? (struct slice){ equals + 1, pair.n - key.n - 1 } : SLICE_NONE;
		buf_putc(b, comma);
		comma = ',';
		result = put_query_text(b, &scratch, key);
		buf_putc(b, ':');
		if (result == 0)
			result = put_query_text(b, &scratch, value);
	}
	buf_puts(b, comma == '{' ? "{}" : "}");
	buf_fini(&scratch);
	return result;
}
