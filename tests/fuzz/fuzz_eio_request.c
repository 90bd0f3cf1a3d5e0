// objects: relay/engineio/request.o relay/engineio/handshake.o shared/buf.o
/*
 * What an HTTP request may say before it reaches a session: arguments, methods, upgrade headers, lengths, origins,
 * forwarded addresses. Input: lines; the first is the query, the others headers in a fixed order.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>

#include "request.h"

#define LINES 8

static void split(struct slice in, struct slice out[LINES])
{
	for (int i = 0; i < LINES; i++) {
		const char *end = in.n ? memchr(in.p, '\n', in.n) : NULL;
		size_t n = end ? (size_t)(end - in.p) : in.n;

		out[i] = (struct slice){ in.p, n };
		in = end ? (struct slice){ end + 1, in.n - n - 1 } : SLICE_NONE;
	}
}

static void check_query(struct slice query)
{
	struct handshake h = { .address = "::1" };
	struct request q = { 0 };
	int rc = 0;

	while (query.n && rc == 0) {
		const char *end = memchr(query.p, '&', query.n);
		size_t n = end ? (size_t)(end - query.p) : query.n;

		rc = fields_add_argument(&h.query, (struct slice){ query.p, n });
		query = end ? (struct slice){ end + 1, query.n - n - 1 } : SLICE_NONE;
	}
	enum request_fault fault = request_read(&h.query, &q);
	for (int m = METHOD_GET; fault == REQUEST_FINE && m <= METHOD_OTHER; m++) {
		for (int bits = 0; bits < 16; bits++) {
			struct request_session s = { .version = bits & 1 ? 3 : 4, .on_websocket = bits & 2 };

			q.method = (enum request_method)m;
			q.upgrade = bits & 4;
			enum request_fault got = request_check(&q, bits & 8 ? &s : NULL, true);
			assert(got == REQUEST_FINE || (got <= REQUEST_VERSION && request_fault_text(got)));
			if (got == REQUEST_FINE && q.has_sid)
				assert((bits & 8) && q.version == s.version && q.websocket == q.upgrade);
			if (got == REQUEST_FINE && !q.has_sid)
				assert(m == METHOD_GET && (q.version == 3 || q.version == 4));
		}
	}
	struct handshake *copy = handshake_copy(&h);
	assert(copy->query.count == h.query.count);
	handshake_free(copy);
	fields_fini(&h.query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size ? size : 1);
	struct slice line[LINES];
	struct names names;
	char address[ADDRESS_LEN];
	struct in6_addr any;
	size_t length;

	memcpy(bytes, data, size);
	split((struct slice){ bytes, size }, line);
	check_query(line[0]);
	struct upgrade_headers u = { line[1], line[2], line[3], line[4] };
	if (request_is_websocket(&u))
		assert(u.upgrade.n == 9 && u.key.n == 24 && u.connection.n >= 7);
	if (request_length(line[1], &length) == 0)
		assert(line[1].n <= 18);
	(void)request_is_last(line[2]);
	char *list = mem_copy(line[5]);
	names_parse(&names, list);
	struct slice allowed = request_origin(&names, line[6]);
	if (allowed.n)
		assert(slice_eq(allowed, line[6]) || (line[6].n == 0 && slice_is(allowed, "*")));
	if (request_origin_refused(&names, line[6], line[7]))
		assert(!allowed.n);
	request_address("127.0.0.1", &names, line[7], address);
	assert(inet_pton(AF_INET, address, &any) == 1 || inet_pton(AF_INET6, address, &any) == 1);
	names_fini(&names);
	free(list);
	free(bytes);
	return 0;
}
