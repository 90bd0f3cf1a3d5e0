// objects: relay/socketio/*.o shared/buf.o shared/map.o shared/siphash.o shared/network.o shared/arena.o shared/ids.o shared/json*.o shared/log.o
/*
 * The Socket.IO room over a transport of plain memory: what is said and heard, by rooms, acknowledgements and
 * attachments, and by clients of Engine.IO 3.
 */
#include "sio_app.h"

static void test_rooms_and_pushes(void **state)
{
	struct eio_session *s = in_room(), *t = in_room(), *u = joined();
	struct slice rooms[] = { SLICE("\"r\""), SLICE("\"q\""), SLICE("nobody") };
	struct sio_stats stats;
	char name[SIO_ROOM_MAX + 1];
	uint64_t number;
	int encoded;

	(void)state;
	fake_say(u, "2[\"join\",\"q\"]");
	fake_say(s, "2[\"join\",\"q\"]");
	fake_say(s, "2[\"join\",\"q\"]");
	fake_say(s, "2[\"join\",\"third\"]");
	expect_heard("/ event join \"q\"\n/ join \"q\"\n/ event join \"q\"\n/ join \"q\"\n"
		     "/ event join \"q\"\n/ event join \"third\"\n");
	encoded = fake_encoded;
	assert_int_equal(sio_push(root, rooms, 3, SLICE_NONE, SLICE("[\"e\",1]")), 3);
	assert_int_equal(fake_encoded, encoded + 1);
	expect_sent(s, "2[\"e\",1]\n");
	expect_sent(t, "2[\"e\",1]\n");
	expect_sent(u, "2[\"e\",1]\n");
	assert_int_equal(sio_push(root, rooms, 3, slice_of(sio_socket_id(last)), SLICE("[\"e\"]")), 2);
	expect_sent(u, "");
	assert_int_equal(sio_push(root, rooms + 2, 1, SLICE_NONE, SLICE("[\"e\"]")), 0);
	assert_int_equal(sio_push(other, rooms, 3, SLICE_NONE, SLICE("[\"e\"]")), 0);
	assert_int_equal(fake_encoded, encoded + 2);
	assert_int_equal(sio_socket_join(last, rooms[1], &number), 0);
	assert_int_equal(sio_socket_join_number(last, rooms[1]), number);
	memset(name, 'r', sizeof(name));
	assert_int_equal(sio_socket_join(last, (struct slice){ name, SIO_ROOM_MAX + 1 }, NULL), -1);
	assert_int_equal(sio_socket_join(last, (struct slice){ name, SIO_ROOM_MAX }, NULL), 1);
	assert_int_equal(sio_socket_leave(last, (struct slice){ name, SIO_ROOM_MAX }), 1);
	sio_server_stats(server, &stats);
	assert_int_equal(stats.pushes, 4);
	assert_int_equal(stats.deliveries, 5);
	assert_int_equal(stats.broadcasts_encoded, 2);
	assert_int_equal(stats.rooms, 2);
	buf_reset(&heard);
	fake_say(s, "2[\"leave\",\"r\"]");
	fake_say(s, "2[\"leave\",\"r\"]");
	expect_heard("/ event leave \"r\"\n/ leave \"r\"\n/ event leave \"r\"\n");
}

static void test_farewell_reaches_others(void **state)
{
	struct eio_session *s = in_room(), *t = in_room();

	(void)state;
	farewell = "[\"bye\"]";
	fake_gone(s, EIO_PEER_CLOSED);
	expect_sent(t, "2[\"bye\"]\n");
}

static void test_binary(void **state)
{
	struct eio_session *s = joined();

	(void)state;
	fake_say(s, "52-7[\"binary\",{\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":0}]");
	expect_heard("");
	fake_bytes(s, "one");
	fake_bytes(s, "two");
	expect_heard("/ event binary {\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":0}"
		     " <one> <two>\n");
	expect_sent(s, "62-7[\"ok\"]\n<one>\n<two>\n"
		       "52-[\"b\",{\"_placeholder\":true,\"num\":0}]\n<one>\n<two>\n");
	fake_say(s, "50-[\"none\"]");
	expect_heard("/ event none \n");
	fake_bytes(s, "not announced");
	expect_sent(s, "!3/1008\n");
	s = joined();
	fake_say(s, "52-[\"x\"]");
	fake_bytes(s, "one");
	fake_say(s, "2[\"y\"]");
	expect_sent(s, "!3/1008\n");
	s = joined();
	fake_say(s, "53-[\"x\"]");
	for (int i = 0; i < 3; i++) /* the bound is 4 x 25 bytes */
		fake_bytes(s, "0123456789012345678901234567890123456789");
	expect_sent(s, "!3/1008\n");
	s = joined();
	fake_say(s, "51-[\"x\"]"); /* its socket goes while the attachment is awaited */
	sio_socket_disconnect(last, false);
	fake_bytes(s, "one");
	expect_sent(s, "1\n");
	expect_heard("/ disconnect server namespace disconnect\nlate 2  +0\n");
}

/* Each attachment has its time, which stands still while the session is not read. */
static void test_binary_deadline(void **state)
{
	struct eio_session *s = joined();
	struct sio_stats stats;

	(void)state;
	fake_say(s, "52-[\"x\"]");
	fake_tick(499);
	fake_bytes(s, "one");
	fake_tick(499);
	fake_bytes(s, "two");
	expect_heard("/ event x  <one> <two>\n");
	fake_say(s, "52-[\"x\"]");
	fake_bytes(s, "one");
	sio_socket_pause(last);
	fake_tick(2000);
	sio_socket_resume(last);
	fake_tick(499);
	expect_sent(s, "");
	fake_tick(1);
	expect_sent(s, "!3/1008\n");
	sio_server_stats(server, &stats);
	assert_int_equal(stats.refused[SIO_REFUSED_MISSING], 1);
	fake_bytes(s, "two");
	fake_tick(500);
	expect_heard("");
	s = joined();
	fake_say(s, "51-[\"x\"]");
	fake_gone(s, EIO_PEER_CLOSED);
	fake_tick(500);
	sio_server_stats(server, &stats);
	assert_int_equal(stats.refused[SIO_REFUSED_MISSING], 1);
}

static void test_ask(void **state)
{
	struct eio_session *s = joined();

	(void)state;
	fake_say(s, "2[\"ask\"]");
	fake_say(s, "2[\"ask\"]");
	fake_say(s, "2[\"ask\"]");
	fake_say(s, "2[\"ask\"]");
	expect_sent(s, "20[\"q\"]\n21[\"q\"]\n22[\"q\"]\n23[\"q\"]\n");
	buf_reset(&heard);
	fake_say(s, "31[1,\"x\"]");
	fake_say(s, "31[1]");
	fake_say(s, "399[1]");
	expect_heard("answer 0 1,\"x\" +0\n");
	fake_say(s, "61-0[{\"_placeholder\":true,\"num\":0}]");
	fake_bytes(s, "one");
	expect_heard("answer 0 {\"_placeholder\":true,\"num\":0} +1\n");
	fake_tick(100);
	fake_say(s, "32[]");
	expect_heard("answer 1  +0\nanswer 1  +0\n");
	fake_say(s, "2[\"ask\"]");
	buf_reset(&heard);
	fake_gone(s, EIO_PEER_CLOSED);
	expect_heard("answer 2  +0\n/ disconnect transport close\nlate 2  +0\n");
}

static void on_gathered(void *ctx, size_t asked, size_t given)
{
	buf_putf(&heard, "%s %zu of %zu\n", (char *)ctx, given, asked);
}

static void test_ask_many(void **state)
{
	struct slice room = SLICE("\"r\"");
	struct eio_session *s = in_room(), *t = in_room(), *u = in_room(), *v = in_room();
	uint64_t encoded = (uint64_t)fake_encoded;

	(void)state;
	assert_int_equal(sio_push_ask(root, &room, 1, slice_of(sio_socket_id(last)), SLICE("[\"q\"]"), 100,
		on_answer, on_gathered, "many"), 3);
	assert_int_equal(fake_encoded - encoded, 1);
	expect_sent(s, "20[\"q\"]\n");
	expect_sent(t, "20[\"q\"]\n");
	expect_sent(v, "");
	fake_say(s, "30[1]");
	fake_say(s, "30[1]");
	expect_heard("many 0 1 +0\n");
	fake_gone(t, EIO_PEER_CLOSED);
	expect_heard("many 2  +0\n/ disconnect transport close in r\nlate 2  +0\n/ leave \"r\"\n");
	/* a question to one meanwhile has an id of its own */
	fake_say(u, "2[\"ask\"]");
	expect_sent(u, "20[\"q\"]\n21[\"q\"]\n");
	buf_reset(&heard);
	fake_tick(100);
	assert_non_null(strstr(heard.data, "many 1  +0\nmany 1 of 3\n"));
	buf_reset(&heard);
	assert_int_equal(sio_push_ask(root, &(struct slice){ "x", 1 }, 1, SLICE_NONE, SLICE("[\"q\"]"), 100,
		on_answer, on_gathered, "nobody"), 0);
	expect_heard("nobody 0 of 0\n");
	assert_int_equal(sio_push_ask(root, &room, 1, SLICE_NONE, SLICE("[\"q\"]"), 0, NULL, NULL, NULL), 3);
	fake_say(s, "32[]");
}

static void test_volatile(void **state)
{
	struct slice room = SLICE("\"r\"");
	struct eio_session *s = in_room();

	(void)state;
	buf_reset(&s->sent);
	for (int i = 0; i < 2; i++) {
		sio_push_volatile(root, &room, 1, SLICE_NONE, SLICE("[\"v\"]"));
		sio_socket_emit_volatile(last, SLICE("[\"w\"]"));
		expect_sent(s, i ? "" : "2[\"v\"]\n2[\"w\"]\n");
		fake_full = true;
	}
	fake_full = false;
}

static void test_pause_counts(void **state)
{
	struct eio_session *s = joined();
	struct sio_socket *a = last;

	(void)state;
	fake_say(s, "0/other,");
	sio_socket_resume(a);
	sio_socket_pause(a);
	sio_socket_pause(a);
	sio_socket_pause(last);
	assert_int_equal(s->pauses, 1);
	sio_socket_resume(a);
	assert_int_equal(s->pauses, 1);
	sio_socket_disconnect(a, false);
	assert_int_equal(s->pauses, 1);
	sio_socket_pause(a);
	sio_socket_resume(last);
	assert_int_equal(s->pauses, 0);
	sio_socket_pause(last);
}

static void test_engine_3(void **state)
{
	struct eio_session *s = fake_open(3);
	char id[64];

	(void)state;
	expect_sent(s, "0\n");
	assert_string_equal(sio_socket_id(last), s->sid);
	fake_say(s, "0/other?token=a%20b&x=%22,");
	expect_sent(s, "0/other,\n");
	snprintf(id, sizeof(id), "/other#%s", s->sid);
	assert_string_equal(sio_socket_id(last), id);
	expect_heard("/ connect \n/other connect {\"token\":\"a b\",\"x\":\"\\\"\"}\n");
	fake_say(s, "0/nowhere?a=1");
	expect_sent(s, "4/nowhere,{\"message\":\"Invalid namespace\"}\n");
	fake_say(s, "2/other,5[\"x\",1]");
	expect_sent(s, "3/other,5[\"ok\"]\n");
	fake_say(s, "1");
	fake_say(s, "0");
	expect_sent(s, "0\n");
	accept_at_once = false;
	fake_say(s, "1");
	fake_say(s, "0");
	sio_socket_refuse(last, SLICE("{\"message\":\"no\"}"));
	expect_sent(s, "4{\"message\":\"no\"}\n");
}

static void test_bad_text_closes_nothing(void **state)
{
	struct eio_session *s = joined();

	(void)state;
	fake_say(s, "2[\"x\",\"\\ud800\"]");
	fake_say(s, "2[\"\\u0000\"]");
	expect_heard("/ event x \"\\ud800\" bad\n/ event   bad\n");
	expect_sent(s, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_rooms_and_pushes),
		CASE(test_farewell_reaches_others),
		CASE(test_binary),
		CASE(test_binary_deadline),
		CASE(test_ask),
		CASE(test_ask_many),
		CASE(test_volatile),
		CASE(test_pause_counts),
		CASE(test_engine_3),
		CASE(test_bad_text_closes_nothing),
	};

	return cmocka_run_group_tests_name("sio_traffic", tests, NULL, NULL);
}
