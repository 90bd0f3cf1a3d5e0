// objects: relay/engineio/request.o relay/engineio/handshake.o shared/buf.o
/*
 * request: who may ask what, as tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "request.h"

static void fill(struct fields *f, const char *query)
{
	fields_reset(f);
	while (*query) {
		size_t n = strcspn(query, "&");

		fields_add_argument(f, (struct slice){ query, n });
		query += n + (query[n] == '&');
	}
}

static void verdicts(void **state)
{
	enum { UP = 1, V3 = 2, KNOWN = 4, KNOWN_WS = 8, KNOWN_V3 = 16 };
	static const struct { enum request_method method; const char *query; int with; enum request_fault want; } rows[] = {
		{ METHOD_GET, "EIO=4&transport=polling", 0, REQUEST_FINE },
		{ METHOD_GET, "EIO=4&transport=websocket", UP, REQUEST_FINE },
		{ METHOD_GET, "EIO=4&transport=websocket", 0, REQUEST_BAD },
		{ METHOD_GET, "EIO=4&transport=polling", UP, REQUEST_BAD },
		{ METHOD_GET, "EIO=4", 0, REQUEST_TRANSPORT_UNKNOWN },
		{ METHOD_GET, "EIO=4&transport=Polling", 0, REQUEST_TRANSPORT_UNKNOWN },
		{ METHOD_GET, "EIO=4&transport=polling&transport=websocket", 0, REQUEST_TRANSPORT_UNKNOWN },
		{ METHOD_GET, "transport=polling", 0, REQUEST_VERSION }, { METHOD_GET, "EIO=04&transport=polling", 0, REQUEST_VERSION },
		{ METHOD_GET, "EIO=3&transport=polling", 0, REQUEST_VERSION }, { METHOD_GET, "EIO=3&transport=polling", V3, REQUEST_FINE },
		{ METHOD_GET, "EIO=4&EIO=4&transport=polling", 0, REQUEST_BAD },
		{ METHOD_POST, "EIO=4&transport=polling", 0, REQUEST_METHOD }, { METHOD_HEAD, "EIO=4&transport=polling", 0, REQUEST_METHOD },
		{ METHOD_OTHER, "EIO=4&transport=polling", 0, REQUEST_METHOD },
		{ METHOD_POST, "EIO=4&transport=websocket", UP, REQUEST_METHOD },
		{ METHOD_GET, "EIO=4&transport=polling&sid=x", 0, REQUEST_SID_UNKNOWN },
		{ METHOD_GET, "EIO=4&transport=polling&sid=", 0, REQUEST_FINE }, { METHOD_GET, "EIO=4&transport=polling&sid", 0, REQUEST_FINE },
		{ METHOD_GET, "EIO=4&transport=websocket&sid=", UP, REQUEST_FINE }, { METHOD_POST, "EIO=4&transport=polling&sid=", 0, REQUEST_METHOD },
		{ METHOD_GET, "EIO=4&transport=polling&sid=&sid=a", KNOWN, REQUEST_BAD },
		{ METHOD_GET, "EIO=4&transport=polling&sid=a&sid=b", KNOWN, REQUEST_BAD },
		{ METHOD_GET, "EIO=4&transport=polling&sid=a", KNOWN, REQUEST_FINE },
		{ METHOD_POST, "EIO=4&transport=polling&sid=a", KNOWN, REQUEST_FINE },
		{ METHOD_OTHER, "EIO=4&transport=polling&sid=a", KNOWN, REQUEST_BAD },
		{ METHOD_HEAD, "EIO=4&transport=polling&sid=a", KNOWN, REQUEST_BAD },
		{ METHOD_GET, "EIO=3&transport=polling&sid=a", KNOWN | V3, REQUEST_BAD },
		{ METHOD_GET, "EIO=3&transport=polling&sid=a", KNOWN | KNOWN_V3 | V3, REQUEST_FINE },
		{ METHOD_GET, "transport=polling&sid=a", KNOWN, REQUEST_BAD },
		{ METHOD_GET, "EIO=4&transport=polling&sid=a", KNOWN | KNOWN_WS, REQUEST_BAD },
		{ METHOD_GET, "EIO=4&transport=websocket&sid=a", KNOWN, REQUEST_BAD },
		{ METHOD_GET, "EIO=4&transport=websocket&sid=a", KNOWN | UP, REQUEST_FINE },
		{ METHOD_GET, "EIO=4&transport=websocket&sid=a", KNOWN | KNOWN_WS | UP, REQUEST_FINE },
		{ METHOD_POST, "EIO=4&transport=websocket&sid=a", KNOWN | UP, REQUEST_BAD },
		{ METHOD_GET, "EIO=3&transport=polling&j=x", V3, REQUEST_BAD }, { METHOD_GET, "EIO=3&transport=polling&j=12", V3, REQUEST_FINE },
		{ METHOD_GET, "EIO=4&transport=websocket&j=x", UP, REQUEST_FINE },
		{ METHOD_GET, "EIO=4&transport=polling&j=x", 0, REQUEST_BAD }, { METHOD_GET, "EIO=4&transport=polling&j=0", 0, REQUEST_FINE },
	};
	struct fields f = { 0 };
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct request q = { .method = rows[i].method, .upgrade = rows[i].with & UP };
		struct request_session s = { .version = rows[i].with & KNOWN_V3 ? 3 : 4, .on_websocket = rows[i].with & KNOWN_WS };

		fill(&f, rows[i].query);
		enum request_fault got = request_read(&f, &q);
		if (got == REQUEST_FINE)
			got = request_check(&q, rows[i].with & KNOWN ? &s : NULL, rows[i].with & V3);
		if (got != rows[i].want)
			print_message("row %zu: %s\n", i, rows[i].query);
		assert_int_equal(got, rows[i].want);
	}
	fields_fini(&f);
}

static void lengths(void **state)
{
	static const char *const bad[] = { "", "-5", "3x", "3,  5", "+3", " 3", "0x3", "12345678901234567890123", "3 " };
	size_t n = 9;
	(void)state;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(request_length(slice_of(bad[i]), &n), -1);
	assert_int_equal(request_length(slice_of("1000000"), &n), 0);
	assert_int_equal(n, 1000000);
	assert_int_equal(request_length(slice_of("0"), &n), 0);
	assert_int_equal(n, 0);
}

static void upgrades(void **state)
{
	static const struct { const char *upgrade, *connection, *version, *key; bool want; } rows[] = {
		{ "websocket", "Upgrade", "13", "dGhlIHNhbXBsZSBub25jZQ==", true },
		{ "WebSocket", "keep-alive, upgrade", "13", "dGhlIHNhbXBsZSBub25jZQ==", true },
		{ "websocket", "keep-alive,Upgrade ", "13", "dGhlIHNhbXBsZSBub25jZQ==", true },
		{ "websocket", "up", "13", "dGhlIHNhbXBsZSBub25jZQ==", false },
		{ "websocket", "upgraded", "13", "dGhlIHNhbXBsZSBub25jZQ==", false },
		{ "websocket", "", "13", "dGhlIHNhbXBsZSBub25jZQ==", false },
		{ "websocket", "Upgrade", "8", "dGhlIHNhbXBsZSBub25jZQ==", false },
		{ "websocket", "Upgrade", "", "dGhlIHNhbXBsZSBub25jZQ==", false },
		{ "websocket", "Upgrade", "13", "short", false },
		{ "h2c", "Upgrade", "13", "dGhlIHNhbXBsZSBub25jZQ==", false },
	};
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct upgrade_headers h = { slice_of(rows[i].upgrade), slice_of(rows[i].connection),
					     slice_of(rows[i].version), slice_of(rows[i].key) };

		assert_int_equal(request_is_websocket(&h), rows[i].want);
	}
}

static void origins(void **state)
{
	struct names list, any, none;
	struct slice host = SLICE("chat.example:5000");
	(void)state;

	names_parse(&list, " http://a.example , https://b.example/ ,, ");
	names_parse(&any, "*");
	names_parse(&none, "");
	assert_int_equal(list.count, 2);
	assert_true(slice_is(request_origin(&list, SLICE("http://a.example")), "http://a.example"));
	assert_true(slice_is(request_origin(&list, SLICE("HTTPS://B.example")), "HTTPS://B.example"));
	assert_true(slice_is(request_origin(&any, SLICE("http://x")), "http://x"));
	assert_true(slice_is(request_origin(&any, SLICE_NONE), "*"));
	assert_int_equal(request_origin(&list, SLICE_NONE).n, 0);
	assert_int_equal(request_origin(&list, SLICE("http://x")).n, 0);
	static const struct { const char *origin; bool refused; } rows[] = {
		{ "http://a.example", false }, { "https://a.example", true }, { "http://a.example.evil", true }, { "null", true },
		{ "a.example", true }, { "http://chat.example:5000", false }, { "https://chat.example:5000", false },
		{ "http://chat.example", true }, { "ftp://chat.example:5000", true }, { "http://", true }, { "wss://", true },
		{ "ws://chat.example:5000", false }, { "WSS://Chat.example:5000", false }, { "wss://chat.example", true },
	};
	static const struct { const char *origin, *host; bool refused; } ports[] = {
		{ "https://c.example", "c.example:443", false }, { "wss://c.example:443", "c.example", false },
		{ "ws://c.example", "c.example:80", false }, { "wss://c.example", "c.example:80", true },
		{ "http://c.example:443", "c.example", true }, { "ws://:80", "", true }, { "ws://:80", ":80", false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(request_origin_refused(&list, slice_of(rows[i].origin), host), rows[i].refused);
	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
		assert_int_equal(request_origin_refused(&list, slice_of(ports[i].origin), slice_of(ports[i].host)),
				 ports[i].refused);
	static const struct { const char *referer; bool refused; } pages[] = {
		{ "http://a.example/una/página?x", false }, { "http://a.example", false }, { "http://chat.example:5000/", false },
		{ "http://evil.example/http://a.example/", true }, { "http://a.example.evil/", true }, { "x", true }, { "", true },
	};
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
		struct fields headers = { 0 };

		fields_add(&headers, SLICE("host"), host);
		if (*pages[i].referer)
			fields_add(&headers, SLICE("referer"), slice_of(pages[i].referer));
		assert_int_equal(request_script_refused(&list, &headers), pages[i].refused);
		assert_false(request_script_refused(&any, &headers));
		fields_add(&headers, SLICE("origin"), SLICE("http://judged.already"));
		assert_false(request_script_refused(&list, &headers));
		fields_fini(&headers);
	}
	assert_false(request_origin_refused(&list, SLICE_NONE, host));
	assert_false(request_origin_refused(&any, SLICE("null"), host));
	assert_true(request_origin_refused(&none, SLICE("http://a"), SLICE_NONE));
	names_fini(&list);
	names_fini(&any);
	names_fini(&none);
}

static void addresses(void **state)
{
	static const struct { const char *peer, *forwarded, *want; } rows[] = {
		{ "127.0.0.1", "192.0.2.7", "192.0.2.7" }, { "127.0.0.1", "10.0.0.1,  192.0.2.7", "192.0.2.7" },
		{ "127.0.0.1", "10.0.0.1, 192.0.2.7 ", "192.0.2.7" }, { "127.0.0.1", "2001:db8::1", "2001:db8::1" },
		{ "127.0.0.1", "", "127.0.0.1" }, { "127.0.0.1", "rubbish", "127.0.0.1" }, { "127.0.0.1", "10.0.0.1,", "127.0.0.1" },
		{ "127.0.0.1", "192.0.2.7:80", "192.0.2.7" }, { "127.0.0.1", "10.0.0.1:1, [2001:db8::1]:4711", "2001:db8::1" },
		{ "127.0.0.1", "[2001:db8::1]", "2001:db8::1" }, { "127.0.0.1", "[", "127.0.0.1" }, { "127.0.0.1", "[]:1", "127.0.0.1" },
		{ "127.0.0.1", ":80", "127.0.0.1" }, { "192.0.2.9", "10.0.0.1", "192.0.2.9" }, { "::1", "10.0.0.1", "10.0.0.1" },
		{ "127.0.0.1", "192.0.2.7, 10.9.9.9", "192.0.2.7" }, { "127.0.0.1", "6.6.6.6, 192.0.2.7, 10.9.9.9:80", "192.0.2.7" },
		{ "127.0.0.1", "192.0.2.7, 10.9.9.9, ::1", "192.0.2.7" }, { "127.0.0.1", "10.9.9.9", "10.9.9.9" },
		{ "127.0.0.1", "10.9.9.9, [::1]:9", "10.9.9.9" }, { "127.0.0.1", "rubbish, 10.9.9.9", "10.9.9.9" },
		{ "127.0.0.1", ",10.9.9.9", "10.9.9.9" }, { "127.0.0.1", "10.9.9.9, rubbish", "127.0.0.1" },
		{ "192.0.2.9", "192.0.2.7, 10.9.9.9", "192.0.2.9" }, { "127.0.0.1", ",", "127.0.0.1" }, { "127.0.0.1", "192.0.2.7,,10.9.9.9", "10.9.9.9" },
		{ "127.0.0.1", "192.0.2.7, ::FFFF:10.9.9.9", "192.0.2.7" }, { "::1", "2001:DB8:0::1", "2001:db8::1" },
		{ "127.0.0.1", "1234567890123456789012345678901234567890123456789012345", "127.0.0.1" },
	};
	struct names trusted;
	char out[ADDRESS_LEN];
	(void)state;

	names_parse(&trusted, "127.0.0.1,0:0:0:0:0:0:0:1,::ffff:10.9.9.9");
	names_as_addresses(&trusted);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		request_address(rows[i].peer, &trusted, slice_of(rows[i].forwarded), out);
		assert_string_equal(out, rows[i].want);
	}
	names_fini(&trusted);
}

static void fields_are_bounded_and_copied(void **state)
{
	struct handshake h = { .address = "192.0.2.7" };
	struct slice v;
	(void)state;

	fill(&h.query, "user_id=123&token=a=b&flag&user_id=9");
	fields_add(&h.headers, SLICE("host"), SLICE("x"));
	struct handshake *c = handshake_copy(&h);
	assert_int_equal(fields_find(&c->query, "user_id", &v), 2);
	assert_true(slice_is(v, "123"));
	assert_int_equal(fields_find(&c->query, "token", &v), 1);
	assert_true(slice_is(v, "a=b"));
	assert_int_equal(fields_find(&c->query, "flag", &v), 1);
	assert_int_equal(v.n, 0);
	assert_int_equal(fields_find(&c->query, "user", &v), 0);
	assert_int_equal(fields_find(&c->headers, "host", &v), 1);
	handshake_free(c);
	fields_reset(&h.query);
	for (int i = 0; i < FIELDS_MAX; i++)
		assert_int_equal(fields_add(&h.query, SLICE("a"), SLICE_NONE), 0);
	assert_int_equal(fields_add(&h.query, SLICE("a"), SLICE_NONE), -1);
	fields_fini(&h.query);
	fields_fini(&h.headers);
}

static void python_is_known_by_its_handshake(void **state)
{
	static const struct { const char *query, *agent; bool python; } rows[] = {
		{ "EIO=3&t=1732576000.4217", "", true }, { "EIO=3&t=1732576000.4217", "okhttp/4.9", true },
		{ "EIO=4", "python-requests/2.32.3", true }, { "EIO=4&t=OqKbb7G.0", "", false }, { "EIO=4", "Python/3.11 aiohttp/3.8.4", true },
		{ "EIO=3&t=N9kd2x0", "Mozilla/5.0 Python/3", false }, { "EIO=3&t=1732576000000-0", "Dart/3.4 (dart:io)", false },
		{ "EIO=3&t=1732576000", "", false }, { "EIO=3&t=1732576000.", "", true }, { "EIO=4", "Python/", false },
		{ "EIO=3&t=1732576000.4217x", "", false }, { "EIO=3&t=17.5", "", false }, { "EIO=3&t=", "python", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct handshake h = { 0 };

		fill(&h.query, rows[i].query);
		if (*rows[i].agent)
			fields_add(&h.headers, SLICE("user-agent"), slice_of(rows[i].agent));
		if (handshake_of_python(&h) != rows[i].python)
			fail_msg("%s, %s", rows[i].query, rows[i].agent);
		fields_fini(&h.query);
		fields_fini(&h.headers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts), cmocka_unit_test(lengths), cmocka_unit_test(upgrades), cmocka_unit_test(origins),
		cmocka_unit_test(addresses), cmocka_unit_test(fields_are_bounded_and_copied),
		cmocka_unit_test(python_is_known_by_its_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
