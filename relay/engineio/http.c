/*
 * http: see http.h.
 *
 * Room: relay/engineio. lws parses, and all judgement is here: lengths, transfer encodings, methods, upgrades.
 */
#include <stdio.h>
#include <strings.h>

#include "http.h"
#include "log.h"
#include "offer.h"
#include "polling.h"
#include "post.h"

#define TEXT_MAX 8192              /* as much as lws keeps of a request (max_http_header_data) */
#define DISCARD_MAX 8388608        /* a larger body that nobody wants is not read away */
#define RETRY_LINE "Retry-After: 2\r\n"
#define METHODS_LINE "Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n"

static const char json_type[] = "application/json";
static const char too_large[] = "{\"message\":\"Payload too large\"}";

/* Headers that are kept of a handshake. */
static const struct {
	const char *name;
	enum lws_token_indexes token;
} kept_headers[] = {
	{ "authorization", WSI_TOKEN_HTTP_AUTHORIZATION },
	{ "cookie", WSI_TOKEN_HTTP_COOKIE },
	{ "origin", WSI_TOKEN_ORIGIN },
	{ "user-agent", WSI_TOKEN_HTTP_USER_AGENT },
	{ "x-forwarded-for", WSI_TOKEN_X_FORWARDED_FOR },
	{ "host", WSI_TOKEN_HOST },
	{ "referer", WSI_TOKEN_HTTP_REFERER },
};

/* ---- reading ---- */

/* Without the blanks around it, which are no part of it (RFC 9112 §5). */
static struct slice header(struct eio_conn *c, enum lws_token_indexes token, char *text)
{
	int n = lws_hdr_copy(c->wsi, text, TEXT_MAX, token);

	return slice_trim((struct slice){ text, n > 0 ? (size_t)n : 0 });
}

static int read_query(struct eio_conn *c, struct fields *query)
{
	char text[TEXT_MAX];

	fields_reset(query);
	/* -1 is the end: no argument is longer than all that lws keeps */
	for (int i = 0; i <= FIELDS_MAX; i++) {
		int n = lws_hdr_copy_fragment(c->wsi, text, sizeof text, WSI_TOKEN_HTTP_URI_ARGS, i);

		if (n < 0)
			return 0;
		if (n && fields_add_argument(query, (struct slice){ text, (size_t)n }) < 0)
			return -1;
	}
	return -1;
}

static void read_headers(struct eio_conn *c, struct handshake *h)
{
	char text[TEXT_MAX];
	struct slice forwarded;

	fields_reset(&h->headers);
	for (size_t i = 0; i < sizeof kept_headers / sizeof kept_headers[0]; i++) {
		struct slice value = header(c, kept_headers[i].token, text);

		if (value.n)
			fields_add(&h->headers, slice_of(kept_headers[i].name), value);
	}
	fields_find(&h->headers, "x-forwarded-for", &forwarded);
	request_address(c->peer, &c->hub->proxies, forwarded, h->address);
	memcpy(c->asker, h->address, sizeof c->asker);
}

static enum request_method read_method(struct eio_conn *c, struct slice *path_r)
{
	char *uri = NULL;
	int len = 0;
	int m = lws_http_get_uri_and_method(c->wsi, &uri, &len);

	*path_r = (struct slice){ uri, uri && len > 0 ? (size_t)len : 0 };
	switch (m) {
	case LWSHUMETH_GET: return METHOD_GET;
	case LWSHUMETH_POST: return METHOD_POST;
	case LWSHUMETH_OPTIONS: return METHOD_OPTIONS;
	case LWSHUMETH_HEAD: return METHOD_HEAD;
	default: return METHOD_OTHER;
	}
}

/* "/socket.io/" is also asked for as "/socket.io". */
static bool is_ours(const struct eio_conn *c, struct slice path)
{
	struct slice own = slice_of(c->hub->config.path);

	return !c->aside && (slice_eq(path, own) ||
			     (own.n > 1 && own.p[own.n - 1] == '/' && slice_eq(path, (struct slice){ own.p, own.n - 1 })));
}

/* True when the origin may not ask. The CORS header is prepared. */
static bool refuses_origin(struct eio_conn *c)
{
	struct fields *headers = &c->hub->request.headers;
	struct slice origin, host;

	fields_find(headers, "origin", &origin);
	fields_find(headers, "host", &host);
	conn_allow_origin(c, request_origin(&c->hub->origins, origin));
	return request_origin_refused(&c->hub->origins, origin, host);
}

/*
 * EIO_REFUSALS, or why it cannot be taken for what lws makes of it: for one see conn_request; the other: of a line break
 * in the target (%0A) lws makes the end of the line, and of what follows a header, which a page could so put into its
 * reader's request. The line has then no version.
 */
static enum eio_refusal begin_request(struct eio_conn *c)
{
	bool whole = lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP) > 0, alone = conn_request(c);

	c->hub->host.stats.requests++;
	conn_deadline(c, WHEEL_NEVER, EIO_REFUSALS);
	c->role = CONN_IDLE;
	c->ended = c->head_only = c->base64 = c->octets = false;
	/*
	 * Then the next request needs a connection of its own: after an answered upgrade lws takes what follows for the next
	 * one, whatever length was announced; and see offer_waits.
	 */
	c->wants_close = (c->in_upgrade && c->skipping) || offer_waits(c);
	c->jsonp = -1;
	c->version = 4;
	c->sid[0] = '\0';
	conn_allow_origin(c, SLICE_NONE);
	return !whole ? EIO_REFUSED_LINE : alone ? EIO_REFUSALS : EIO_REFUSED_PIPELINED;
}

/* ---- the transport's path ---- */

static int answer_busy(struct eio_conn *c)
{
	struct conn_answer a = { .status = 503, .type = json_type, .extra = RETRY_LINE,
				 .body = SLICE("{\"message\":\"Service unavailable\",\"code\":\"unavailable\"}") };

	return conn_answer(c, &a);
}

static int answer_text(struct eio_conn *c, int status, enum eio_refusal refusal, const char *text)
{
	struct conn_answer a = { .status = status, .type = json_type, .body = slice_of(text) };

	c->hub->host.stats.bad_requests++;
	conn_refuse(c, refusal);
	return conn_answer(c, &a);
}

static int answer_preflight(struct eio_conn *c)
{
	char asked[512], lines[1024];
	struct conn_answer a = { .status = 204, .extra = lines };
	int n = lws_hdr_copy(c->wsi, asked, sizeof asked, WSI_TOKEN_HTTP_AC_REQUEST_HEADERS);
	static const char names[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_, ";
	/* what the peer wrote goes back only if it can be nothing but a list of names */
	bool plain = n > 0 && strspn(asked, names) == (size_t)n;

	snprintf(lines, sizeof lines,
		 METHODS_LINE "Access-Control-Allow-Headers: %s\r\nAccess-Control-Max-Age: 86400\r\n",
		 plain ? asked : "Content-Type, Authorization");
	return conn_answer(c, &a);
}

/* Lengths that are missing or absurd: 0, or the status that refuses them. */
static int check_length(struct eio_conn *c, enum request_method method, size_t *length_r)
{
	char text[TEXT_MAX];
	struct slice length = header(c, WSI_TOKEN_HTTP_CONTENT_LENGTH, text);

	*length_r = 0;
	if (lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
		return 501;
	if (length.n == 0) {
		c->wants_close |= method == METHOD_OTHER;  /* lws may wait for a body that has no end */
		return method == METHOD_POST ? 411 : 0;
	}
	if (request_length(length, length_r) < 0)
		return 400;
	c->wants_close |= *length_r > DISCARD_MAX;
	return *length_r > DISCARD_MAX && method != METHOD_POST ? 413 : 0;
}

static bool is_octets(struct eio_conn *c)
{
	char text[TEXT_MAX];
	struct slice type = header(c, WSI_TOKEN_HTTP_CONTENT_TYPE, text);

	return type.n >= 24 && memcmp(type.p, "application/octet-stream", 24) == 0;
}

static int open_polling(struct eio_conn *c, const struct request *q)
{
	struct eio_hub *h = c->hub;

	if (!hub_welcomes(h))
		return answer_busy(c);
	struct eio_session *s = hub_open(h, q->version, false, handshake_copy(&h->request));
	if (!s)
		return answer_busy(c);
	s->base64 = q->base64;
	session_opened(s);
	return s->state == SESSION_CLOSED ? answer_busy(c) : polling_get(c, s);
}

static int post_polling(struct eio_conn *c, struct eio_session *s, size_t length)
{
	if (length > c->hub->config.max_payload)
		return answer_text(c, 413, EIO_REFUSED_BODY_LARGE, too_large);
	c->octets = is_octets(c);
	if (c->octets && s->version == 4) {
		session_end(s, EIO_TRANSPORT_ERROR, 0);
		return conn_answer_fault(c, EIO_REFUSED_PAYLOAD, REQUEST_BAD);
	}
	int rc = post_begin(c, s, length);
	return c->role == CONN_BODY ? offer_continue(c) : rc;
}

static enum request_fault judge(struct eio_conn *c, struct request *q, struct eio_session **s_r)
{
	enum request_fault fault = request_read(&c->hub->request.query, q);

	*s_r = NULL;
	if (fault != REQUEST_FINE)
		return fault;
	if (q->jsonp >= 0 && q->method == METHOD_GET &&
	    request_script_refused(&c->hub->origins, &c->hub->request.headers))
		return REQUEST_FORBIDDEN;
	*s_r = q->has_sid ? hub_find(c->hub, q->sid) : NULL;
	struct request_session known = { 0 };
	if (*s_r)
		known = (struct request_session){ .version = (*s_r)->version,
						  .on_websocket = (*s_r)->transport == c->hub->host.websocket };
	c->version = (uint8_t)(q->version ? q->version : 4);
	c->jsonp = q->jsonp;
	c->base64 = q->base64;
	return request_check(q, *s_r ? &known : NULL, c->hub->config.allow_v3);
}

static int engine_request(struct eio_conn *c, struct request *q, bool query_fits, bool stranger)
{
	struct eio_session *s;
	size_t length;
	int status = check_length(c, q->method, &length);

	if (status) {
		c->wants_close = true;
		return answer_text(c, status, request_length_refusal(status),
				   status == 413 ? too_large : request_fault_text(REQUEST_BAD));
	}
	if (stranger)
		return conn_answer_fault(c, EIO_REFUSED_ORIGIN, REQUEST_FORBIDDEN);
	if (q->method == METHOD_OPTIONS)
		return answer_preflight(c);
	enum request_fault fault = query_fits ? judge(c, q, &s) : REQUEST_BAD;
	if (fault != REQUEST_FINE)
		return conn_answer_fault(c, query_fits ? request_fault_refusal(fault) : EIO_REFUSED_QUERY, fault);
	if (!s)
		return open_polling(c, q);
	return q->method == METHOD_POST ? post_polling(c, s, length) : polling_get(c, s);
}

/* ---- everything else ---- */

static int other_request(struct eio_conn *c, enum request_method method, struct slice path)
{
	struct eio_hub *h = c->hub;
	struct eio_response r = { .status = 404, .content_type = json_type };
	bool reads = method == METHOD_GET || method == METHOD_HEAD;
	struct buf query = BUF_INIT;
	char retry[64];
	size_t length;

	c->wants_close |= check_length(c, method, &length) != 0;
	fields_join(&h->request.query, &query);
	struct eio_request q = { .method = reads ? method == METHOD_GET ? SLICE("GET") : SLICE("HEAD") : SLICE_NONE, .path = path,
				 .query = buf_slice(&query), .address = h->request.address, .aside = c->aside };
	if (h->host.cb.on_request)
		h->host.cb.on_request(h->host.ctx, &q, &r);
	if (r.same_origin)
		conn_allow_origin(c, SLICE_NONE);
	buf_fini(&query);
	if (method == METHOD_OPTIONS && !r.same_origin && lws_hdr_total_length(c->wsi, WSI_TOKEN_ORIGIN) > 0) {
		buf_fini(&r.body);
		return answer_preflight(c);
	}
	if (!reads)
		conn_refuse(c, EIO_REFUSED_METHOD);
	struct conn_answer a = { .status = reads ? r.status : 405, .type = r.content_type, .body = buf_slice(&r.body),
				 .extra = reads ? NULL : "Allow: GET, HEAD\r\n" };
	if ((a.status == 404 || !reads) && r.body.len == 0)
		a.body = reads ? SLICE("{\"message\":\"Not found\"}") : SLICE("{\"message\":\"Method not allowed\"}");
	if (r.retry_after && reads) {
		snprintf(retry, sizeof retry, "Retry-After: %s\r\n", r.retry_after);
		a.extra = retry;
	}
	int rc = conn_answer(c, &a);
	buf_fini(&r.body);
	return rc;
}

int http_request(struct eio_conn *c)
{
	char connection[TEXT_MAX];
	struct request q = { 0 };
	struct slice path;

	enum eio_refusal no = begin_request(c);
	c->last_request = request_is_last(header(c, WSI_TOKEN_CONNECTION, connection));
	q.method = read_method(c, &path);
	c->head_only = q.method == METHOD_HEAD;
	bool query_fits = read_query(c, &c->hub->request.query) == 0;
	read_headers(c, &c->hub->request);
	bool stranger = refuses_origin(c);     /* for the header of each answer; what is public is public */
	if (no != EIO_REFUSALS) {
		c->wants_close = true;
		conn_allow_origin(c, SLICE_NONE);
		return answer_text(c, 400, no, request_fault_text(REQUEST_BAD));
	}
	return is_ours(c, path) ? engine_request(c, &q, query_fits, stranger) : other_request(c, q.method, path);
}

/* ---- upgrades ---- */

static bool is_websocket(struct eio_conn *c)
{
	char upgrade[TEXT_MAX], connection[TEXT_MAX], version[TEXT_MAX], key[TEXT_MAX];
	struct upgrade_headers u = {
		.upgrade = header(c, WSI_TOKEN_UPGRADE, upgrade),
		.connection = header(c, WSI_TOKEN_CONNECTION, connection),
		.version = header(c, WSI_TOKEN_VERSION, version),
		.key = header(c, WSI_TOKEN_KEY, key),
	};

	return request_is_websocket(&u);
}

static int upgrade_websocket(struct eio_conn *c)
{
	struct eio_session *s;
	struct request q = { .upgrade = true };
	struct slice path;

	enum eio_refusal no = begin_request(c);
	q.method = read_method(c, &path);
	bool query_fits = read_query(c, &c->hub->request.query) == 0;
	read_headers(c, &c->hub->request);
	if (no != EIO_REFUSALS) {
		conn_refuse(c, no);
		return -1;
	}
	if (!is_ours(c, path) || !is_websocket(c) || !query_fits || !offer_protocol(c))
		return conn_answer_fault(c, query_fits ? EIO_REFUSED_UPGRADE : EIO_REFUSED_QUERY, REQUEST_BAD);
	if (refuses_origin(c))
		return conn_answer_fault(c, EIO_REFUSED_ORIGIN, REQUEST_FORBIDDEN);
	enum request_fault fault = judge(c, &q, &s);
	if (fault != REQUEST_FINE)
		return conn_answer_fault(c, request_fault_refusal(fault), fault);
	if (!s && !hub_welcomes(c->hub))
		return answer_busy(c);
	conn_allow_origin(c, SLICE_NONE);
	handshake_free(c->shake);
	c->shake = s ? NULL : handshake_copy(&c->hub->request);
	if (s)
		memcpy(c->sid, s->sid, sizeof c->sid);
	conn_deadline(c, c->hub->config.header_timeout_ms, EIO_REFUSED_HEAD_SLOW);
	return 0;
}

/*
 * An offer of HTTP/2 is ignored (RFC 9110 §7.8): the request is answered as it stands. Only what is
 * answered at once can be: to go on with anything else would let lws into HTTP/2.
 */
int http_upgrade(struct eio_conn *c)
{
	char upgrade[32];
	int rc = -1;

	/* of anything else lws has given the headers away already */
	int n = lws_hdr_copy(c->wsi, upgrade, sizeof upgrade, WSI_TOKEN_UPGRADE);
	c->in_upgrade = true;
	if (n == 3 && strcasecmp(upgrade, "h2c") == 0)
		rc = http_request(c) == 1 ? 1 : -1;
	else if (n == 9 && strcasecmp(upgrade, "websocket") == 0)
		rc = upgrade_websocket(c);
	c->in_upgrade = false;
	return rc;
}
