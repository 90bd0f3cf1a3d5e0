// objects: relay/socketio/*.o shared/buf.o shared/map.o shared/siphash.o shared/network.o shared/arena.o shared/ids.o shared/json*.o shared/log.o
/*
 * The Socket.IO room over a transport of plain memory: who may connect, who is closed and why, how sockets end.
 */
#include "sio_app.h"

static void test_connect(void **state)
{
	struct eio_session *s = fake_open(4);
	char want[80];

	(void)state;
	fake_say(s, "0{\"token\":1}");
	expect_heard("/ connect {\"token\":1}\n");
	assert_string_not_equal(sio_socket_id(last), s->sid);
	assert_true(strlen(sio_socket_id(last)) >= 16);
	assert_ptr_equal(sio_namespace_find(root, slice_of(sio_socket_id(last))), last);
	snprintf(want, sizeof(want), "0{\"sid\":\"%s\"}\n", sio_socket_id(last));
	expect_sent(s, want);
	fake_say(s, "0/other,");
	snprintf(want, sizeof(want), "0/other,{\"sid\":\"%s\"}\n", sio_socket_id(last));
	expect_sent(s, want);
	fake_say(s, "0/nowhere,{}");
	expect_sent(s, "4/nowhere,{\"message\":\"Invalid namespace\"}\n");
	fake_say(s, "2/other,3[\"x\",{}]");
	expect_sent(s, "3/other,3[\"ok\"]\n");
	expect_heard("/other connect \n/other event x {}\n");
	fake_tick(5000);
	expect_sent(s, "");
	fake_gone(s, EIO_PING_TIMEOUT);
	expect_heard("/ disconnect ping timeout\nlate 2  +0\n/other disconnect ping timeout\nlate 2  +0\n");
}

static void test_pending_hears_nothing(void **state)
{
	struct eio_session *s = fake_open(4), *t = in_room();
	struct slice room = SLICE("\"r\"");

	(void)state;
	accept_at_once = false;
	fake_say(s, "0");
	sio_socket_join(last, room, NULL);
	assert_int_equal(sio_push(root, &room, 1, SLICE_NONE, SLICE("[\"e\"]")), 1);
	sio_socket_emit(last, SLICE("[\"e\"]"));
	sio_socket_ack(last, 1, SLICE("[]"));
	expect_sent(s, "");
	expect_sent(t, "2[\"e\"]\n");
	sio_socket_accept(last);
	sio_socket_accept(last);
	sio_socket_refuse(last, SLICE("{}"));
	assert_int_equal(sio_namespace_count(root), 2);
	assert_int_equal(sio_push(root, &room, 1, slice_of(sio_socket_id(last)), SLICE("[\"e\"]")), 1);
	fake_say(s, "0");
	assert_non_null(strstr(s->sent.data, "!4/1008\n"));
	buf_reset(&heard);
	fake_gone(s, EIO_PEER_CLOSED);
	expect_heard("/ disconnect forced server close in r\nlate 2  +0\n/ leave \"r\"\n");
}

static void test_refuse(void **state)
{
	struct eio_session *s = fake_open(4);

	(void)state;
	accept_at_once = false;
	fake_say(s, "0");
	sio_socket_refuse(last, SLICE("{\"message\":\"no\",\"data\":{\"code\":\"x\"}}"));
	expect_sent(s, "4{\"message\":\"no\",\"data\":{\"code\":\"x\"}}\n");
	expect_heard("/ connect \n/ disconnect server namespace disconnect\nlate 2  +0\n");
	fake_say(s, "0");
	sio_socket_close_transport(last, 1013);
	expect_sent(s, "!4/1013\n");
	fake_say(s, "0");
	fake_gone(s, EIO_PEER_CLOSED);
	expect_heard("/ connect \n/ disconnect forced close\nlate 2  +0\n");
	s = fake_open(4);
	fake_say(s, "0{\"a\":\"\\u0000\"}");
	expect_sent(s, "4{\"message\":\"Invalid payload\",\"data\":{\"code\":\"bad_request\"}}\n");
	fake_say(s, "0");
	fake_say(s, "1");
	expect_heard("/ connect \n/ disconnect client namespace disconnect\nlate 2  +0\n");
}

static void test_connect_deadline(void **state)
{
	struct eio_session *s = fake_open(4);

	(void)state;
	fake_tick(999);
	expect_sent(s, "");
	fake_tick(1);
	expect_sent(s, "!4/1000\n");
	fake_say(s, "0");
	expect_heard("");
}

/* What ended a client stays the reason, also while it has not learned it yet. */
static void test_deadline_of_the_closing(void **state)
{
	struct eio_session *s = fake_open(4);
	struct sio_stats stats;

	(void)state;
	accept_at_once = false;
	fake_say(s, "0");
	fake_say(s, "garbage");
	fake_tick(1000);
	fake_gone(s, EIO_PARSE_ERROR);
	expect_heard("/ connect \n/ disconnect parse error\nlate 2  +0\n");
	sio_server_stats(server, &stats);
	assert_int_equal(stats.refused[SIO_REFUSED_PACKET], 1);
	assert_int_equal(stats.refused[SIO_REFUSED_CONNECT_SLOW], 0);
}

/* What closes a client that has joined "/", and the reason its socket is told. */
static void test_violations(void **state)
{
	static const struct { const char *text, *reason; } CASES[] = {
		{ "0", "forced server close" },
		{ "0{}", "forced server close" },
		{ "2/other,[\"x\"]", "forced server close" },
		{ "2/nowhere,[\"x\"]", "forced server close" },
		{ "3/other,1[]", "forced server close" },
		{ "1/other,", "forced server close" },
		{ "4\"x\"", "forced server close" },
		{ "4{}", "forced server close" },
		{ "51-/other,[\"x\"]", "forced server close" },
		{ "1{}", "parse error" },
		{ "2[\"disconnect\"]", "parse error" },
		{ "2[\"x\",01]", "parse error" },
		{ "2{}", "parse error" },
		{ "", "parse error" },
		{ "9", "parse error" },
		{ "54-[\"x\"]", "parse error" },
		{ "51-[\"x\",{\"_placeholder\":true,\"num\":1}]", "parse error" },
		{ "2[\"x\",\"\xff\"]", "parse error" },
	};
	char want[120];

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct eio_session *s = joined();

		fake_say(s, CASES[i].text);
		if (!s->closing)
			fail_msg("'%s' closed nothing", CASES[i].text);
		fake_say(s, "2[\"too late\"]");
		fake_gone(s, EIO_PEER_CLOSED);
		snprintf(want, sizeof(want), "/ disconnect %s\nlate 2  +0\n", CASES[i].reason);
		if (strcmp(heard.data, want) != 0)
			fail_msg("'%s': %s", CASES[i].text, heard.data);
	}
}

static void test_nothing_before_connect(void **state)
{
	static const char *const CASES[] = { "1", "2[\"x\"]", "31[]", "4{}", "51-[\"x\"]", "61-1[]", "hello" };

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct eio_session *s = fake_open(4);

		fake_say(s, CASES[i]);
		assert_true(s->closing);
		expect_heard("");
	}
}

static void test_leave_and_come_back(void **state)
{
	struct eio_session *s = in_room();
	char before[64];

	(void)state;
	snprintf(before, sizeof(before), "%s", sio_socket_id(last));
	fake_say(s, "1");
	expect_heard("/ disconnect client namespace disconnect in r\nlate 2  +0\n/ leave \"r\"\n");
	expect_sent(s, "");
	assert_null(sio_namespace_find(root, slice_of(before)));
	fake_say(s, "0");
	assert_string_not_equal(sio_socket_id(last), before);
	assert_int_equal(sio_room_size(root, SLICE("\"r\"")), 0);
	fake_say(s, "21[\"x\"]");
	assert_non_null(strstr(s->sent.data, "31[\"ok\"]"));
}

static void test_kick(void **state)
{
	struct eio_session *s = joined(), *t = in_room(), *u = in_room();

	(void)state;
	fake_say(s, "0/other,");
	buf_reset(&s->sent);
	buf_reset(&heard);
	fake_say(s, "2[\"kick\"]");
	expect_sent(s, "1\n");
	expect_heard("/ event kick \n/ disconnect server namespace disconnect\nlate 2  +0\n");
	fake_say(s, "21[\"x\"]");                   /* on its way when it was put out */
	fake_say(s, "51-[\"x\",{\"_placeholder\":true,\"num\":0}]");
	fake_bytes(s, "bytes");
	fake_say(s, "1");
	fake_tick(9000);
	fake_say(s, "2[\"x\"]");
	expect_sent(s, "");
	fake_say(s, "2/other,3[\"x\",{}]");
	expect_sent(s, "3/other,3[\"ok\"]\n");
	expect_heard("/other event x {}\n");
	fake_say(s, "0");
	buf_reset(&s->sent);
	fake_say(s, "21[\"x\"]");
	expect_sent(s, "31[\"ok\"]\n");
	fake_say(s, "1");
	fake_say(s, "21[\"x\"]");                   /* after its own word it is out of turn */
	assert_true(s->closing);
	s = joined();
	fake_say(s, "2[\"kick\"]");
	fake_tick(10001);
	fake_say(s, "21[\"x\"]");                   /* it has heard of it long ago */
	assert_true(s->closing);
	buf_reset(&heard);
	farewell = "[\"bye\"]";
	fake_say(t, "2[\"kick all\",\"r\"]");
	expect_sent(t, "1\n");
	expect_sent(u, "2[\"bye\"]\n1\n");
	assert_int_equal(sio_namespace_count(root), 0);
}

static void test_kick_with_transport(void **state)
{
	struct eio_session *s = joined();

	(void)state;
	fake_say(s, "0/other,");
	buf_reset(&s->sent);
	buf_reset(&heard);
	fake_say(s, "2[\"close\"]");
	expect_sent(s, "1\n1/other,\n!4/1000\n");
	expect_heard("/ event close \n/ disconnect server namespace disconnect\nlate 2  +0\n"
		     "/other disconnect server namespace disconnect\nlate 2  +0\n");
	fake_gone(s, EIO_PEER_CLOSED);
	expect_heard("");
}

static void test_reasons(void **state)
{
	static const struct { enum eio_reason reason; const char *text; } CASES[] = {
		{ EIO_PEER_CLOSED, "transport close" }, { EIO_TRANSPORT_ERROR, "transport error" },
		{ EIO_PING_TIMEOUT, "ping timeout" }, { EIO_PARSE_ERROR, "parse error" },
		{ EIO_FORCED, "forced close" }, { EIO_SLOW, "forced close" },
		{ EIO_SHUTDOWN, "server shutting down" },
	};
	char want[120];

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		fake_gone(joined(), CASES[i].reason);
		snprintf(want, sizeof(want), "/ disconnect %s\nlate 2  +0\n", CASES[i].text);
		expect_heard(want);
	}
	fake_say(in_room(), "2[\"drop\"]");
	fake_gone(fake_sessions, EIO_PEER_CLOSED);
	expect_heard("/ event drop \n/ disconnect forced close in r\nlate 2  +0\n/ leave \"r\"\n");
}

static void on_drained(void *ctx)
{
	*(bool *)ctx = true;
}

static void test_drain(void **state)
{
	bool done = false;

	(void)state;
	in_room();
	sio_server_stop_listening(server);
	sio_server_drain(server, 1000, on_drained, &done);
	assert_true(done);
	expect_heard("/ disconnect server shutting down in r\nlate 2  +0\n/ leave \"r\"\n");
	assert_int_equal(sio_server_port(server), 1);
}

static void test_namespaces(void **state)
{
	char longest[600];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[512] = '\0';
	const char *const bad[] = { "", "chat", "/a,b", "/a?b", "/", "/other" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(sio_server_of(server, bad[i], &APP, NULL));
	assert_non_null(sio_server_of(server, longest, &APP, NULL));
	longest[512] = 'x';
	longest[513] = '\0';
	assert_null(sio_server_of(server, longest, &APP, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_connect),
		CASE(test_pending_hears_nothing),
		CASE(test_refuse),
		CASE(test_connect_deadline),
		CASE(test_deadline_of_the_closing),
		CASE(test_violations),
		CASE(test_nothing_before_connect),
		CASE(test_leave_and_come_back),
		CASE(test_kick),
		CASE(test_kick_with_transport),
		CASE(test_reasons),
		CASE(test_drain),
		CASE(test_namespaces),
	};

	return cmocka_run_group_tests_name("sio_server", tests, NULL, NULL);
}
