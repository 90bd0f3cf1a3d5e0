// objects: fcgi-api/fields.o fcgi-api/fields_send.o fcgi-api/fields_more.o fcgi-api/refusals.o shared/arena.o shared/json.o shared/json_write.o shared/buf.o shared/ids.o
/*
 * Whatever JSON a client sends, each reader of fields either refuses it with a text or fills fields that keep
 * their bounds; the metadata made from them is JSON again.
 */
#include <assert.h>
#include <stdlib.h>

#include "fields.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(const struct refusal *no)
{
	assert(!no || (no->text && no->code && no->status >= 400 && !strstr(no->text, "%s")));
}

static void check_send(const struct refusal *no, const struct fields_send *s)
{
	struct buf b = BUF_INIT;

	check_refusal(no);
	if (no)
		return;
	assert(s->text.n <= STORE_TEXT_MAX && s->url.n <= STORE_TEXT_MAX);
	assert(s->text.n || s->url.n);
	assert(json_is_utf8(s->text) && json_is_utf8(s->url) &&
	       json_code_points(s->client_id) <= FIELDS_CLIENT_ID_MAX);
	assert(s->to_person >= 0 && s->to_group >= 0 && s->tipo.n);
	fields_put_metadata(&b, s, "directo");
	assert(json_check(buf_slice(&b)) == JSON_OK);
	buf_fini(&b);
}

static void read_all(struct fields *f)
{
	struct fields_history h;
	struct fields_send s;
	const struct refusal *no;
	int64_t id = 1;

	check_refusal(fields_other_user(f, &id));
	check_refusal(fields_group(f, &id));
	check_refusal(fields_receipt(f, &id));
	assert(id > 0);
	no = fields_history(f, &h);
	check_refusal(no);
	assert(no || (h.limit >= 1 && h.limit <= FIELDS_HISTORY_LIMIT_MAX));
	no = fields_send_message(f, &s);
	check_send(no, &s);
	no = fields_send_to(f, STORE_GRUPAL, &s);
	check_send(no, &s);
}

static void read_more(struct fields *f)
{
	struct fields_missed m;
	struct fields_edit e;
	const struct refusal *no;
	struct slice token;
	int64_t id = 1;

	no = fields_edit(f, &e);
	check_refusal(no);
	assert(no || (e.message_id > 0 && e.text.n <= STORE_TEXT_MAX && json_is_utf8(e.text)));
	check_refusal(fields_delete(f, &id));
	assert(id > 0);
	no = fields_missed(f, &m);
	check_refusal(no);
	assert(no || (m.limit >= 1 && m.limit <= FIELDS_MISSED_LIMIT_MAX));
	check_refusal(fields_token(f, &token));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct fields_send s;
	struct fields f = { arena_new(), SLICE("event"), text, false, 123, size & 1 };
	enum json_fault fault = json_check(text);
	const struct refusal *no = fields_send_rest(f.arena, text, SLICE_NONE, false, &s);

	check_send(no, &s);
	check_refusal(fields_edit_rest(f.arena, text, &s.text));
	if (fault == JSON_OK || fault == JSON_BAD_TEXT) {
		f.bad_text = fault == JSON_BAD_TEXT;
		read_all(&f);
		read_more(&f);
	}
	arena_free(f.arena);
	return 0;
}
