/*
 * answer: effects, pushes and responses.
 *
 * Room: fcgi-api. Calls wire, http, json's writer.
 */
#include "answer.h"

#include "json.h"

#define RETRY_AFTER_S "2"
#define REST_OF_ANSWER 700  /* bytes of what goes with a push: who hears it, and the caller's confirmation */

void answer_init(struct answer *a)
{
	buf_init(&a->effects);
	buf_init(&a->pushes);
	a->alone = false;
	http_response_init(&a->response);
}

void answer_fini(struct answer *a)
{
	buf_fini(&a->effects);
	buf_fini(&a->pushes);
	http_response_fini(&a->response);
}

void answer_reset(struct answer *a)
{
	buf_reset(&a->effects);
	buf_reset(&a->pushes);
	buf_reset(&a->response.headers);
	buf_reset(&a->response.body);
	a->response.status = 0;
	a->response.no_store = false;
}

void answer_effect(struct answer *a, const struct wire_effect *e)
{
	wire_put_effect(&a->effects, e);
}

void answer_reply(struct answer *a, const char *event, struct slice object)
{
	struct wire_effect e = { .kind = WIRE_REPLY, .name = slice_of(event), .object = object };

	wire_put_effect(&a->effects, &e);
}

void answer_refuse_event(struct answer *a, bool by_ack, const struct refusal *r)
{
	struct buf object = BUF_INIT;

	buf_putc(&object, '{');
	/* first of all: the relay, which parses nothing, counts refusals by it (relay/chat/effects.c, is_refusal) */
	if (by_ack)
		json_put_text_member(&object, "status", SLICE("error"));
	json_put_text_member(&object, "message", slice_of(r->text));
	json_put_text_member(&object, "code", slice_of(r->code));
	buf_putc(&object, '}');
	answer_reply(a, by_ack ? "ack" : "error", buf_slice(&object));
	buf_fini(&object);
}

void answer_refuse_connect(struct answer *a, const struct refusal *r)
{
	struct buf object = BUF_INIT;
	struct wire_effect e = { .kind = WIRE_REFUSE };

	buf_putc(&object, '{');
	json_put_text_member(&object, "message", slice_of(r->text));
	json_put_key(&object, "data");
	buf_putc(&object, '{');
	json_put_text_member(&object, "code", slice_of(r->code));
	buf_puts(&object, "}}");
	e.object = buf_slice(&object);
	wire_put_effect(&a->effects, &e);
	buf_fini(&object);
}

void answer_push(struct answer *a, const struct wire_effect *push)
{
	buf_reserve(&a->effects, push->event.n + REST_OF_ANSWER);
	wire_put_effect(&a->effects, push);
	if (!a->alone)
		wire_put_effect(&a->pushes, push);
}

void answer_body(struct answer *a, int status, struct slice json)
{
	a->response.status = status;
	buf_reset(&a->response.body);
	buf_put_slice(&a->response.body, json);
}

void answer_header(struct answer *a, const char *name, const char *value)
{
	buf_putf(&a->response.headers, "%s: %s\r\n", name, value);
}

void answer_refuse_rest(struct answer *a, const struct refusal *r)
{
	struct buf object = BUF_INIT;

	buf_putc(&object, '{');
	json_put_text_member(&object, "detail", slice_of(r->text));
	json_put_text_member(&object, "code", slice_of(r->code));
	buf_putc(&object, '}');
	answer_body(a, r->status, buf_slice(&object));
	if (r->status == 401)
		answer_header(a, "WWW-Authenticate", "Bearer");
	if (r->status == 503)
		answer_header(a, "Retry-After", RETRY_AFTER_S);
	buf_fini(&object);
}

void answer_refuse_fast(struct answer *a, const struct refusal *r, uint64_t wait_ms)
{
	answer_refuse_rest(a, r);
	a->response.body.len--;  /* the closing brace */
	json_put_number_member(&a->response.body, "retry_ms", (int64_t)wait_ms);
	buf_putc(&a->response.body, '}');
	buf_putf(&a->response.headers, "Retry-After: %llu\r\n", (unsigned long long)(wait_ms + 999) / 1000);
}

void answer_refuse_unknown(struct answer *a, const struct refusal *r)
{
	answer_refuse_rest(a, r);
	a->response.body.len--;  /* the closing brace */
	json_put_text_member(&a->response.body, "outcome", SLICE("unknown"));
	buf_putc(&a->response.body, '}');
}
