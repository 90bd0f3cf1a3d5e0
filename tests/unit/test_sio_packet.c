// objects: relay/socketio/packet.o relay/socketio/parts.o shared/buf.o shared/json*.o
/*
 * packet and parts, by tables: what is read from a text, what is refused, what is written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "parts.h"
#include "share.h"

#define NO_ID UINT64_MAX

static const struct {
	const char *text;
	enum sio_packet_type type;
	unsigned attachments;
	const char *nsp;
	uint64_t id;
	const char *data, *name, *args;
} GOOD[] = {
	{ "0", SIO_CONNECT, 0, "/", NO_ID, "", "", "" },
	{ "0{}", SIO_CONNECT, 0, "/", NO_ID, "{}", "", "" },
	{ "0{\"token\":\"123\"}", SIO_CONNECT, 0, "/", NO_ID, "{\"token\":\"123\"}", "", "" },
	{ "0/admin", SIO_CONNECT, 0, "/admin", NO_ID, "", "", "" },
	{ "0/admin,", SIO_CONNECT, 0, "/admin", NO_ID, "", "", "" },
	{ "0/admin,{\"a\":1}", SIO_CONNECT, 0, "/admin", NO_ID, "{\"a\":1}", "", "" },
	{ "0/admin?a=1&b=2,", SIO_CONNECT, 0, "/admin?a=1&b=2", NO_ID, "", "", "" },
	{ "1", SIO_DISCONNECT, 0, "/", NO_ID, "", "", "" },
	{ "1/admin,", SIO_DISCONNECT, 0, "/admin", NO_ID, "", "", "" },
	{ "2[\"foo\"]", SIO_EVENT, 0, "/", NO_ID, "[\"foo\"]", "foo", "" },
	{ "2[\"foo\",1,{\"a\":[]}]", SIO_EVENT, 0, "/", NO_ID, "[\"foo\",1,{\"a\":[]}]", "foo",
	  "1,{\"a\":[]}" },
	{ "2 [ \"foo\" , 1 ] ", SIO_EVENT, 0, "/", NO_ID, "[ \"foo\" , 1 ]", "foo", "1" },
	{ "212[\"foo\"]", SIO_EVENT, 0, "/", 12, "[\"foo\"]", "foo", "" },
	{ "20[\"foo\"]", SIO_EVENT, 0, "/", 0, "[\"foo\"]", "foo", "" },
	{ "29007199254740992[\"foo\"]", SIO_EVENT, 0, "/", SIO_ACK_MAX, "[\"foo\"]", "foo", "" },
	{ "2/admin,456[\"project:delete\",123]", SIO_EVENT, 0, "/admin", 456, "[\"project:delete\",123]",
	  "project:delete", "123" },
	{ "2[1,\"x\"]", SIO_EVENT, 0, "/", NO_ID, "[1,\"x\"]", "1", "\"x\"" },
	{ "2[\"a\\u0062c\"]", SIO_EVENT, 0, "/", NO_ID, "[\"a\\u0062c\"]", "abc", "" },
	{ "2[\"\"]", SIO_EVENT, 0, "/", NO_ID, "[\"\"]", "", "" },
	{ "3/admin,456[]", SIO_ACK, 0, "/admin", 456, "[]", "", "" },
	{ "37[1,2]", SIO_ACK, 0, "/", 7, "[1,2]", "", "1,2" },
	{ "4\"no\"", SIO_CONNECT_ERROR, 0, "/", NO_ID, "\"no\"", "", "" },
	{ "4{\"message\":\"no\"}", SIO_CONNECT_ERROR, 0, "/", NO_ID, "{\"message\":\"no\"}", "", "" },
	{ "51-[\"b\",{\"_placeholder\":true,\"num\":0}]", SIO_BINARY_EVENT, 1, "/", NO_ID,
	  "[\"b\",{\"_placeholder\":true,\"num\":0}]", "b", "{\"_placeholder\":true,\"num\":0}" },
	{ "50-[\"b\"]", SIO_BINARY_EVENT, 0, "/", NO_ID, "[\"b\"]", "b", "" },
	{ "52-/admin,13[\"b\"]", SIO_BINARY_EVENT, 2, "/admin", 13, "[\"b\"]", "b", "" },
	{ "61-/admin,456[{\"_placeholder\":true,\"num\":0}]", SIO_BINARY_ACK, 1, "/admin", 456,
	  "[{\"_placeholder\":true,\"num\":0}]", "", "{\"_placeholder\":true,\"num\":0}" },
};

static const struct { const char *text; enum sio_packet_fault fault; } BAD[] = {
	{ "", SIO_PACKET_MALFORMED },
	{ "7", SIO_PACKET_MALFORMED },
	{ "9[\"a\"]", SIO_PACKET_MALFORMED },
	{ "abc", SIO_PACKET_MALFORMED },
	{ "0[]", SIO_PACKET_MALFORMED },
	{ "0\"token\"", SIO_PACKET_MALFORMED },
	{ "0null", SIO_PACKET_MALFORMED },
	{ "1{}", SIO_PACKET_MALFORMED },
	{ "1\"\"", SIO_PACKET_MALFORMED },
	{ "2", SIO_PACKET_MALFORMED },
	{ "2/admin", SIO_PACKET_MALFORMED },
	{ "2[]", SIO_PACKET_MALFORMED },
	{ "2{}", SIO_PACKET_MALFORMED },
	{ "2\"foo\"", SIO_PACKET_MALFORMED },
	{ "2[null]", SIO_PACKET_MALFORMED },
	{ "2[{}]", SIO_PACKET_MALFORMED },
	{ "2[[\"a\"]]", SIO_PACKET_MALFORMED },
	{ "2[[\"a\",{\"x\":1}]]", SIO_PACKET_MALFORMED },
	{ "2[[1,2]]", SIO_PACKET_MALFORMED },
	{ "2[[1],2]", SIO_PACKET_MALFORMED },
	{ "2[\"foo\"", SIO_PACKET_MALFORMED },
	{ "2[\"foo\",]", SIO_PACKET_MALFORMED },
	{ "2[\"foo\"]x", SIO_PACKET_MALFORMED },
	{ "2[\"foo\",01]", SIO_PACKET_MALFORMED },
	{ "2abc[\"hello\",\"world\"]", SIO_PACKET_MALFORMED },
	{ "2-1[\"foo\"]", SIO_PACKET_MALFORMED },
	{ "29007199254740993[\"foo\"]", SIO_PACKET_MALFORMED },
	{ "299999999999999999999999[\"foo\"]", SIO_PACKET_MALFORMED },
	{ "2[\"connect\"]", SIO_PACKET_MALFORMED },
	{ "2[\"connect_error\",1]", SIO_PACKET_MALFORMED },
	{ "2[\"disconnect\"]", SIO_PACKET_MALFORMED },
	{ "2[\"disconnecting\"]", SIO_PACKET_MALFORMED },
	{ "2[\"newListener\"]", SIO_PACKET_MALFORMED },
	{ "2[\"removeListener\"]", SIO_PACKET_MALFORMED },
	{ "2[\"\\u0064isconnect\"]", SIO_PACKET_MALFORMED },
	{ "51-[\"disconnect\"]", SIO_PACKET_MALFORMED },
	{ "3[]", SIO_PACKET_MALFORMED },
	{ "37{}", SIO_PACKET_MALFORMED },
	{ "37", SIO_PACKET_MALFORMED },
	{ "4", SIO_PACKET_MALFORMED },
	{ "4[]", SIO_PACKET_MALFORMED },
	{ "5[\"b\"]", SIO_PACKET_MALFORMED },
	{ "5-[\"b\"]", SIO_PACKET_MALFORMED },
	{ "51[\"b\"]", SIO_PACKET_MALFORMED },
	{ "51", SIO_PACKET_MALFORMED },
	{ "5x-[\"b\"]", SIO_PACKET_MALFORMED },
	{ "5-1-[\"b\"]", SIO_PACKET_MALFORMED },
	{ "51.5-[\"b\"]", SIO_PACKET_MALFORMED },
	{ "599999999999-[\"b\"]", SIO_PACKET_MALFORMED },
	{ "61-[]", SIO_PACKET_MALFORMED },
	{ "2[\"a\xff\"]", SIO_PACKET_BAD_UTF8 },
	{ "2[\"a\",\"\xed\xa0\x80\"]", SIO_PACKET_BAD_UTF8 },
};

static struct slice text_of(const char *s)
{
	return s ? slice_of(s) : SLICE_NONE;
}

static void assert_slice(struct slice got, const char *want, const char *text)
{
	if (!slice_is(got, want))
		fail_msg("%s: got '%.*s', wanted '%s'", text, (int)got.n, got.p ? got.p : "", want);
}

static void test_good(void **state)
{
	struct sio_packet p;
	struct buf scratch = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
		if (sio_packet_parse(text_of(GOOD[i].text), &p) != SIO_PACKET_OK)
			fail_msg("%s: refused", GOOD[i].text);
		assert_int_equal(p.type, GOOD[i].type);
		assert_int_equal(p.attachments, GOOD[i].attachments);
		assert_slice(p.nsp, GOOD[i].nsp, GOOD[i].text);
		assert_int_equal(p.has_id, GOOD[i].id != NO_ID);
		if (p.has_id)
			assert_int_equal(p.id, GOOD[i].id);
		assert_slice(p.data, GOOD[i].data, GOOD[i].text);
		assert_slice(sio_packet_name(&p, &scratch), GOOD[i].name, GOOD[i].text);
		assert_slice(p.args, GOOD[i].args, GOOD[i].text);
		assert_false(p.bad_text);
	}
	buf_fini(&scratch);
}

static void test_bad(void **state)
{
	struct sio_packet p;

	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		if (sio_packet_parse(text_of(BAD[i].text), &p) != BAD[i].fault)
			fail_msg("%s: not the fault wanted", BAD[i].text);
}

static void test_bad_text_is_told_not_refused(void **state)
{
	struct sio_packet p;
	struct buf scratch = BUF_INIT;

	(void)state;
	assert_int_equal(sio_packet_parse(SLICE("21[\"a\",\"\\u0000\"]"), &p), SIO_PACKET_OK);
	assert_true(p.bad_text && p.has_id);
	assert_slice(sio_packet_name(&p, &scratch), "a", "name");
	assert_int_equal(sio_packet_parse(SLICE("2[\"a\\ud800\",1]"), &p), SIO_PACKET_OK);
	assert_true(p.bad_text);
	assert_slice(sio_packet_name(&p, &scratch), "", "lone surrogate in the name");
	buf_fini(&scratch);
}

static void test_long_namespace(void **state)
{
	char text[SIO_NAME_MAX + 3], asks[SIO_NAME_MAX + SIO_QUERY_MAX + 3];
	struct sio_packet p;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = '0';
	text[1] = '/';
	assert_int_equal(sio_packet_parse((struct slice){ text, SIO_NAME_MAX + 1 }, &p), SIO_PACKET_OK);
	assert_int_equal(sio_packet_parse((struct slice){ text, SIO_NAME_MAX + 2 }, &p),
			 SIO_PACKET_MALFORMED);
	/* a query has its own bound */
	memset(asks, 'q', sizeof(asks));
	memcpy(asks, text, SIO_NAME_MAX + 1);
	asks[SIO_NAME_MAX + 1] = '?';
	assert_int_equal(sio_packet_parse((struct slice){ asks, sizeof(asks) - 2 }, &p), SIO_PACKET_OK);
	assert_int_equal(p.nsp.n, SIO_NAME_MAX + SIO_QUERY_MAX);
	assert_int_equal(sio_packet_parse((struct slice){ asks, sizeof(asks) - 1 }, &p), SIO_PACKET_MALFORMED);
	asks[SIO_NAME_MAX + 1] = 'a';
	asks[SIO_NAME_MAX + 2] = '?';
	assert_int_equal(sio_packet_parse((struct slice){ asks, sizeof(asks) - 2 }, &p), SIO_PACKET_MALFORMED);
}

static void test_placeholders(void **state)
{
	static const struct { const char *text; bool fits; } CASES[] = {
		{ "51-[\"b\",{\"_placeholder\":true,\"num\":0}]", true },
		{ "51-[\"b\",{\"x\":[{\"_placeholder\":true,\"num\":0}]}]", true },
		{ "51-[\"b\"]", true },
		{ "51-[\"b\",{\"_placeholder\":false,\"num\":9}]", true },
		{ "51-[\"b\",{\"_placeholder\":true,\"num\":1}]", false },
		{ "51-[\"b\",{\"_placeholder\":true,\"num\":-1}]", false },
		{ "51-[\"b\",{\"_placeholder\":true,\"num\":0.5}]", false },
		{ "51-[\"b\",{\"_placeholder\":true,\"num\":\"splice\"}]", false },
		{ "51-[\"b\",{\"_placeholder\":true}]", false },
		{ "51-[\"b\",[[{\"a\":{\"_placeholder\":true,\"num\":3}}]]]", false },
		{ "51-[\"b\",{\"num\" : 0 , \"x\":[\"num\" , 7],\"y\":{\"num\":7},\"_placeholder\" : true }]", true },
		{ "51-[\"b\",{\"num\":1,\"\\u005fplaceholder\":true}]", false },
		{ "51-[\"b\",{\"_placeholder\":true,\"n\\u0075m\":0}]", true },
		{ "51-[\"b\",{\"_placeholder\":false,\"_placeholder\":true,\"num\":1}]", false },
		{ "51-[\"b\",{\"_placeholder\":true,\"num\":1,\"num\":0}]", false },
		{ "51-[\"b\",\"{\\\"_placeholder\\\":true}\",\"\\\\\",{\"_placeholder\":\"true\"}]", true },
		{ "51-[\"_placeholder\",true,{},[],{\"a\":{\"_placeholder\":true,\"num\":0},\"num\":9}]", true },
		{ "51-[\"b\",{\"_placeholder\":true,\"x\":{\"num\":0}}]", false },
	};
	struct sio_packet p;

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		assert_int_equal(sio_packet_parse(text_of(CASES[i].text), &p), SIO_PACKET_OK);
		if (sio_packet_placeholders(&p) != CASES[i].fits)
			fail_msg("%s", CASES[i].text);
	}
}

static void test_head(void **state)
{
	static const struct {
		enum sio_packet_type type;
		size_t attachments;
		const char *nsp;
		int64_t id;
		const char *text;
	} CASES[] = {
		{ SIO_CONNECT, 0, "/", -1, "0" },
		{ SIO_DISCONNECT, 0, "/custom", -1, "1/custom," },
		{ SIO_EVENT, 0, "/", 0, "20" },
		{ SIO_EVENT, 0, "/custom", 12, "2/custom,12" },
		{ SIO_BINARY_EVENT, 2, "/", -1, "52-" },
		{ SIO_BINARY_ACK, 1, "/custom", 456, "61-/custom,456" },
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		uint64_t id = (uint64_t)CASES[i].id;

		buf_reset(&b);
		sio_packet_put_head(&b, CASES[i].type, CASES[i].attachments, slice_of(CASES[i].nsp),
				    CASES[i].id < 0 ? NULL : &id);
		assert_slice(buf_slice(&b), CASES[i].text, CASES[i].text);
	}
	buf_fini(&b);
}

static void test_query(void **state)
{
	static const struct { const char *query, *json; } CASES[] = {
		{ "", "{}" },
		{ "a=1&b=2", "{\"a\":\"1\",\"b\":\"2\"}" },
		{ "&a&&b=", "{\"a\":\"\",\"b\":\"\"}" },
		{ "n=%C3%B1+o&q=%22", "{\"n\":\"\xc3\xb1 o\",\"q\":\"\\\"\"}" },
		{ "p=100%&x=%zz", "{\"p\":\"100%\",\"x\":\"%zz\"}" },
		{ "a==b", "{\"a\":\"=b\"}" },
		{ "a=%ff", NULL },
		{ "a=%00", NULL },
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		buf_reset(&b);
		assert_int_equal(sio_packet_put_query(&b, text_of(CASES[i].query)), CASES[i].json ? 0 : -1);
		if (CASES[i].json)
			assert_slice(buf_slice(&b), CASES[i].json, CASES[i].query);
	}
	buf_fini(&b);
}

static void test_parts(void **state)
{
	char text[] = "52-/nsp,3[\"b\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]";
	struct sio_packet p;
	struct sio_parts *w;
	size_t count, total = 0;

	(void)state;
	assert_int_equal(sio_packet_parse(slice_of(text), &p), SIO_PACKET_OK);
	w = sio_parts_new(&p, slice_of(text), 10, &total);
	memset(text, 'x', sizeof(text) - 1); /* the copy has to be enough */
	assert_int_equal(sio_parts_add(w, SLICE("")), 0);
	assert_int_equal(sio_parts_add(w, SLICE("0123456789")), 1);
	assert_slice(sio_parts_packet(w)->nsp, "/nsp", "nsp");
	assert_slice(sio_parts_packet(w)->name, "\"b\"", "name");
	assert_int_equal(sio_parts_attachments(w, &count)[1].n, 10);
	assert_int_equal(count, 2);
	assert_int_equal(sio_parts_add(w, SLICE("")), -1);
	sio_parts_free(w);
	assert_int_equal(sio_packet_parse(SLICE("51-[\"b\"]"), &p), SIO_PACKET_OK);
	w = sio_parts_new(&p, SLICE("51-[\"b\"]"), 10, &total);
	assert_int_equal(sio_parts_add(w, SLICE("0123456789a")), -1);
	assert_slice(sio_parts_packet(w)->nsp, "/", "default nsp");
	sio_parts_free(w);
	sio_parts_free(NULL);
	assert_int_equal(total, 0);
}

/* What is left is shared out; a small packet, and the end of any, always finds room. */
static void test_parts_share(void **state)
{
	static char bytes[SIO_PARTS_SMALL + 1];
	const struct slice small = { bytes, SIO_PARTS_SMALL }, large = { bytes, SIO_PARTS_SMALL + 1 };
	struct sio_packet p;
	struct sio_parts *w;
	size_t total = SIO_PARTS_TOTAL_MAX;

	(void)state;
	assert_int_equal(sio_packet_parse(SLICE("52-[\"b\"]"), &p), SIO_PACKET_OK);
	assert_null(sio_parts_new(&p, large, 9000, &total));
	w = sio_parts_new(&p, small, 9000, &total);
	assert_non_null(w);
	assert_int_equal(total, SIO_PARTS_TOTAL_MAX + SIO_PARTS_SMALL);
	assert_int_equal(sio_parts_add(w, SLICE("x")), -1);
	assert_int_equal(sio_parts_add(w, SLICE("")), 0);
	assert_int_equal(sio_parts_add(w, large), 1);
	sio_parts_free(w);
	assert_int_equal(total, SIO_PARTS_TOTAL_MAX);

	total = SIO_PARTS_TOTAL_MAX - SHARE_OF_LEFT * (SIO_PARTS_SMALL + 1);
	w = sio_parts_new(&p, large, 9000, &total);
	assert_non_null(w);
	assert_null(sio_parts_new(&p, large, 9000, &total));
	sio_parts_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bad_text_is_told_not_refused),
		cmocka_unit_test(test_long_namespace),
		cmocka_unit_test(test_placeholders),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_parts_share),
	};

	return cmocka_run_group_tests_name("sio_packet", tests, NULL, NULL);
}
