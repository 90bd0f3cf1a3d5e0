/*
 * fields: the readers of single values and of the small events. Sending is in fields_send.c.
 *
 * Room: fcgi-api. Calls json, ids, arena. Pure.
 */
#include "fields_read.h"

#include "ids.h"
#include "json.h"

int fields_value(struct slice object, const char *key, struct slice *value_r)
{
	return json_member(object, key, value_r) && json_kind(*value_r) != JSON_NULL;
}

int fields_text(struct arena *a, struct slice value, struct slice *text_r)
{
	struct buf b = BUF_INIT;
	int rc = -1;

	/* as it mostly is: nothing escaped, nothing to decode */
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"' &&
	    !memchr(value.p, '\\', value.n)) {
		*text_r = arena_copy(a, (struct slice){ value.p + 1, value.n - 2 });
		return 0;
	}
	if (json_kind(value) == JSON_STRING && json_decode(value, &b) == 0) {
		*text_r = arena_copy(a, buf_slice(&b));
		rc = 0;
	}
	buf_fini(&b);
	return rc;
}

int fields_id(struct arena *a, struct slice value, int64_t *id_r)
{
	struct slice text = value;

	switch (json_kind(value)) {
	case JSON_STRING:
		if (fields_text(a, value, &text) != 0)
			return -1;
		return ids_parse(text, id_r);
	case JSON_NUMBER:
		return ids_parse(text, id_r);
	default:
		return -1;
	}
}

const struct refusal *fields_payload(const struct fields *f, struct slice *object_r)
{
	struct slice rest = f->args;

	if (!json_next_argument(&rest, object_r) || json_kind(*object_r) != JSON_OBJECT)
		return refusal_with(f->arena, REFUSE(PAYLOAD_FOR), f->event);
	return f->bad_text ? REFUSE(BAD_TEXT) : NULL;
}

/* An object whose one id is required. */
static const struct refusal *one_id(const struct fields *f, const char *key, const struct refusal *missing,
				    int64_t *id_r)
{
	struct slice object, value;
	const struct refusal *no = fields_payload(f, &object);

	if (no)
		return no;
	if (!fields_value(object, key, &value))
		return missing;
	if (fields_id(f->arena, value, id_r) != 0)
		return refusal_with(f->arena, REFUSE(PAYLOAD_FOR), f->event);
	return NULL;
}

const struct refusal *fields_other_user(const struct fields *f, int64_t *id_r)
{
	return one_id(f, "other_user_id", REFUSE(OTHER_USER_MISSING), id_r);
}

const struct refusal *fields_group(const struct fields *f, int64_t *id_r)
{
	return one_id(f, "group_id", REFUSE(GROUP_MISSING), id_r);
}

const struct refusal *fields_receipt(const struct fields *f, int64_t *message_id_r)
{
	struct slice object, message, user;
	int64_t user_id;
	const struct refusal *no = fields_payload(f, &object);

	if (no)
		return no;
	if (!fields_value(object, "mensaje_id", &message) || !fields_value(object, "user_id", &user))
		return REFUSE(RECEIPT_MISSING);
	if (fields_id(f->arena, message, message_id_r) != 0 || fields_id(f->arena, user, &user_id) != 0)
		return refusal_with(f->arena, REFUSE(PAYLOAD_FOR), f->event);
	return user_id == f->me ? NULL : REFUSE(USER);
}

int fields_limit(struct slice value, unsigned max, unsigned *limit_r)
{
	bool negative = value.n && value.p[0] == '-';
	struct slice digits = negative ? slice_behind(value, 1) : value;
	int64_t n;

	if (json_kind(value) != JSON_NUMBER)
		return -1;
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return -1;
	if (negative || slice_is(digits, "0"))
		*limit_r = 1;
	else if (ids_parse(digits, &n) != 0 || n > max)
		*limit_r = max;
	else
		*limit_r = (unsigned)n;
	return 0;
}

/* An optional message id of a page: 0 is legal here. */
static int edge(struct arena *a, struct slice object, const char *key, int64_t *id_r)
{
	struct slice value, text;

	*id_r = -1;
	if (!fields_value(object, key, &value))
		return 0;
	text = value;
	if (json_kind(value) == JSON_STRING && fields_text(a, value, &text) != 0)
		return -1;
	if (slice_is(text, "0")) {
		*id_r = 0;
		return 0;
	}
	return fields_id(a, value, id_r);
}

const struct refusal *fields_history(const struct fields *f, struct fields_history *h)
{
	struct slice object, value;
	const struct refusal *no = fields_payload(f, &object);

	if (no)
		return no;
	h->limit = FIELDS_HISTORY_LIMIT;
	if (!fields_value(object, "sala_uuid", &value))
		return REFUSE(ROOM_MISSING);
	if (fields_text(f->arena, value, &h->sala_uuid) != 0 ||
	    edge(f->arena, object, "before", &h->before) != 0 ||
	    edge(f->arena, object, "after", &h->after) != 0 || (h->before >= 0 && h->after >= 0) ||
	    (fields_value(object, "limit", &value) &&
	     fields_limit(value, FIELDS_HISTORY_LIMIT_MAX, &h->limit) != 0))
		return refusal_with(f->arena, REFUSE(PAYLOAD_FOR), f->event);
	return NULL;
}
