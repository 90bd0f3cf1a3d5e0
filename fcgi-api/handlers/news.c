/*
 * news: load_missed_messages and GET novedades: everything new for the caller in all his rooms.
 *
 * Room: fcgi-api/handlers. Called by router; calls fields, cursor, store, render, etag, answer.
 * The safe place is asked before the rows are read: what appears behind it meanwhile is read again, never missed.
 */
#include "handlers.h"

#include "cursor.h"
#include "etag.h"
#include "fields.h"
#include "json.h"
#include "render.h"

struct news {
	bool asked;                   /* there is an `after` */
	struct cursor from;
	unsigned limit;
	bool pictures;                /* it shows the senders' */
	struct store_history list;
	char cursor[CURSOR_TEXT_MAX]; /* where to go on */
};

/* Reads the page; without `after` only the present cursor. */
static const struct refusal *read_news(struct call *c, struct news *n)
{
	struct store_news want = { c->user_id, n->from.next, n->limit, n->pictures };
	struct cursor next;
	int64_t safe;
	enum store_verdict v = cursor_safe(c, &safe);

	memset(&n->list, 0, sizeof(n->list));
	if (v == STORE_OK && n->asked)
		v = store_message_news(c->store, &want, c->arena, &n->list);
	if (v == STORE_OK)
		v = cursor_settle(c, n->asked ? &n->from : NULL, &safe);
	if (v != STORE_OK)
		return call_trouble(c, v);
	next = (struct cursor){ safe, safe };
	if (n->asked)
		next = cursor_after(&n->from, safe, n->list.truncated ? n->list.last_id : 0);
	cursor_text(&next, n->cursor);
	return NULL;
}

const struct refusal *handle_load_missed_messages(struct call *c)
{
	struct fields f = call_fields(c);
	struct buf *b = call_buf(c);
	struct fields_missed want;
	struct news n = { 0 };
	const struct refusal *no = fields_missed(&f, &want);

	if (no)
		return no;
	n.asked = want.after.p != NULL;
	n.limit = want.limit;
	if (n.asked && cursor_parse(want.after, &n.from) != 0)
		return refusal_with(c->arena, REFUSE(PAYLOAD_FOR), f.event);
	no = read_news(c, &n);
	if (no)
		return no;
	buf_putc(b, '{');
	json_put_text_member(b, "status", SLICE("ok"));
	json_put_number_member(b, "message_count", (int64_t)n.list.count);
	json_put_key(b, "messages");
	render_list(b, &n.list, render_history_message);
	json_put_text_member(b, "cursor", slice_of(n.cursor));
	json_put_raw_member(b, "truncated", n.list.truncated ? SLICE("true") : SLICE("false"));
	buf_putc(b, '}');
	answer_reply(&c->answer, "missed_messages_loaded", buf_slice(b));
	return NULL;
}

/* ---- REST ---- */

static const struct refusal *read_query(struct call *c, struct news *n)
{
	struct slice text;
	int rc = http_query(c->request, "after", &text);
	int64_t limit = FIELDS_MISSED_LIMIT_MAX;

	if (rc < 0 || (rc && cursor_parse(text, &n->from) != 0))
		return refusal_with(c->arena, REFUSE(BAD_FIELD), SLICE("after"));
	n->asked = rc == 1;
	rc = http_query(c->request, "limit", &text);
	if (rc < 0 || (rc && (ids_parse(text, &limit) != 0 || limit > FIELDS_MISSED_LIMIT_MAX)))
		return refusal_with(c->arena, REFUSE(BAD_FIELD), SLICE("limit"));
	n->limit = (unsigned)limit;
	return NULL;
}

const struct refusal *handle_rest_news(struct call *c)
{
	struct buf *part = call_buf(c), *body = call_buf(c);
	struct news n = { .pictures = true };
	const struct refusal *no = read_query(c, &n);

	if (!no)
		no = read_news(c, &n);
	if (no)
		return no;
	/* the part that the tag covers ends where the cursor begins */
	buf_putc(part, '{');
	json_put_key(part, "mensajes");
	render_list(part, &n.list, render_plain_message);
	json_put_raw_member(part, "truncated", n.list.truncated ? SLICE("true") : SLICE("false"));
	buf_put_slice(body, buf_slice(part));
	json_put_text_member(body, "cursor", slice_of(n.cursor));
	buf_putc(body, '}');
	answer_header(&c->answer, "X-Poll-Interval", HANDLERS_POLL_S);
	/* Who has no cursor yet asks for one, which a 304 would not say; and a browser must not hand out one of another time. */
	c->answer.response.no_store = !n.asked;
	etag_answer_part(c, buf_slice(part), buf_slice(body), !n.asked);
	return NULL;
}
