/*
 * rest_readers: how far my messages in a room were delivered and read, for whoever heard no events of it.
 *
 * Room: fcgi-api/handlers. Called by router; calls lookup, store, etag, render, answer, json's writer.
 */
#include "handlers.h"

#include "etag.h"
#include "json.h"
#include "lookup.h"
#include "render.h"

const struct refusal *handle_rest_readers(struct call *c)
{
	struct buf *b = call_buf(c);
	struct store_reader *readers;
	struct store_room room;
	size_t count;
	bool more;
	enum store_verdict v;
	const struct refusal *no = lookup_room(c, c->request->params[0], &room);

	if (no)
		return no;
	v = store_receipt_readers(c->store, room.id, c->user_id, c->arena, &readers, &count, &more);
	if (v != STORE_OK)
		return call_trouble(c, v);
	buf_putc(b, '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_putc(b, ',');
		buf_putc(b, '{');
		json_put_number_member(b, "usuario_id", readers[i].person_id);
		render_number_member(b, "entregado_hasta", readers[i].delivered_id);
		render_number_member(b, "leido_hasta", readers[i].read_id);
		buf_putc(b, '}');
	}
	buf_putc(b, ']');
	if (more)
		answer_header(&c->answer, "X-Truncated", "true");
	etag_answer(c, buf_slice(b));
	return NULL;
}
