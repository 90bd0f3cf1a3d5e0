/*
 * refresh_token: a newer token of the same person prolongs the session; a bad one changes nothing.
 *
 * Room: fcgi-api/handlers. Called by router; calls fields, identity, answer. Open identity has nothing to
 * prolong.
 */
#include "handlers.h"

#include "fields.h"
#include "identity.h"

const struct refusal *handle_refresh_token(struct call *c)
{
	struct fields f = call_fields(c);
	struct wire_effect accept = { .kind = WIRE_ACCEPT, .user = c->command.user };
	struct identity_claims claims = { .user_id = c->command.user };
	const struct refusal *no = fields_token(&f, &claims.token);

	if (no)
		return no;
	if (call_is_verified(c)) {
		no = identity_decide(c, &claims, &accept.expires);
		if (no)
			return no;
		answer_effect(&c->answer, &accept);
	}
	answer_reply(&c->answer, "", SLICE("{\"status\":\"ok\"}"));
	return NULL;
}
