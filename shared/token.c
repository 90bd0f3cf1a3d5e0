/*
 * token: the companion API's JWT, HS256 over SECRET_KEY.
 *
 * Room: shared (foundation). Calls json, ids, buf and libjwt.
 * libjwt only makes and compares signatures. What the token says is read here by the strict scanner, because libjwt
 * takes other algorithms, `crit`, claims given twice and an empty key, and does not look at `exp`.
 */
#include "token.h"
#include "ids.h"
#include "json.h"

#include <stdlib.h>
#include <strings.h>

#include <jwt.h>

#define TOKEN_MAX 4096
#define SECONDS_MAX 9e18               /* what an int64_t holds, and no infinity */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int letter_value(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* Unpadded base64url, canonical: nothing left over in the last letter. */
static int decode_part(struct slice part, struct buf *out)
{
	uint32_t bits = 0;
	int have = 0, v;

	if (part.n == 0 || part.n % 4 == 1)
		return -1;
	for (size_t i = 0; i < part.n; i++) {
		v = letter_value(part.p[i]);
		if (v < 0)
			return -1;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_putc(out, (char)(bits >> have & 0xff));
		}
	}
	return bits & ((1u << have) - 1) ? -1 : 0;
}

/* Cuts three parts at two dots. */
static int cut(struct slice token, struct slice parts[3])
{
	const char *dot;

	for (int i = 0; i < 2; i++) {
		dot = token.n ? memchr(token.p, '.', token.n) : NULL;
		if (!dot)
			return -1;
		parts[i] = (struct slice){ token.p, (size_t)(dot - token.p) };
		token.n -= parts[i].n + 1;
		token.p = dot + 1;
	}
	parts[2] = token;
	return 0;
}

/* How often a member is there, and its (last) value. */
static int count_member(struct slice object, const char *key, struct slice *value_r)
{
	struct buf name = BUF_INIT;
	struct slice raw, value;
	int count = 0;

	while (json_next_member(&object, &raw, &value)) {
		buf_reset(&name);
		if (json_decode(raw, &name) == 0 && slice_is(buf_slice(&name), key)) {
			count++;
			*value_r = value;
		}
	}
	buf_fini(&name);
	return count;
}

/* True when a key is there twice, however it is spelled. Squared work: only for tokens whose signature is right. */
static bool has_twins(struct slice object)
{
	struct slice rest = object, raw, value, unused;
	struct buf name = BUF_INIT;
	bool twins = false;

	while (!twins && json_next_member(&rest, &raw, &value)) {
		buf_reset(&name);
		if (json_decode(raw, &name) == 0)
			twins = count_member(object, buf_slice(&name).p ? name.data : "", &unused) > 1;
	}
	buf_fini(&name);
	return twins;
}

/* A part as a JSON object. */
static int decode_object(struct slice part, struct buf *out)
{
	struct slice text;

	if (decode_part(part, out) < 0)
		return -1;
	text = buf_slice(out);
	return json_check(text) == JSON_OK && json_kind(text) == JSON_OBJECT ? 0 : -1;
}

/* Whether libjwt takes it; it would call it a wrong signature. */
static bool is_type(struct slice value)
{
	struct buf text = BUF_INIT;
	bool fine = json_kind(value) != JSON_STRING || (json_decode(value, &text) == 0 && text.len == 3 &&
							strncasecmp(text.data, "JWT", 3) == 0);

	buf_fini(&text);
	return fine;
}

static const char *check_header(struct slice header)
{
	struct slice value;

	/* given twice it is refused: who looks with the signature need not take the one that we look at */
	if (count_member(header, "alg", &value) != 1 || !slice_is(value, "\"HS256\""))
		return "the algorithm is not HS256";
	if (json_member(header, "crit", &value))
		return "the header has crit";
	if (json_member(header, "typ", &value) && !is_type(value))
		return "the type is not JWT";
	return NULL;
}

/* RFC 7519's NumericDate: seconds, perhaps with a fraction, which is cut off; those before 1970 count as 0. */
static int numeric_date(struct slice value, int64_t *v_r)
{
	char text[32];
	double seconds;

	if (json_kind(value) != JSON_NUMBER || value.n >= sizeof(text))
		return -1;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	seconds = strtod(text, NULL);
	if (seconds >= SECONDS_MAX)
		return -1;
	*v_r = seconds > 0 ? (int64_t)seconds : 0;
	return 0;
}

static const char *check_claims(struct slice claims, int64_t now, struct buf *sub, int64_t *exp_r)
{
	struct slice value;
	int64_t nbf;

	if (has_twins(claims))
		return "a claim is given twice";
	if (!json_member(claims, "exp", &value) || numeric_date(value, exp_r) < 0)
		return "exp is not a number of seconds";
	if (*exp_r <= now)
		return "the token has expired";
	if (json_member(claims, "nbf", &value)) {
		if (numeric_date(value, &nbf) < 0)
			return "nbf is not a number of seconds";
		if (nbf > now)
			return "the token is not valid yet";
	}
	if (!json_member(claims, "sub", &value) || json_decode(value, sub) < 0 || sub->len == 0)
		return "sub is not a text";
	return NULL;
}

static const char *check_signature(struct slice token, struct slice secret)
{
	char *text = mem_copy(token);
	jwt_t *jwt = NULL;
	int rc = jwt_decode(&jwt, text, (const unsigned char *)secret.p, (int)secret.n);
	bool fine = rc == 0 && jwt && jwt_get_alg(jwt) == JWT_ALG_HS256;

	jwt_free(jwt);
	free(text);
	return fine ? NULL : "the signature is wrong";
}

int token_check(struct slice token, struct slice secret, int64_t now, char **sub_r, int64_t *exp_r,
		const char **why_r)
{
	struct buf header = BUF_INIT, claims = BUF_INIT, signature = BUF_INIT, sub = BUF_INIT;
	struct slice parts[3];

	if (secret.n == 0) /* libjwt would take any token */
		*why_r = "there is no secret";
	else if (token.n > TOKEN_MAX)
		*why_r = "the token is too long";
	else if (cut(token, parts) < 0 || decode_object(parts[0], &header) < 0 ||
		 decode_object(parts[1], &claims) < 0 || decode_part(parts[2], &signature) < 0)
		*why_r = "the token has not the form of one";
	else if (!(*why_r = check_header(buf_slice(&header))) && !(*why_r = check_signature(token, secret)))
		*why_r = check_claims(buf_slice(&claims), now, &sub, exp_r);
	if (!*why_r)
		*sub_r = buf_take(&sub);
	buf_fini(&header);
	buf_fini(&claims);
	buf_fini(&signature);
	buf_fini(&sub);
	return *why_r ? -1 : 0;
}

char *token_make(const char *sub, int64_t exp, struct slice secret)
{
	char *made = NULL, *token = NULL;
	jwt_t *jwt = NULL;

	if (secret.n == 0 || jwt_new(&jwt) != 0)
		return NULL;
	if (jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)secret.p, (int)secret.n) == 0 &&
	    jwt_add_grant(jwt, "sub", sub) == 0 && jwt_add_grant_int(jwt, "exp", (long)exp) == 0)
		made = jwt_encode_str(jwt);
	if (made)
		token = mem_copy(slice_of(made));
	free(made);
	jwt_free(jwt);
	return token;
}
