/*
 * http: reading what the web server says, writing what it understands.
 *
 * Room: fcgi-api. Calls arena, buf, json (UTF-8) and libc.
 * Bodies are read to their end where the door tells it, not to CONTENT_LENGTH (chunked ones have none), and checked
 * against it: a body that the web server cut short must not look complete.
 */
#include "http.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "json.h"

#define HTTP_PREFIX "/api/mensajes"
#define HTTP_READ_STEP 16384

/* ---- variables and headers ---- */

static bool names(const char *pair, const char *name, struct slice *value_r)
{
	size_t n = strlen(name);

	if (strncmp(pair, name, n) != 0 || pair[n] != '=')
		return false;
	*value_r = slice_of(pair + n + 1);
	return true;
}

int http_variable(const struct http_request *r, const char *name, struct slice *value_r)
{
	for (char *const *e = r->envp; e && *e; e++)
		if (names(*e, name, value_r))
			return 1;
	return 0;
}

/* As web servers join what is repeated; a comma alone may stand in a value ("a,b"). */
static bool joined(struct slice value)
{
	return memmem(value.p, value.n, ", ", 2) != NULL;
}

int http_header(const struct http_request *r, const char *name, struct slice *value_r)
{
	struct slice value;
	int found = 0;

	for (char *const *e = r->envp; e && *e; e++) {
		if (!names(*e, name, &value))
			continue;
		if (found || joined(value))
			return -1;
		*value_r = value;
		found = 1;
	}
	return found;
}

bool http_is_json(const struct http_request *r)
{
	static const char json[] = "application/json";
	struct slice type;
	size_t n = sizeof(json) - 1;

	if (!http_variable(r, "CONTENT_TYPE", &type) || type.n == 0)
		return true;
	if (type.n < n || strncasecmp(type.p, json, n) != 0)
		return false;
	return type.n == n || type.p[n] == ';' || type.p[n] == ' ';
}

/* ---- percent-encoding ---- */

/*
 * Decodes into the arena; -1 for a broken escape, U+0000 or bytes that are not UTF-8. `plus`: a + is a blank.
 */
static int decode(struct arena *a, struct slice in, bool plus, struct slice *out_r)
{
	char *to = arena_alloc(a, in.n + 1), *start = to;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '%') {
			int byte = slice_escaped(in, i);

			if (byte < 0)
				return -1;
			c = (char)byte;
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c == '\0')
			return -1;
		*to++ = c;
	}
	*to = '\0';
	*out_r = (struct slice){ start, (size_t)(to - start) };
	return json_is_utf8(*out_r) ? 0 : -1;
}

/* ---- path and query ---- */

/* A proxy's form of a request names the server first (RFC 9112, 3.2.2); some web servers pass it on. */
static struct slice without_server(struct slice uri)
{
	const char *server = uri.n && uri.p[0] != '/' ? memmem(uri.p, uri.n, "://", 3) : NULL, *path;
	size_t skip;

	if (!server)
		return uri;
	skip = (size_t)(server - uri.p) + 3;
	path = uri.n > skip ? memchr(uri.p + skip, '/', uri.n - skip) : NULL;
	return path ? (struct slice){ path, uri.n - (size_t)(path - uri.p) } : SLICE_NONE;
}

int http_split_path(struct http_request *r, struct slice uri, const char *prefix)
{
	size_t skip = strlen(prefix);
	struct slice path;
	const char *mark;

	uri = path = without_server(uri);
	mark = uri.n ? memchr(uri.p, '?', uri.n) : NULL;
	r->segment_count = 0;
	r->query = SLICE_NONE;
	if (mark) {
		path.n = (size_t)(mark - uri.p);
		r->query = (struct slice){ mark + 1, uri.n - path.n - 1 };
	}
	if (path.n < skip || memcmp(path.p, prefix, skip) != 0)
		return -1;
	path = slice_behind(path, skip);
	while (path.n) {
		const char *end;
		struct slice raw;

		if (path.p[0] != '/' || r->segment_count == HTTP_SEGMENTS_MAX)
			return -1;
		path = slice_behind(path, 1);
		end = path.n ? memchr(path.p, '/', path.n) : NULL;
		raw = (struct slice){ path.p, end ? (size_t)(end - path.p) : path.n };
		if (decode(r->arena, raw, false, &r->segments[r->segment_count]) != 0)
			return -1;
		r->segment_count++;
		path = slice_behind(path, raw.n);
	}
	return 0;
}

int http_query(const struct http_request *r, const char *name, struct slice *value_r)
{
	struct slice rest = r->query, want = slice_of(name), key;

	while (rest.n) {
		const char *end = memchr(rest.p, '&', rest.n), *eq;
		struct slice pair = { rest.p, end ? (size_t)(end - rest.p) : rest.n };

		rest = slice_behind(rest, pair.n);
		if (rest.n)
			rest = slice_behind(rest, 1);
		eq = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
		key = (struct slice){ pair.p, eq ? (size_t)(eq - pair.p) : pair.n };
		if (decode(r->arena, key, true, &key) != 0 || !slice_eq(key, want))
			continue;
		*value_r = SLICE("");
		if (!eq)
			return 1;
		pair = (struct slice){ eq + 1, pair.n - (size_t)(eq + 1 - pair.p) };
		return decode(r->arena, pair, true, value_r) == 0 ? 1 : -1;
	}
	return 0;
}

/* ---- body ---- */

/* CONTENT_LENGTH: absent, empty and "0" all occur. 1 and the number, 0 unknown, -1 no number. */
static int announced(const struct http_request *r, unsigned long long *length_r)
{
	struct slice text;

	if (!http_variable(r, "CONTENT_LENGTH", &text) || text.n == 0)
		return 0;
	if (text.n > 18 || strspn(text.p, "0123456789") != text.n)
		return -1;
	*length_r = strtoull(text.p, NULL, 10);
	return 1;
}

/* The next bytes, of those that are left. */
static int read_on(const struct http_source *s, char *to, size_t room, unsigned long long left)
{
	if (room > left)
		room = (size_t)left;
	return room ? s->read(s->ctx, to, (int)room) : 0;
}

static int read_body(struct http_request *r, const struct http_source *s)
{
	unsigned long long want = 0, got = 0, end;
	int known = announced(r, &want), n = 0;
	size_t cap = HTTP_READ_STEP, have = 0;
	char *bytes = arena_alloc(r->arena, cap + 1), junk[8192];
	struct slice coding;

	if (known < 0)
		return 400;
	/* a source without an end is not read past the length; where there is none, only for a chunked body */
	end = s->ends || (!known && http_variable(r, "HTTP_TRANSFER_ENCODING", &coding)) ? ULLONG_MAX : want;
	while (got <= HTTP_BODY_MAX) {
		/* one byte beyond the limit is room enough to see it passed */
		if (have == cap && cap <= HTTP_BODY_MAX) {
			char *bigger = arena_alloc(r->arena, cap * 2 + 1);

			memcpy(bigger, bytes, have);
			bytes = bigger;
			cap *= 2;
		}
		n = read_on(s, bytes + have, cap - have, end - got);
		if (n <= 0)
			break;
		have += (size_t)n;
		got += (unsigned)n;
	}
	while (n > 0 && got < HTTP_DRAIN_MAX && (n = read_on(s, junk, sizeof(junk), end - got)) > 0)
		got += (unsigned)n;
	if (got > HTTP_BODY_MAX)
		return 413;
	if (n < 0 || (known && want != got))
		return 400;
	bytes[have] = '\0';
	r->body = (struct slice){ bytes, have };
	return 0;
}

void http_read(struct http_request *r, struct arena *a, char *const *envp, const struct http_source *source)
{
	struct slice uri = SLICE_NONE;

	memset(r, 0, sizeof(*r));
	r->envp = envp;
	r->arena = a;
	if (!http_variable(r, "REQUEST_METHOD", &r->method))
		r->method = SLICE("");
	http_variable(r, "REQUEST_URI", &uri);
	r->path_fault = http_split_path(r, uri, HTTP_PREFIX) != 0 ? 404 : 0;
	if (uri.n > HTTP_URI_MAX)
		r->path_fault = 414;
	r->body_fault = read_body(r, source);
}

/* ---- response ---- */

void http_response_init(struct http_response *p)
{
	p->status = 0;
	p->no_store = false;
	buf_init(&p->headers);
	buf_init(&p->body);
}

void http_response_fini(struct http_response *p)
{
	buf_fini(&p->headers);
	buf_fini(&p->body);
}

static const char *reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 201: return "Created";
	case 204: return "No Content";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 413: return "Content Too Large";
	case 414: return "URI Too Long";
	case 415: return "Unsupported Media Type";
	case 422: return "Unprocessable Content";
	case 429: return "Too Many Requests";
	case 503: return "Service Unavailable";
	default:  return "Internal Server Error";
	}
}

void http_write(const struct http_response *p, struct buf *out)
{
	bool bare = p->status == 204 || p->status == 304;

	buf_putf(out, "Status: %d %s\r\n", p->status, reason(p->status));
	if (!bare)
		buf_putf(out, "Content-Type: application/json; charset=utf-8\r\nContent-Length: %zu\r\n",
			 p->body.len);
	buf_puts(out, p->no_store ? "Cache-Control: no-store\r\n" : "Cache-Control: private, no-cache\r\n");
	buf_put_slice(out, buf_slice(&p->headers));
	buf_puts(out, "\r\n");
	if (!bare)
		buf_put_slice(out, buf_slice(&p->body));
}
