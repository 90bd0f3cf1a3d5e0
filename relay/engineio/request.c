/*
 * request: see request.h.
 *
 * Room: relay/engineio. Pure; calls handshake, buf and inet_pton.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <strings.h>

#include "request.h"

#define LENGTH_DIGITS_MAX 18
#define JSONP_DIGITS_MAX 9

static const char *const fault_texts[] = {
	[REQUEST_TRANSPORT_UNKNOWN] = "{\"code\":0,\"message\":\"Transport unknown\"}",
	[REQUEST_SID_UNKNOWN] = "{\"code\":1,\"message\":\"Session ID unknown\"}",
	[REQUEST_METHOD] = "{\"code\":2,\"message\":\"Bad handshake method\"}",
	[REQUEST_BAD] = "{\"code\":3,\"message\":\"Bad request\"}",
	[REQUEST_FORBIDDEN] = "{\"code\":4,\"message\":\"Forbidden\"}",
	[REQUEST_VERSION] = "{\"code\":5,\"message\":\"Unsupported protocol version\"}",
};

const char *request_fault_text(enum request_fault fault)
{
	return fault_texts[fault];
}

int request_fault_status(enum request_fault fault)
{
	return fault == REQUEST_FORBIDDEN ? 403 : 400;
}

enum eio_refusal request_fault_refusal(enum request_fault fault)
{
	switch (fault) {
	case REQUEST_TRANSPORT_UNKNOWN: return EIO_REFUSED_TRANSPORT;
	case REQUEST_SID_UNKNOWN: return EIO_REFUSED_SID;
	case REQUEST_METHOD: return EIO_REFUSED_HANDSHAKE_METHOD;
	case REQUEST_FORBIDDEN: return EIO_REFUSED_ORIGIN;
	case REQUEST_VERSION: return EIO_REFUSED_VERSION;
	case REQUEST_BAD:
	case REQUEST_FINE:
		break;
	}
	return EIO_REFUSED_REQUEST;
}

enum eio_refusal request_length_refusal(int status)
{
	switch (status) {
	case 411: return EIO_REFUSED_NO_LENGTH;
	case 413: return EIO_REFUSED_BODY_LARGE;
	case 501: return EIO_REFUSED_CODING;
	default: return EIO_REFUSED_LENGTH;
	}
}

static bool read_digits(struct slice text, size_t digits_max, uint64_t *value_r)
{
	uint64_t v = 0;

	if (text.n == 0 || text.n > digits_max)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text.p[i] - '0');
	}
	*value_r = v;
	return true;
}

enum request_fault request_read(const struct fields *query, struct request *q_r)
{
	struct slice eio, transport, b64, j;
	uint64_t index;

	unsigned transports = fields_find(query, "transport", &transport);
	if (transports != 1 || (!slice_is(transport, "polling") && !slice_is(transport, "websocket")))
		return REQUEST_TRANSPORT_UNKNOWN;
	q_r->websocket = slice_is(transport, "websocket");

	unsigned sids = fields_find(query, "sid", &q_r->sid);
	q_r->has_sid = q_r->sid.n > 0;
	unsigned versions = fields_find(query, "EIO", &eio);
	q_r->version = slice_is(eio, "4") ? 4 : slice_is(eio, "3") ? 3 : 0;
	q_r->base64 = fields_find(query, "b64", &b64) && b64.n && !slice_is(b64, "0");
	q_r->jsonp = -1;
	if (!q_r->websocket && fields_find(query, "j", &j) && q_r->version) {
		if (!read_digits(j, JSONP_DIGITS_MAX, &index))
			return REQUEST_BAD;
		q_r->jsonp = (int)index;
	}
	return sids > 1 || versions > 1 ? REQUEST_BAD : REQUEST_FINE;
}

static enum request_fault check_handshake(const struct request *q, bool allow_v3)
{
	if (q->method != METHOD_GET)
		return REQUEST_METHOD;
	if (q->websocket != q->upgrade)
		return REQUEST_BAD;
	if (q->version != 4 && !(q->version == 3 && allow_v3))
		return REQUEST_VERSION;
	return REQUEST_FINE;
}

enum request_fault request_check(const struct request *q, const struct request_session *session,
				 bool allow_v3)
{
	if (!q->has_sid)
		return check_handshake(q, allow_v3);
	if (!session)
		return REQUEST_SID_UNKNOWN;
	if (q->version != session->version || q->websocket != q->upgrade)
		return REQUEST_BAD;
	if (q->upgrade)
		return q->method == METHOD_GET ? REQUEST_FINE : REQUEST_BAD;
	if (session->on_websocket || (q->method != METHOD_GET && q->method != METHOD_POST))
		return REQUEST_BAD;
	return REQUEST_FINE;
}

static bool token_in(struct slice list, struct slice token)
{
	struct slice one;

	while (slice_cut(&list, ',', &one))
		if (one.n == token.n && strncasecmp(one.p, token.p, token.n) == 0)
			return true;
	return false;
}

bool request_is_websocket(const struct upgrade_headers *h)
{
	if (h->upgrade.n != 9 || strncasecmp(h->upgrade.p, "websocket", 9) != 0)
		return false;
	return slice_is(h->version, "13") && h->key.n == 24 && token_in(h->connection, SLICE("upgrade"));
}

bool request_is_last(struct slice connection)
{
	return token_in(connection, SLICE("close"));
}

int request_length(struct slice text, size_t *length_r)
{
	uint64_t v;

	if (!read_digits(text, LENGTH_DIGITS_MAX, &v))
		return -1;
	*length_r = (size_t)v;
	return 0;
}

/* ---- who may ask ---- */

void names_parse(struct names *n, const char *comma_list)
{
	struct slice list = slice_of(comma_list), name;

	*n = (struct names){ 0 };
	while (slice_cut(&list, ',', &name)) {
		while (name.n && name.p[name.n - 1] == '/')
			name.n--;
		if (name.n) {
			n->list = mem_resize(n->list, (n->count + 1) * sizeof *n->list);
			n->list[n->count++] = mem_copy(name);
		}
	}
}

void names_fini(struct names *n)
{
	for (unsigned i = 0; i < n->count; i++)
		free(n->list[i]);
	free(n->list);
	*n = (struct names){ 0 };
}

const char *names_find(const struct names *n, struct slice text)
{
	for (unsigned i = 0; i < n->count; i++)
		if (strlen(n->list[i]) == text.n && strncasecmp(n->list[i], text.p, text.n) == 0)
			return n->list[i];
	return NULL;
}

struct slice request_origin(const struct names *allowed, struct slice origin)
{
	bool any = names_find(allowed, SLICE("*"));

	if (origin.n == 0)
		return any ? SLICE("*") : SLICE_NONE;
	return any || names_find(allowed, origin) ? origin : SLICE_NONE;
}

/* "host:80" is "host" where 80 is what the scheme means anyway. */
static struct slice without_default(struct slice host, const char *port)
{
	size_t n = strlen(port);

	if (host.n > n && memcmp(host.p + host.n - n, port, n) == 0)
		host.n -= n;
	return host;
}

static bool is_this_host(struct slice origin, struct slice host)
{
	static const struct { const char *text, *port; } schemes[] = {
		{ "http://", ":80" }, { "https://", ":443" }, { "ws://", ":80" }, { "wss://", ":443" },
	};

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t n = strlen(schemes[i].text);

		if (origin.n <= n || strncasecmp(origin.p, schemes[i].text, n) != 0)
			continue;
		origin = without_default(slice_behind(origin, n), schemes[i].port);
		host = without_default(host, schemes[i].port);
		return host.n == origin.n && strncasecmp(origin.p, host.p, host.n) == 0;
	}
	return false;
}

bool request_origin_refused(const struct names *allowed, struct slice origin, struct slice host)
{
	return origin.n && !request_origin(allowed, origin).n && !is_this_host(origin, host);
}

bool request_script_refused(const struct names *allowed, const struct fields *headers)
{
	struct slice origin, referer, host;

	if (names_find(allowed, SLICE("*")) || fields_find(headers, "origin", &origin))
		return false;
	fields_find(headers, "referer", &referer);
	fields_find(headers, "host", &host);
	const char *rest = referer.n ? memmem(referer.p, referer.n, "://", 3) : NULL;
	const char *end = rest ? memchr(rest + 3, '/', referer.n - (size_t)(rest + 3 - referer.p)) : NULL;

	origin = (struct slice){ referer.p, end ? (size_t)(end - referer.p) : referer.n };
	return origin.n == 0 || request_origin_refused(allowed, origin, host);
}

/* As accept.c writes a peer's: an IPv4 address in IPv6 is that one. False when it is no address. */
static bool plain_address(const char *text, char out[ADDRESS_LEN])
{
	struct in6_addr a;

	memset(out, 0, ADDRESS_LEN);
	if (inet_pton(AF_INET, text, &a) == 1)
		return inet_ntop(AF_INET, &a, out, ADDRESS_LEN);
	if (inet_pton(AF_INET6, text, &a) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&a))
		return inet_ntop(AF_INET, a.s6_addr + 12, out, ADDRESS_LEN);
	return inet_ntop(AF_INET6, &a, out, ADDRESS_LEN);
}

void names_as_addresses(struct names *n)
{
	char plain[ADDRESS_LEN];

	for (unsigned i = 0; i < n->count; i++) {
		if (!plain_address(n->list[i], plain))
			continue;
		free(n->list[i]);
		n->list[i] = mem_copy(slice_of(plain));
	}
}

/* Some proxies write "192.0.2.1:4711" and "[2001:db8::1]:4711" or "[2001:db8::1]". */
static struct slice without_port(struct slice a)
{
	const char *end = a.n ? memchr(a.p, *a.p == '[' ? ']' : ':', a.n) : NULL;

	if (!end || (*end == ':' && memchr(end + 1, ':', a.n - (size_t)(end + 1 - a.p))))
		return a;
	if (*a.p == '[')
		return (struct slice){ a.p + 1, (size_t)(end - a.p) - 1 };
	return (struct slice){ a.p, (size_t)(end - a.p) };
}

/* Takes the last element off a list: false when it is no address. */
static bool take_last(struct slice *list, char out[ADDRESS_LEN])
{
	size_t start = list->n, end = list->n;
	char text[ADDRESS_LEN] = { 0 }, plain[ADDRESS_LEN];

	while (start && list->p[start - 1] != ',')
		start--;
	list->n = start ? start - 1 : 0;
	while (start < end && list->p[start] == ' ')
		start++;
	while (end > start && list->p[end - 1] == ' ')
		end--;
	struct slice last = without_port((struct slice){ list->p + start, end - start });
	if (last.n == 0 || last.n >= sizeof text)
		return false;
	memcpy(text, last.p, last.n);
	if (!plain_address(text, plain))
		return false;
	memcpy(out, plain, sizeof plain);
	return true;
}

void request_address(const char *peer, const struct names *trusted, struct slice forwarded,
		     char out[ADDRESS_LEN])
{
	memset(out, 0, ADDRESS_LEN);
	memcpy(out, peer, strnlen(peer, ADDRESS_LEN - 1));
	while (forwarded.n && names_find(trusted, slice_of(out)) && take_last(&forwarded, out))
		continue;
}
