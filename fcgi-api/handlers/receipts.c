/*
 * receipts: mark_delivered and mark_read, as sets; and their REST doors, leer, entregado, marcar-leidos,
 * no-leidos.
 *
 * Room: fcgi-api/handlers. Called by router; calls fields, lookup, store, push, render, answer.
 * The author hears of a mark when it is made, not when it is repeated (an earlier attempt of the same command
 * that may have made it told nobody); a read mark also goes to the reader's other devices.
 */
#include "handlers.h"

#include <stdio.h>

#include "fields.h"
#include "json.h"
#include "lookup.h"
#include "push.h"
#include "render.h"

static enum store_mark mark_of(const struct call *c)
{
	return slice_is(c->command.event, "mark_read") ? STORE_READ : STORE_DELIVERED;
}

/* message_delivered or message_read. */
static void push_mark(struct call *c, enum store_mark mark, int64_t message_id, int64_t author,
		      struct slice sala_uuid, int64_t at)
{
	struct buf *event = call_buf(c);
	bool read = mark == STORE_READ;

	buf_puts(event, read ? "[\"message_read\",{" : "[\"message_delivered\",{");
	json_put_id_member(event, "mensaje_id", message_id);
	json_put_id_member(event, "user_id", c->user_id);
	json_put_text_member(event, "sala_uuid", sala_uuid);
	render_time_member(event, read ? "leido_en" : "entregado_en", at);
	buf_puts(event, "}]");
	push_people(c, author, read ? c->user_id : 0, c->command.sid, buf_slice(event));
}

static void confirm_event(struct call *c, const struct store_receipt *r)
{
	struct buf *object = call_buf(c);

	buf_putc(object, '{');
	json_put_text_member(object, "status", SLICE("ok"));
	json_put_id_member(object, "mensaje_id", r->message_id);
	json_put_id_member(object, "user_id", r->person_id);
	buf_putc(object, '}');
	answer_reply(&c->answer, r->mark == STORE_READ ? "read_confirmed" : "delivery_confirmed",
		     buf_slice(object));
}

static void confirm_rest(struct call *c, struct slice text)
{
	struct buf *object = call_buf(c);

	buf_putc(object, '{');
	json_put_text_member(object, "message", text);
	buf_putc(object, '}');
	answer_body(&c->answer, 200, buf_slice(object));
}

/* What became of one mark. */
static const struct refusal *settle(struct call *c, const struct store_receipt *r)
{
	bool read = r->mark == STORE_READ;

	if (r->verdict == STORE_RECEIPT_NOT_FOUND)
		return REFUSE(MESSAGE_UNKNOWN);
	if (r->verdict == STORE_RECEIPT_NOT_MEMBER)
		return call_is_rest(c) ? REFUSE(MESSAGE_NOT_YOURS) : REFUSE(MESSAGE_UNKNOWN);
	if (r->verdict == STORE_RECEIPT_STORED && (r->changed || c->found_is_ours))
		push_mark(c, r->mark, r->message_id, r->author_id, r->room.uuid,
			  read ? r->read_at : r->delivered_at);
	if (r->verdict == STORE_RECEIPT_STORED && r->read_too)
		push_mark(c, STORE_READ, r->message_id, r->author_id, r->room.uuid, r->read_at);
	if (call_is_rest(c))
		confirm_rest(c, read ? SLICE("Mensaje marcado como leído")
				     : SLICE("Mensaje marcado como entregado"));
	else
		confirm_event(c, r);
	return NULL;
}

static void mark_set(struct call **calls, size_t count)
{
	struct store_receipt set[STORE_SET_MAX];
	struct call *of[STORE_SET_MAX];
	enum store_verdict v;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct call *c = calls[i];
		struct fields f = call_fields(c);

		memset(&set[n], 0, sizeof(set[n]));
		c->refusal = fields_receipt(&f, &set[n].message_id);
		if (c->refusal)
			continue;
		set[n].person_id = c->user_id;
		set[n].mark = mark_of(c);
		of[n++] = c;
	}
	if (n == 0)
		return;
	v = store_receipt_mark(calls[0]->store, set, n, calls[0]->arena);
	if (v != STORE_OK) {
		calls[0]->refusal = call_trouble(calls[0], v);
		return;
	}
	for (size_t i = 0; i < n; i++)
		of[i]->refusal = settle(of[i], &set[i]);
}

void handle_receipts(struct call **calls, size_t count)
{
	for (size_t done = 0, n; done < count; done += n) {
		n = count - done < STORE_SET_MAX ? count - done : STORE_SET_MAX;
		mark_set(calls + done, n);
		if (calls[done]->trouble)
			return;
	}
}

/* ---- REST ---- */

static const struct refusal *mark_by_path(struct call *c, enum store_mark mark)
{
	struct store_receipt receipt = { .person_id = c->user_id, .mark = mark };
	enum store_verdict v;
	const struct refusal *no =
		lookup_id(c->request->params[0], REFUSE(MESSAGE_UNKNOWN), &receipt.message_id);

	if (no)
		return no;
	v = store_receipt_mark(c->store, &receipt, 1, c->arena);
	return v == STORE_OK ? settle(c, &receipt) : call_trouble(c, v);
}

const struct refusal *handle_rest_read(struct call *c)
{
	return mark_by_path(c, STORE_READ);
}

const struct refusal *handle_rest_delivered(struct call *c)
{
	return mark_by_path(c, STORE_DELIVERED);
}

/* What an earlier attempt marked, if its COMMIT held and left nothing to do; else notes what this one marked. */
static void remember_marked(struct call *c, struct store_read_all *all)
{
	struct store_read_all *kept;
	size_t bytes = all->author_count * sizeof(*all->authors);

	if (all->count == 0 && c->found_is_ours && c->marked) {
		*all = *c->marked;
		return;
	}
	c->marked = NULL;
	if (all->count == 0)
		return;
	kept = arena_alloc(c->memory, sizeof(*kept));
	*kept = *all;
	kept->authors = arena_alloc(c->memory, bytes);
	if (bytes)
		memcpy(kept->authors, all->authors, bytes);
	c->marked = kept;
}

const struct refusal *handle_rest_read_all(struct call *c)
{
	struct store_read_all all;
	struct store_room room;
	enum store_verdict v;
	char text[80];
	const struct refusal *no = lookup_room(c, c->request->params[0], &room);

	if (no)
		return no;
	v = store_receipt_read_all(c->store, &room, c->user_id, c->arena, &all);
	if (v != STORE_OK)
		return call_trouble(c, v);
	remember_marked(c, &all);
	for (size_t i = 0; i < all.author_count; i++)
		push_mark(c, STORE_READ, all.authors[i].newest_id, all.authors[i].author_id, room.uuid,
			  all.read_at);
	snprintf(text, sizeof(text), "%lld mensajes marcados como leídos", (long long)all.count);
	confirm_rest(c, slice_of(text));
	return NULL;
}

const struct refusal *handle_rest_unread(struct call *c)
{
	struct buf *object = call_buf(c);
	int64_t count;
	enum store_verdict v = store_unread_count(c->store, c->user_id, &count);

	if (v != STORE_OK)
		return call_trouble(c, v);
	buf_putc(object, '{');
	json_put_number_member(object, "total_no_leidos", count);
	buf_putc(object, '}');
	answer_body(&c->answer, 200, buf_slice(object));
	return NULL;
}
