// objects: fcgi-api/http.o fcgi-api/etag.o fcgi-api/cursor.o fcgi-api/answer.o fcgi-api/refusals.o shared/*.o fcgi-api/store/*.o
/*
 * http and its neighbours: paths, queries, headers, bodies, tags, cursors, times.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fcgi-api/cursor.h"
#include "fcgi-api/etag.h"
#include "fcgi-api/http.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* The segments of a path joined by `|`, or "-" when it is none of ours. */
static const char *split(const char *uri, struct http_request *r)
{
	static char text[512];
	size_t n = 0;

	memset(r, 0, sizeof(*r));
	r->arena = arena;
	text[0] = '\0';
	if (http_split_path(r, slice_of(uri), "/api/mensajes") != 0)
		return "-";
	for (size_t i = 0; i < r->segment_count; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s", i ? "|" : "",
				      (int)r->segments[i].n, r->segments[i].p);
	return text;
}

static void test_paths(void **state)
{
	static const struct { const char *uri, *segments;
	} rows[] = {
		{ "/api/mensajes", "" },
		{ "/api/mensajes/", "" },
		{ "/api/mensajes/salas", "salas" },
		{ "/api/mensajes/salas?x=1/2", "salas" },
		{ "/api/mensajes/salas/", "salas|" },
		{ "/api/mensajes/salas/7/mensajes", "salas|7|mensajes" },
		{ "/api/mensajes//salas", "|salas" },
		{ "/api/mensajes/a%2Fb/%c3%B1", "a/b|ñ" },
		{ "/api/mensajes/../7", "..|7" },
		{ "/api/mensajes/a+b", "a+b" },
		{ "http://x.example:8080/api/mensajes/salas?a=http://y/b", "salas" },
		{ "https://x.example", "-" },
		{ "x/api/mensajes/salas", "-" },
		{ "/api/mensajes/http://x/y", "http:||x|y" },
		{ "/api/mensajesX", "-" },
		{ "/api", "-" },
		{ "", "-" },
		{ "/API/mensajes/salas", "-" },
		{ "/api/mensajes/%00", "-" },
		{ "/api/mensajes/%", "-" },
		{ "/api/mensajes/%4", "-" },
		{ "/api/mensajes/%zz", "-" },
		{ "/api/mensajes/%ff", "-" },
		{ "/api/mensajes/1/2/3/4/5/6/7/8", "1|2|3|4|5|6|7|8" },
		{ "/api/mensajes/1/2/3/4/5/6/7/8/9", "-" },
		{ "/api/mensajes/%41", "A" },
	};
	struct http_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = split(rows[i].uri, &r);

		if (strcmp(got, rows[i].segments) != 0)
			fail_msg("%s: got %s", rows[i].uri, got);
	}
}

static void test_queries(void **state)
{
	static const struct { const char *query, *name; int rc; const char *value;
	} rows[] = {
		{ "a=1&b=2", "b", 1, "2" },
		{ "a=1&a=2", "a", 1, "1" },
		{ "a", "a", 1, "" },
		{ "a=", "a", 1, "" },
		{ "ab=1", "a", 0, "" },
		{ "", "a", 0, "" },
		{ "x=a%26b%3D&a=%2B+", "a", 1, "+ " },
		{ "%61=5", "a", 1, "5" },
		{ "a=%00", "a", -1, "" },
		{ "a=%f", "a", -1, "" },
		{ "a=%ff", "a", -1, "" },
		{ "&&a=1&", "a", 1, "1" },
		{ "a=1=2", "a", 1, "1=2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_request r = { .arena = arena, .query = slice_of(rows[i].query) };
		struct slice value = SLICE("");
		int rc = http_query(&r, rows[i].name, &value);

		if (rc != rows[i].rc || (rc == 1 && !slice_is(value, rows[i].value)))
			fail_msg("%s: rc %d, %.*s", rows[i].query, rc, (int)value.n, value.p);
	}
}

static void test_headers(void **state)
{
	char *const envp[] = {
		"HTTP_A=1", "HTTP_B=1, 2", "HTTP_C=1", "HTTP_C=2", "HTTP_AA=9", "HTTP_E=", "HTTP_F=a,b", NULL
	};
	struct http_request r = { .arena = arena, .envp = envp };
	struct slice value;

	(void)state;
	assert_int_equal(http_header(&r, "HTTP_A", &value), 1);
	assert_true(slice_is(value, "1"));
	assert_int_equal(http_header(&r, "HTTP_B", &value), -1);
	assert_int_equal(http_header(&r, "HTTP_C", &value), -1);
	assert_int_equal(http_header(&r, "HTTP_D", &value), 0);
	assert_int_equal(http_header(&r, "HTTP_E", &value), 1);
	assert_int_equal(http_header(&r, "HTTP_F", &value), 1);
	assert_true(slice_is(value, "a,b"));
	assert_int_equal(http_variable(&r, "HTTP_C", &value), 1);
	assert_true(slice_is(value, "1"));
}

static void test_types(void **state)
{
	static const struct { char *type; bool json;
	} rows[] = {
		{ "CONTENT_TYPE=application/json", true },
		{ "CONTENT_TYPE=Application/JSON; charset=utf-8", true },
		{ "CONTENT_TYPE=", true },
		{ "OTHER=1", true },
		{ "CONTENT_TYPE=application/jsonp", false },
		{ "CONTENT_TYPE=text/plain", false },
		{ "CONTENT_TYPE=application/x-www-form-urlencoded", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *const envp[] = { rows[i].type, NULL };
		struct http_request r = { .arena = arena, .envp = envp };

		assert_int_equal(http_is_json(&r), rows[i].json);
	}
}

/* ---- bodies ---- */

struct source {
	size_t left;   /* bytes still to come */
	int step;      /* at most so many at once */
	bool broken;   /* ends in trouble */
};

static int give(void *ctx, char *to, int room)
{
	struct source *s = ctx;
	int n = room < s->step ? room : s->step;

	if (s->left == 0)
		return s->broken ? -1 : 0;
	if ((size_t)n > s->left)
		n = (int)s->left;
	memset(to, 'x', (size_t)n);
	s->left -= (size_t)n;
	return n;
}

static void test_bodies(void **state)
{
	static const struct { size_t bytes; const char *length; bool broken; int fault;
	} rows[] = {
		{ 0, NULL, false, 0 },
		{ 0, "", false, 0 },
		{ 0, "0", false, 0 },
		{ 5, "5", false, 0 },
		{ 5, NULL, false, 0 },
		{ 5, "6", false, 400 },
		{ 5, "4", false, 400 },
		{ 5, "-5", false, 400 },
		{ 5, "5x", false, 400 },
		{ 5, "99999999999999999999", false, 400 },
		{ 5, "5", true, 400 },
		{ 5, NULL, true, 400 },
		{ HTTP_BODY_MAX, NULL, false, 0 },
		{ HTTP_BODY_MAX + 1, NULL, false, 413 },
		{ HTTP_DRAIN_MAX + 100000, NULL, false, 413 },
		{ 100000, "100000", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char length[64];
		char *const envp[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/api/mensajes/salas",
			rows[i].length ? length : "X=1", NULL };
		struct source source = { rows[i].bytes, 7777, rows[i].broken };
		struct http_request r;

		snprintf(length, sizeof(length), "CONTENT_LENGTH=%s", rows[i].length ? rows[i].length : "");
		http_read(&r, arena, envp, &(struct http_source){ give, &source, true });
		assert_int_equal(r.body_fault, rows[i].fault);
		assert_true(slice_is(r.method, "POST") && !r.path_fault);
		if (!r.body_fault)
			assert_int_equal(r.body.n, rows[i].bytes);
	}
}

/* As under CGI: nobody says that the input has ended, and what lies behind the length is not ours. */
static void test_bodies_without_an_end(void **state)
{
	static const struct { size_t bytes; char *length, *coding; int fault; size_t left;
	} rows[] = {
		{ 9, "X=1", "X=1", 0, 9 },
		{ 9, "CONTENT_LENGTH=", "X=1", 0, 9 },
		{ 9, "CONTENT_LENGTH=0", "HTTP_TRANSFER_ENCODING=chunked", 0, 9 },
		{ 9, "CONTENT_LENGTH=", "HTTP_TRANSFER_ENCODING=chunked", 0, 0 },
		{ 9, "CONTENT_LENGTH=5", "X=1", 0, 4 },
		{ 5, "CONTENT_LENGTH=6", "X=1", 400, 0 },
		{ HTTP_BODY_MAX + 9, "CONTENT_LENGTH=1048576", "X=1", 0, 9 },
		{ HTTP_BODY_MAX + 100009, "CONTENT_LENGTH=1148576", "X=1", 413, 9 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *const envp[] = { rows[i].length, rows[i].coding, NULL };
		struct source source = { rows[i].bytes, 7777, false };
		struct http_request r;

		http_read(&r, arena, envp, &(struct http_source){ give, &source, false });
		assert_int_equal(r.body_fault, rows[i].fault);
		assert_int_equal(source.left, rows[i].left);
		assert_int_equal(r.body.n, r.body_fault ? 0 : rows[i].bytes - rows[i].left);
	}
}

static void test_response(void **state)
{
	struct http_response p;
	struct buf out = BUF_INIT;

	(void)state;
	http_response_init(&p);
	p.status = 200;
	buf_puts(&p.body, "[]");
	buf_puts(&p.headers, "ETag: \"x\"\r\n");
	http_write(&p, &out);
	assert_string_equal(
		out.data,
		"Status: 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n"
		"Cache-Control: private, no-cache\r\nETag: \"x\"\r\n\r\n[]");
	buf_reset(&out);
	p.status = 304;
	http_write(&p, &out);
	assert_string_equal(
		out.data,
		"Status: 304 Not Modified\r\nCache-Control: private, no-cache\r\nETag: \"x\"\r\n\r\n");
	buf_reset(&out);
	p.no_store = true;
	http_write(&p, &out);
	assert_string_equal(out.data, "Status: 304 Not Modified\r\nCache-Control: no-store\r\nETag: \"x\"\r\n\r\n");
	buf_reset(&out);
	p.status = 204;
	http_write(&p, &out);
	assert_int_equal(strncmp(out.data, "Status: 204 No Content\r\n", 24), 0);
	buf_fini(&out);
	http_response_fini(&p);
}

/* ---- neighbours ---- */

static void test_tags(void **state)
{
	static const struct { const char *list; bool named;
	} rows[] = {
		{ "\"abc\"", true }, { "W/\"abc\"", true }, { "\"x\", W/\"y\" ,\"abc\"", true },
		{ "*", true },	     { "\"ABC\"", false },  { "abc", false },
		{ "", false },	     { "\"abc", false },    { "\"abcd\"", false },
		{ "\"\"", false },	     { "\"abc-gzip\"", true }, { "W/\"abc-br\"", true },
		{ "\"abc-\"", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(etag_is_named(slice_of(rows[i].list), SLICE("abc")), rows[i].named);
}

static void test_cursors(void **state)
{
	static const struct { const char *text; int rc; int64_t safe, next;
	} rows[] = {
		{ "0", 0, 0, 0 },
		{ "7", 0, 7, 7 },
		{ "7-9", 0, 7, 9 },
		{ "0-9", 0, 0, 9 },
		{ "9-0", 0, 9, 0 },
		{ "", -1, 0, 0 },
		{ "-", -1, 0, 0 },
		{ "7-", -1, 0, 0 },
		{ "-7", -1, 0, 0 },
		{ "07", -1, 0, 0 },
		{ "7-9-1", -1, 0, 0 },
		{ "7 ", -1, 0, 0 },
		{ "9223372036854775808", -1, 0, 0 },
	};
	struct cursor c;
	char text[CURSOR_TEXT_MAX];
	int64_t safe;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(cursor_parse(slice_of(rows[i].text), &c), rows[i].rc);
		if (rows[i].rc != 0)
			continue;
		assert_int_equal(c.safe, rows[i].safe);
		assert_int_equal(c.next, rows[i].next);
		cursor_text(&c, text);
		assert_string_equal(text, rows[i].text);
	}
	assert_int_equal(cursor_parse_mark("42 100000\n", 104000, &safe), 1);
	assert_int_equal(safe, 42);
	assert_int_equal(cursor_parse_mark("42\n100000\n", 104000, &safe), 1);
	assert_int_equal(cursor_parse_mark("42 100000", 106000, &safe), 0);
	assert_int_equal(cursor_parse_mark("42 -9223372036854775808", 106000, &safe), 0);
	assert_int_equal(cursor_parse_mark("42", 100000, &safe), 0);
	assert_int_equal(cursor_parse_mark("x 1", 1, &safe), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths), cmocka_unit_test(test_queries), cmocka_unit_test(test_headers),
		cmocka_unit_test(test_types), cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_bodies_without_an_end), cmocka_unit_test(test_response), cmocka_unit_test(test_tags), cmocka_unit_test(test_cursors),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
