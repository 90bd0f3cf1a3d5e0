/*
 * cors: headers for pages of other sites.
 *
 * Room: fcgi-api.
 */
#include "cors.h"

#include <strings.h>

#define METHODS "GET, HEAD, POST, PUT, DELETE"
#define HEADERS "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-User-Id"
#define EXPOSED "ETag, Retry-After, WWW-Authenticate, X-Cursor, X-Poll-Interval, X-Truncated"
#define KEPT_S "600"                   /* so long a browser need not ask again */

/* What stands in Access-Control-Allow-Origin: the origin, "*", or nothing. */
static struct slice allowed_origin(const char *allowed, struct slice origin)
{
	struct slice list = slice_of(allowed), one;

	while (slice_cut(&list, ',', &one)) {
		if (slice_is(one, "*"))
			return one;
		if (one.n && one.n == origin.n && strncasecmp(one.p, origin.p, one.n) == 0)
			return origin;
	}
	return SLICE_NONE;
}

static void put(struct http_response *p, const char *name, struct slice value)
{
	buf_puts(&p->headers, name);
	buf_puts(&p->headers, ": ");
	buf_put_slice(&p->headers, value);
	buf_puts(&p->headers, "\r\n");
}

/* True when this page may. Caches are told that the answer hangs on who asks, unless everybody may. */
static bool put_origin(const struct http_request *r, const char *allowed, struct http_response *p)
{
	struct slice origin = SLICE_NONE, may;

	http_variable(r, "HTTP_ORIGIN", &origin);
	may = allowed_origin(allowed, origin);
	if (!slice_is(may, "*") && *allowed)
		put(p, "Vary", SLICE("Origin"));
	if (origin.n == 0 || may.n == 0)
		return false;
	put(p, "Access-Control-Allow-Origin", may);
	return true;
}

bool cors_preflight(const struct http_request *r, const char *allowed, struct http_response *p)
{
	struct slice asked;

	if (!slice_is(r->method, "OPTIONS") || !http_variable(r, "HTTP_ORIGIN", &asked) ||
	    !http_variable(r, "HTTP_ACCESS_CONTROL_REQUEST_METHOD", &asked))
		return false;
	p->status = 204;
	if (!put_origin(r, allowed, p))
		return true;
	put(p, "Access-Control-Allow-Methods", SLICE(METHODS));
	put(p, "Access-Control-Allow-Headers", SLICE(HEADERS));
	put(p, "Access-Control-Max-Age", SLICE(KEPT_S));
	return true;
}

void cors_allow(const struct http_request *r, const char *allowed, struct http_response *p)
{
	if (put_origin(r, allowed, p))
		put(p, "Access-Control-Expose-Headers", SLICE(EXPOSED));
}
