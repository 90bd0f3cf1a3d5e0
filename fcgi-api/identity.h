/*
 * identity: who calls. The one place where that is decided, for every door.
 *
 * Room: fcgi-api. Called by handlers/connect (sockets) and router (REST).
 * AUTH_MODE=open believes user_id; AUTH_MODE=token wants the companion API's JWT. Either way the person must exist with
 * estado = 'activo'.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "call.h"

/* What a caller says about himself: p NULL where nothing is said, empty where it is said in a wrong way. */
struct identity_claims {
	struct slice user_id;  /* decimal, as given */
	struct slice query_user_id; /* REST: the same in the query, beside a header or not */
	struct slice token;
	bool user_repeated;    /* REST: the header came twice */
	bool token_repeated;
};

/* Claims of a CONNECT (its args object) and of a REST request. Pure; texts in the arena or borrowed. */
void identity_claims_connect(struct arena *a, struct slice args, struct identity_claims *claims_r);
void identity_claims_rest(const struct http_request *r, struct identity_claims *claims_r);

/*
 * Decides: NULL, the person in call->user_id, and when the proof expires (seconds since 1970; 0 never). A
 * refusal otherwise; trouble of the store is noted in the call.
 */
const struct refusal *identity_decide(struct call *c, const struct identity_claims *claims,
				      int64_t *expires_r);

#endif
