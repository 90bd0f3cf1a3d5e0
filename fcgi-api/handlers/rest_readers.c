/*
 * rest_readers: how far my messages in a room were delivered and read, for whoever heard no events of it.
 *
 * Room: fcgi-api/handlers. Called by router; calls lookup, store, etag, json's writer.
 */
#include "handlers.h"

#include "etag.h"
#include "json.h"
#include "lookup.h"

static void put_until(struct buf *b, const char *key, int64_t id)
{
	if (id) {
		json_put_number_member(b, key, id);
		return;
	}
	json_put_key(b, key);
	buf_puts(b, "null");
}

const struct refusal *handle_rest_readers(struct call *c)
{
	struct buf *b = call_buf(c);
	struct store_reader *readers;
	struct store_room room;
	size_t count;
	enum store_verdict v;
	const struct refusal *no = lookup_room(c, c->request->params[0], &room);

	if (no)
		return no;
	v = store_receipt_readers(c->store, room.id, c->user_id, c->arena, &readers, &count);
	if (v != STORE_OK)
		return call_trouble(c, v);
	buf_putc(b, '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_putc(b, ',');
		buf_putc(b, '{');
		json_put_number_member(b, "usuario_id", readers[i].person_id);
		put_until(b, "entregado_hasta", readers[i].delivered_id);
		put_until(b, "leido_hasta", readers[i].read_id);
		buf_putc(b, '}');
	}
	buf_putc(b, ']');
	etag_answer(c, buf_slice(b));
	return NULL;
}
