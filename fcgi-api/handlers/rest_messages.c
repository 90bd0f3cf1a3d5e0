/*
 * rest_messages: a page of a room's messages; by `after` it is what a client without sockets polls.
 *
 * Room: fcgi-api/handlers. Called by router; calls lookup, cursor, store, render, etag, answer. No request is
 * held open.
 */
#include "handlers.h"

#include "cursor.h"
#include "etag.h"
#include "lookup.h"
#include "render.h"

#define PAGE_LIMIT 50
#define PAGE_LIMIT_MAX 100
#define SKIP_MAX 1000000000
#define SKIPPED_BYTES (7u << 20)   /* who counts by `skip` takes a short page for the last: mostly it ends by its rows */

struct page_query {
	struct store_page page;
	bool polled;            /* asked by `after` */
	struct cursor cursor;   /* what `after` said */
};

/* A whole number in a query: 1, 0 when it is not there, -1 when it is anything else or outside. */
static int number(const struct http_request *r, const char *name, int64_t min, int64_t max, int64_t *n_r)
{
	struct slice text;
	int rc = http_query(r, name, &text);

	if (rc <= 0)
		return rc;
	if (ids_parse_edge(text, n_r) != 0)
		return -1;
	return *n_r >= min && *n_r <= max ? 1 : -1;
}

static const struct refusal *bad(struct call *c, const char *name)
{
	return refusal_with(c->arena, REFUSE(BAD_FIELD), slice_of(name));
}

static const struct refusal *read_query(struct call *c, struct page_query *q)
{
	const struct http_request *r = c->request;
	int64_t limit = PAGE_LIMIT, skip = 0, before = -1;
	struct slice after;
	int has_after, has_skip, has_before;

	memset(q, 0, sizeof(*q));
	if (number(r, "limit", 1, PAGE_LIMIT_MAX, &limit) < 0)
		return bad(c, "limit");
	has_skip = number(r, "skip", 0, SKIP_MAX, &skip);
	if (has_skip < 0)
		return bad(c, "skip");
	has_before = number(r, "before", 0, INT64_MAX, &before);
	if (has_before < 0)
		return bad(c, "before");
	has_after = http_query(r, "after", &after);
	if (has_after < 0 || (has_after && (cursor_parse(after, &q->cursor) != 0 || has_skip || has_before)))
		return bad(c, "after");
	q->polled = has_after;
	q->page = (struct store_page){ .before = has_before ? before : -1,
				       .after = has_after ? q->cursor.next : -1,
				       .skip = (unsigned)skip,
				       .limit = (unsigned)limit,
				       .bytes = has_after ? 0 : SKIPPED_BYTES,
				       .pictures = true };
	return NULL;
}

static void answer_cursor(struct call *c, const struct page_query *q, const struct store_history *h,
			  int64_t safe)
{
	bool more = h->count && (h->truncated || h->count == q->page.limit);
	struct cursor next = cursor_after(&q->cursor, safe, more ? h->messages[h->count - 1].id : 0);
	char text[CURSOR_TEXT_MAX];

	cursor_text(&next, text);
	answer_header(&c->answer, "X-Cursor", text);
	answer_header(&c->answer, "X-Poll-Interval", HANDLERS_POLL_S);
}

const struct refusal *handle_rest_messages(struct call *c)
{
	struct buf *b = call_buf(c);
	struct store_history history;
	struct store_room room;
	struct page_query q;
	int64_t safe = 0;
	enum store_verdict v = STORE_OK;
	const struct refusal *no = read_query(c, &q);

	if (!no)
		no = lookup_room(c, c->request->params[0], &room);
	if (no)
		return no;
	if (q.polled)
		v = cursor_safe(c, &safe);
	q.page.room_id = room.id;
	if (v == STORE_OK)
		v = store_message_history(c->store, &q.page, c->arena, &history);
	if (v == STORE_OK && q.polled)
		v = cursor_settle(c, &q.cursor, &safe);
	if (v != STORE_OK)
		return call_trouble(c, v);
	render_list(b, &history, render_plain_message);
	if (q.polled)
		answer_cursor(c, &q, &history, safe);
	else if (history.truncated)
		answer_header(&c->answer, "X-Truncated", "true");
	etag_answer(c, buf_slice(b));
	return NULL;
}
