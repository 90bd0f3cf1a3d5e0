/*
 * cors: headers for pages of other sites.
 *
 * Room: fcgi-api.
 */
#include "cors.h"

#include <ctype.h>
#include <strings.h>

#define METHODS "GET, HEAD, POST, PUT, DELETE"
#define HEADERS "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-User-Id"
#define EXPOSED "ETag, Retry-After, WWW-Authenticate, X-Cursor, X-Poll-Interval, X-Truncated"
#define KEPT_S "600"                   /* so long a browser need not ask again */

/* The next entry of the list, without the blanks around it; false at the end. */
static bool next_entry(const char **list, struct slice *entry_r)
{
	const char *p = *list + strspn(*list, ", \t");
	size_t n = strcspn(p, ",");

	*list = p + n;
	while (n && (isspace((unsigned char)p[n - 1]) || p[n - 1] == '/'))
		n--;
	*entry_r = (struct slice){ p, n };
	return *p != '\0';
}

/* What stands in Access-Control-Allow-Origin: the origin, "*", or nothing. */
static struct slice allowed_origin(const char *allowed, struct slice origin)
{
	struct slice entry;

	while (next_entry(&allowed, &entry))
		if (slice_is(entry, "*") || (entry.n == origin.n && strncasecmp(entry.p, origin.p, origin.n) == 0))
			return slice_is(entry, "*") ? entry : origin;
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
