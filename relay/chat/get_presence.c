/*
 * get_presence: who of these people is online?
 *
 * Room: relay/chat. Calls presence, seen and replies.
 * An unknown person is offline.
 */
#include "get_presence.h"

#include "ids.h"
#include "json.h"
#include "presence.h"
#include "replies.h"
#include "seen.h"

static void put_person(const struct hall *h, struct slice user, struct buf *b)
{
	int64_t seen;
	bool online = presence_find(h, user, &seen);

	buf_puts(b, b->data[b->len - 1] == '[' ? "{" : ",{");
	json_put_text_member(b, "user_id", user);
	json_put_raw_member(b, "online", online ? SLICE("true") : SLICE("false"));
	seen_put_member(b, seen);
	buf_putc(b, '}');
}

/* One asked id, as string or number. 0, or -1 when it is none. */
static int answer_one(const struct hall *h, struct slice value, struct buf *text, struct buf *b)
{
	struct slice user = value;
	int64_t id;

	if (json_kind(value) == JSON_STRING) {
		buf_reset(text);
		if (json_decode(value, text) < 0)
			return -1;
		user = buf_slice(text);
	} else if (json_kind(value) != JSON_NUMBER) {
		return -1;
	}
	if (ids_parse(user, &id) < 0)
		return -1;
	put_person(h, user, b);
	return 0;
}

/* NULL, or the code of the refusal. */
static const char *answer_all(const struct hall *h, const struct command *c, struct buf *b)
{
	struct slice rest = c->args, object, list, value;
	struct buf text = BUF_INIT;
	size_t n = 0;
	int rc = 0;

	if (c->bad_text || !json_next_argument(&rest, &object) || json_kind(object) != JSON_OBJECT)
		return REFUSED_PRESENCE_PAYLOAD;
	if (!json_member(object, "user_ids", &list) || json_kind(list) == JSON_NULL)
		return REFUSED_USERS_MISSING;
	if (json_kind(list) != JSON_ARRAY)
		return REFUSED_PRESENCE_PAYLOAD;
	buf_puts(b, "{\"users\":[");
	while (rc == 0 && json_next(&list, &value))
		rc = ++n > GET_PRESENCE_MAX ? -1 : answer_one(h, value, &text, b);
	buf_puts(b, "]}");
	buf_fini(&text);
	return rc == 0 ? NULL : REFUSED_PRESENCE_PAYLOAD;
}

void get_presence_answer(struct hall *h, struct command *c)
{
	struct buf b = BUF_INIT;
	const char *no = answer_all(h, c, &b);

	if (no)
		reply_refuse(c, no, 0);
	else
		reply_send(c, SLICE("presence"), buf_slice(&b));
	buf_fini(&b);
}
