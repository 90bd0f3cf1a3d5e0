/*
 * fields_more: what edit_message, delete_message, load_missed_messages, load_rooms and refresh_token bring.
 *
 * Room: fcgi-api, inside fields. Called by their handlers; calls json, ids, arena. Pure.
 */
#include "fields_read.h"

#include "json.h"

/* edit_message and delete_message answer in `ack`, whose refusals name no event. */
static const struct refusal *ack_payload(const struct fields *f, struct slice *object_r)
{
	const struct refusal *no = fields_payload(f, object_r);

	return !no || no == REFUSE(BAD_TEXT) ? no : REFUSE(PAYLOAD);
}

const struct refusal *fields_edit(const struct fields *f, struct fields_edit *e)
{
	struct slice object, id, text;
	bool has_id, has_text;
	const struct refusal *no = ack_payload(f, &object);

	if (no)
		return no;
	has_id = fields_value(object, "mensaje_id", &id);
	has_text = fields_value(object, "message", &text);
	if (!has_id || !has_text)
		return refusal_with(f->arena, REFUSE(MISSING), has_id ? SLICE("message") : has_text
				    ? SLICE("mensaje_id") : SLICE("mensaje_id, message"));
	if (fields_id(f->arena, id, &e->message_id) != 0 || fields_text(f->arena, text, &e->text) != 0)
		return REFUSE(PAYLOAD);
	return e->text.n > STORE_TEXT_MAX ? REFUSE(TOO_LONG) : NULL;
}

const struct refusal *fields_delete(const struct fields *f, int64_t *message_id_r)
{
	struct slice object, id;
	const struct refusal *no = ack_payload(f, &object);

	if (no)
		return no;
	if (!fields_value(object, "mensaje_id", &id))
		return refusal_with(f->arena, REFUSE(MISSING), SLICE("mensaje_id"));
	return fields_id(f->arena, id, message_id_r) == 0 ? NULL : REFUSE(PAYLOAD);
}

const struct refusal *fields_edit_rest(struct arena *a, struct slice body, struct slice *text_r)
{
	enum json_fault fault = json_check(body);
	struct slice text;

	if (fault == JSON_BAD_SYNTAX || fault == JSON_BAD_UTF8)
		return REFUSE(NOT_JSON);
	if (json_kind(body) != JSON_OBJECT)
		return refusal_with(a, REFUSE(BAD_FIELD), SLICE("cuerpo"));
	if (fault == JSON_BAD_TEXT)
		return REFUSE(BAD_TEXT);
	if (!fields_value(body, "contenido", &text))
		return REFUSE(CONTENT_MISSING);
	if (fields_text(a, text, text_r) != 0)
		return refusal_with(a, REFUSE(BAD_FIELD), SLICE("contenido"));
	return text_r->n > STORE_TEXT_MAX ? REFUSE(TOO_LONG) : NULL;
}

const struct refusal *fields_missed(const struct fields *f, struct fields_missed *m)
{
	struct slice object, value;
	const struct refusal *no = fields_payload(f, &object);

	if (no)
		return no;
	m->after = SLICE_NONE;
	m->limit = FIELDS_MISSED_LIMIT;
	if (fields_value(object, "after", &value)) {
		m->after = value;
		if (json_kind(value) != JSON_NUMBER && fields_text(f->arena, value, &m->after) != 0)
			return refusal_with(f->arena, REFUSE(PAYLOAD_FOR), f->event);
	}
	if (fields_value(object, "limit", &value) &&
	    fields_limit(value, FIELDS_MISSED_LIMIT_MAX, &m->limit) != 0)
		return refusal_with(f->arena, REFUSE(PAYLOAD_FOR), f->event);
	return NULL;
}

const struct refusal *fields_rooms(const struct fields *f, bool *named_r)
{
	struct slice rest = f->args, object, value;

	*named_r = false;
	if (!json_next_argument(&rest, &object) || json_kind(object) != JSON_OBJECT ||
	    !fields_value(object, "nombres", &value))
		return NULL;
	*named_r = slice_is(value, "true");
	return *named_r || slice_is(value, "false") ? NULL : refusal_with(f->arena, REFUSE(PAYLOAD_FOR), f->event);
}

const struct refusal *fields_token(const struct fields *f, struct slice *token_r)
{
	struct slice object, value;
	const struct refusal *no = fields_payload(f, &object);

	if (no)
		return no;
	if (!fields_value(object, "token", &value))
		return REFUSE(TOKEN_MISSING);
	return fields_text(f->arena, value, token_r) == 0 ? NULL : REFUSE(UNAUTHORIZED);
}
