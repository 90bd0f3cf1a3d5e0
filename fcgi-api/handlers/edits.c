/*
 * edits: edit_message and delete_message, and their REST doors PUT and DELETE.
 *
 * Room: fcgi-api/handlers. Called by router; calls fields, lookup, store, push, render, answer.
 * A stranger learns nothing: another's room is as unknown as a message that is not there. A member who is
 * not the author hears so. What is deleted cannot be edited; deleting it again is confirmed and told to
 * nobody, unless an earlier attempt of this very command may have done it and told nobody.
 */
#include "handlers.h"

#include "fields.h"
#include "json.h"
#include "lookup.h"
#include "push.h"
#include "render.h"

/* The message, if the caller may change it. */
static const struct refusal *find_own(struct call *c, int64_t id, struct store_message *m)
{
	bool member;
	enum store_verdict v = store_message_find(c->store, id, c->user_id, c->arena, m, &member);

	if (store_is_trouble(v))
		return call_trouble(c, v);
	if (v == STORE_NONE)
		return REFUSE(MESSAGE_UNKNOWN);
	if (!member)
		return call_is_rest(c) ? REFUSE(MESSAGE_NOT_YOURS) : REFUSE(MESSAGE_UNKNOWN);
	if (m->sender.id != c->user_id)
		return REFUSE(NOT_AUTHOR);
	return m->sender.active ? NULL : REFUSE(MESSAGE_UNKNOWN);  /* suspended: his sockets are out within seconds */
}

/* Tells those who hear the message's room. */
static const struct refusal *tell(struct call *c, struct store_message *m)
{
	struct store_room *room = &m->room;
	enum store_verdict v = store_room_twins(c->store, &room, 1, c->arena);

	if (v != STORE_OK)
		return call_trouble(c, v);
	push_change(c, m);
	return NULL;
}

static void confirm(struct call *c, const struct store_message *m, struct slice status)
{
	struct buf *b = call_buf(c);

	buf_putc(b, '{');
	json_put_text_member(b, "status", status);
	json_put_id_member(b, "mensaje_id", m->id);
	json_put_text_member(b, "sala_uuid", m->room.uuid);
	buf_putc(b, '}');
	answer_reply(&c->answer, "ack", buf_slice(b));
}

/* ---- edit ---- */

/* Changes the text and tells those who hear the room. */
static const struct refusal *edit(struct call *c, int64_t id, struct slice text, struct store_message *m)
{
	enum store_verdict v;
	const struct refusal *no = find_own(c, id, m);

	if (no)
		return no;
	if (m->deleted_at)
		return REFUSE(MESSAGE_UNKNOWN);
	if (text.n == 0 && m->url.n == 0)
		return call_is_rest(c) ? REFUSE(CONTENT_MISSING)
				       : refusal_with(c->arena, REFUSE(MISSING), SLICE("message"));
	v = store_message_edit(c->store, id, c->user_id, text, c->arena, m);
	if (v == STORE_REFUSED)
		return REFUSE(SAVE_FAILED);
	if (store_is_trouble(v))
		return call_trouble(c, v);
	if (v == STORE_NONE || m->deleted_at)
		return REFUSE(MESSAGE_UNKNOWN);
	return tell(c, m);
}

const struct refusal *handle_edit_message(struct call *c)
{
	struct fields f = call_fields(c);
	struct fields_edit want;
	struct store_message m;
	const struct refusal *no = fields_edit(&f, &want);

	if (!no)
		no = edit(c, want.message_id, want.text, &m);
	if (!no)
		confirm(c, &m, SLICE("edited"));
	return no;
}

const struct refusal *handle_rest_edit(struct call *c)
{
	struct buf *b = call_buf(c);
	struct store_message m;
	struct slice text;
	int64_t id;
	const struct refusal *no = fields_edit_rest(c->arena, c->request->body, &text);

	if (!no)
		no = lookup_id(c->request->params[0], REFUSE(MESSAGE_UNKNOWN), &id);
	if (!no)
		no = edit(c, id, text, &m);
	if (no)
		return no;
	render_plain_message(b, &m);
	answer_body(&c->answer, 200, buf_slice(b));
	return NULL;
}

/* ---- delete ---- */

static const struct refusal *delete_own(struct call *c, int64_t id, struct store_message *m)
{
	enum store_verdict v;
	const struct refusal *no = find_own(c, id, m);

	if (no || (m->deleted_at && !c->found_is_ours))
		return no;
	if (!m->deleted_at) {
		v = store_message_delete(c->store, id, c->user_id, c->arena, m);
		if (v == STORE_NONE)
			return REFUSE(MESSAGE_UNKNOWN);
		if (v != STORE_OK)
			return call_trouble(c, v);
	}
	return tell(c, m);
}

const struct refusal *handle_delete_message(struct call *c)
{
	struct fields f = call_fields(c);
	struct store_message m;
	int64_t id;
	const struct refusal *no = fields_delete(&f, &id);

	if (!no)
		no = delete_own(c, id, &m);
	if (!no)
		confirm(c, &m, SLICE("deleted"));
	return no;
}

const struct refusal *handle_rest_delete(struct call *c)
{
	struct store_message m;
	int64_t id;
	const struct refusal *no = lookup_id(c->request->params[0], REFUSE(MESSAGE_UNKNOWN), &id);

	if (!no)
		no = delete_own(c, id, &m);
	if (!no)
		answer_body(&c->answer, 200, SLICE("{\"message\":\"Mensaje eliminado\"}"));
	return no;
}
