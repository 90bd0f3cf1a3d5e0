/*
 * connect: a Socket.IO CONNECT: who is it, may he come in?
 *
 * Room: fcgi-api/handlers. Called by router; calls identity, answer.
 * A refusal here is for good (CONNECT_ERROR); passing trouble ends at the transport, which is the door's
 * word.
 */
#include "handlers.h"

#include "identity.h"
#include "json.h"

const struct refusal *handle_connect(struct call *c)
{
	struct wire_effect accept = { .kind = WIRE_ACCEPT };
	struct identity_claims claims;
	const struct refusal *no;
	struct buf *user = call_buf(c), *object = call_buf(c);

	identity_claims_connect(c->arena, c->command.args, &claims);
	no = identity_decide(c, &claims, &accept.expires);
	if (no)
		return no;
	buf_put_u64(user, (uint64_t)c->user_id);
	accept.user = buf_slice(user);
	answer_effect(&c->answer, &accept);
	buf_putc(object, '{');
	json_put_text_member(object, "status", SLICE("connected"));
	json_put_id_member(object, "user_id", c->user_id);
	json_put_text_member(object, "sid", c->command.sid);
	buf_putc(object, '}');
	answer_reply(&c->answer, "connected", buf_slice(object));
	return NULL;
}
