/*
 * identity: claims, and what they are worth.
 *
 * Room: fcgi-api. Calls token, store, json, http.
 */
#include "identity.h"

#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "fields.h"
#include "json.h"
#include "token.h"

/*
 * A string's text or a number's digits, if nothing was said before; the empty text for anything else but
 * null.
 */
static void take_text(struct arena *a, struct slice object, const char *key, bool number_too,
		      struct slice *text_r)
{
	struct buf text = BUF_INIT;
	struct slice value;

	if (text_r->p || !json_member(object, key, &value) || json_kind(value) == JSON_NULL)
		return;
	if (json_kind(value) == JSON_STRING && json_decode(value, &text) == 0)
		*text_r = arena_copy(a, buf_slice(&text));
	else if (number_too && json_kind(value) == JSON_NUMBER)
		*text_r = value;
	else
		*text_r = SLICE("");
	buf_fini(&text);
}

/* The token of `Authorization: Bearer …`; schemes are case-insensitive (RFC 9110 §11.1), nothing is trimmed. */
static void take_bearer(struct slice header, struct slice *token_r)
{
	static const char bearer[] = "Bearer ";
	size_t n = sizeof(bearer) - 1;

	if (!token_r->p && header.n > n && strncasecmp(header.p, bearer, n) == 0)
		*token_r = slice_behind(header, n);
}

void identity_claims_connect(struct arena *a, struct slice args, struct identity_claims *claims_r)
{
	struct slice query = SLICE_NONE, auth = SLICE_NONE, header = SLICE_NONE;

	memset(claims_r, 0, sizeof(*claims_r));
	json_member(args, "query", &query);
	json_member(args, "auth", &auth);
	/* of several tokens the first in this order counts */
	take_text(a, auth, "token", false, &claims_r->token);
	take_text(a, args, "authorization", false, &header);
	take_bearer(header, &claims_r->token);
	take_text(a, query, "token", false, &claims_r->token);
	take_text(a, query, "user_id", true, &claims_r->user_id);
	take_text(a, auth, "user_id", true, &claims_r->user_id);
}

void identity_claims_rest(const struct http_request *r, struct identity_claims *claims_r)
{
	struct slice header = SLICE_NONE;
	int rc;

	memset(claims_r, 0, sizeof(*claims_r));
	claims_r->token_repeated = http_header(r, "HTTP_AUTHORIZATION", &header) < 0;
	take_bearer(header, &claims_r->token);
	rc = http_header(r, "HTTP_X_USER_ID", &claims_r->user_id);
	claims_r->user_repeated = rc < 0;
	if (http_query(r, "user_id", &claims_r->query_user_id) < 0)
		claims_r->query_user_id = SLICE("");
	if (rc == 0)
		claims_r->user_id = claims_r->query_user_id;
}

/* 401; the caller does not learn why, the operator does. */
static const struct refusal *unknown(struct call *c, const char *why)
{
	c->why = why;
	return REFUSE(UNAUTHORIZED);
}

/* The person that was found, if he may come. */
static const struct refusal *let_in(struct call *c, enum store_verdict v, const struct store_person *person)
{
	if (store_is_trouble(v))
		return call_trouble(c, v);
	if (v == STORE_NONE)
		return unknown(c, "there is no such person");
	if (!person->active)
		return unknown(c, "the person is not active");
	c->user_id = person->id;
	return NULL;
}

static const struct refusal *by_user_id(struct call *c, const struct identity_claims *claims)
{
	struct store_person person;
	enum store_verdict v;
	int64_t id;

	if (claims->user_repeated)
		return REFUSE(BAD_REQUEST);
	if (ids_parse(claims->user_id, &id) != 0)
		return unknown(c, claims->user_id.n ? "the user_id is not an id" : "no user_id");
	v = store_person_by_id(c->store, id, c->arena, &person);
	return let_in(c, v, &person);
}

static const struct refusal *by_token(struct call *c, const struct identity_claims *claims,
				      int64_t *expires_r)
{
	/* a user_id beside the token must agree; the header is nothing but noise in this mode */
	struct slice user_id = call_is_rest(c) ? claims->query_user_id : claims->user_id;
	struct store_person person;
	const struct refusal *no;
	enum store_verdict v;
	const char *why = "no token";
	char *sub;
	int64_t claimed;

	if (claims->token_repeated)
		return REFUSE(BAD_REQUEST);
	if (!claims->token.p || token_check(claims->token, c->settings->secret, (int64_t)time(NULL), &sub,
					    expires_r, &why) != 0)
		return unknown(c, why);
	v = store_person_by_correo(c->store, slice_of(sub), c->arena, &person);
	free(sub);
	no = let_in(c, v, &person);
	if (no)
		return no;
	if (user_id.p && (ids_parse(user_id, &claimed) != 0 || claimed != person.id)) {
		c->user_id = 0;
		return unknown(c, "the user_id is another's than the token");
	}
	return NULL;
}

const struct refusal *identity_decide(struct call *c, const struct identity_claims *claims,
				      int64_t *expires_r)
{
	*expires_r = 0;
	return c->settings->token_mode ? by_token(c, claims, expires_r) : by_user_id(c, claims);
}
