// objects: relay/socketio/*.o shared/buf.o shared/map.o shared/siphash.o shared/network.o shared/arena.o shared/ids.o shared/json*.o shared/log.o
/*
 * Connection state recovery over a transport of plain memory: who comes back, under which id, to which rooms, and
 * what is sent again.
 */
#include "sio_back.h"

static void test_missed(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s = join_room(&k);
	struct sio_stats stats;

	(void)state;
	push("[\"e\",{\"n\":1}]");
	note_offset(s, &k);
	push("[\"e\",{\"n\":2}]");                    /* on its way when the connection breaks */
	sio_push(root, &room, 1, SLICE_NONE, SLICE("[\"small\"]"));
	fake_gone(s, EIO_PEER_CLOSED);
	expect_heard("/ disconnect transport close in r\nlate 2  +0\n/ leave \"r\"\n");
	push("[\"e\",{\"n\":3}]");
	sio_push(root, &room, 1, SLICE_NONE, SLICE("[\"small\"]"));
	sio_server_stats(server, &stats);
	assert_int_equal(stats.away, 1);
	fake_tick(119000);
	s = back(&k);
	assert_true(sio_socket_returns(last));
	push("[\"e\",{\"n\":4}]");                    /* waits for the replay */
	sio_socket_replay(last);
	push("[\"e\",{\"n\":5}]");
	expect_welcome(s, &k, "2[\"e\",{\"n\":2},\"@\"]\n2[\"e\",{\"n\":3},\"@\"]\n2[\"e\",{\"n\":4},\"@\"]\n"
		"2[\"e\",{\"n\":5},\"@\"]\n");
	assert_true(sio_socket_in(last, room));
	sio_server_stats(server, &stats);
	assert_int_equal(stats.away, 0);
	assert_int_equal(stats.recovered, 1);
}

/* An offset is one more argument, which Python's and Dart's clients cannot bear: no pid, no offset, no way back. */
static void test_who_bears_an_offset(void **state)
{
	static const struct {
		const char *agent;
		bool python, bears;
	} hands[] = {
		{ "okhttp/4.12.0", false, true },
		{ NULL, false, true },
		{ "", false, true },
		{ "Dart", false, true },
		{ "Dart/3.4 (dart:io)", false, false },
		{ NULL, true, false },
		{ "okhttp/4.12.0", true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hands) / sizeof(*hands); i++) {
		struct eio_session *s;

		fake_python = hands[i].python;
		fake_agent = hands[i].agent;
		s = fake_open(4);
		fake_say(s, "0");
		fake_say(s, "2[\"join\",\"r\"]");
		push("[\"e\",{}]");
		assert_int_equal(strstr(s->sent.data, "\"pid\"") != NULL, hands[i].bears);
		assert_int_equal(strstr(s->sent.data, "[\"e\",{}]") == NULL, hands[i].bears);
		fake_gone(s, EIO_PEER_CLOSED);
	}
	fake_agent = NULL;
	fake_python = false;
}

static void test_never_heard_any(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s = join_room(&k);

	(void)state;
	push("[\"e\",{}]");
	fake_gone(s, EIO_PING_TIMEOUT);
	s = back(&k);
	sio_socket_replay(last);
	assert_non_null(strstr(s->sent.data, "2[\"e\",{},\""));
	assert_non_null(strstr(s->sent.data, k.id));
}

/* Pushes from before a room was joined are nobody's who joined it later. */
static void test_rooms(void **state)
{
	struct known k = { .offset = "" }, l = { .offset = "" };
	struct eio_session *s = join_room(&k), *t = join_room(&l);

	(void)state;
	push("[\"e\",{\"n\":1}]");
	note_offset(s, &k);
	fake_say(s, "2[\"leave\",\"r\"]");
	push("[\"e\",{\"n\":2}]");
	fake_say(s, "2[\"join\",\"r\"]");
	push("[\"e\",{\"n\":3}]");
	fake_gone(s, EIO_TRANSPORT_ERROR);
	accept_at_once = false;
	s = back(&k);
	sio_push_kept(root, &room, 1, slice_of(k.id), SLICE("[\"e\",{\"n\":4}]"));
	sio_socket_accept(last);
	sio_socket_replay(last);
	expect_welcome(s, &k, "2[\"e\",{\"n\":3},\"@\"]\n");
	/* a room that the application takes away before the replay */
	fake_gone(s, EIO_PEER_CLOSED);
	push("[\"e\",{\"n\":5}]");
	s = back(&k);
	sio_socket_leave(last, room);
	sio_socket_accept(last);
	sio_socket_replay(last);
	expect_welcome(s, &k, "");
	(void)t;
}

static void test_not_recovered(void **state)
{
	static const char *const bad[] = {
		"0{\"pid\":\"unknown\",\"offset\":\"x\"}", "0{\"pid\":7}", "0{\"pid\":\"\",\"offset\":\"\"}", "0{}", "0",
	};
	struct known k = { .offset = "" }, n;
	struct eio_session *s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		s = fake_open(4);
		fake_say(s, bad[i]);
		assert_false(sio_socket_returns(last));
	}
	s = join_room(&k);
	push("[\"e\",{}]");
	note_offset(s, &k);
	n = k;
	strcat(n.offset, "0");                          /* a push that never was */
	fake_gone(s, EIO_PEER_CLOSED);
	back(&n);
	assert_false(sio_socket_returns(last));
	back(&k);
	assert_true(sio_socket_returns(last));
	/* ended on purpose, by either side, or for what it said */
	for (int i = 0; i < 3; i++) {
		s = join_room(&k);
		k.offset[0] = '\0';
		fake_say(s, i == 0 ? "1" : i == 1 ? "2[\"kick\"]" : "nonsense");
		fake_gone(s, EIO_PEER_CLOSED);
		back(&k);
		assert_false(sio_socket_returns(last));
	}
	/* forgotten by the application */
	s = join_room(&k);
	k.offset[0] = '\0';
	sio_socket_forget(last);
	fake_gone(s, EIO_PEER_CLOSED);
	back(&k);
	assert_false(sio_socket_returns(last));
}

static void test_not_all_there(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s;

	(void)state;
	/* too late */
	s = join_room(&k);
	fake_gone(s, EIO_PEER_CLOSED);
	fake_tick(120000);
	back(&k);
	assert_false(sio_socket_returns(last));
	/* what was missed is no longer there */
	s = join_room(&k);
	push("[\"e\",{}]");
	note_offset(s, &k);
	fake_gone(s, EIO_PEER_CLOSED);
	for (int i = 0; i < 60; i++)
		push("[\"e\",{\"text\":\"long enough to fill what may be kept\"}]");
	back(&k);
	assert_false(sio_socket_returns(last));
	/* nor is it when the application accepts */
	s = join_room(&k);
	push("[\"e\",{}]");
	note_offset(s, &k);
	fake_gone(s, EIO_PEER_CLOSED);
	push("[\"e\",{}]");
	accept_at_once = false;
	back(&k);
	assert_true(sio_socket_returns(last));
	assert_true(sio_socket_whole(last));
	for (int i = 0; i < 60; i++)
		push("[\"e\",{\"text\":\"long enough to fill what may be kept\"}]");
	assert_false(sio_socket_whole(last));
	accept_at_once = true;
	/* it left a room in which it had not heard everything, and is there again */
	s = join_room(&k);
	push("[\"e\",{}]");
	note_offset(s, &k);
	push("[\"e\",{}]");
	fake_say(s, "2[\"leave\",\"r\"]");
	fake_say(s, "2[\"join\",\"r\"]");
	push("[\"e\",{}]");
	fake_gone(s, EIO_PEER_CLOSED);
	back(&k);
	assert_false(sio_socket_returns(last));
}

/* A quiet client's last push may be long gone: nothing was sent to it since. */
static void test_quiet(void **state)
{
	struct known k = { .offset = "" }, l = { .offset = "" };
	struct eio_session *s = join_room(&k), *t = join_room(&l);
	struct slice busy = SLICE("\"b\"");

	(void)state;
	push("[\"e\",{}]");
	note_offset(s, &k);
	fake_say(t, "2[\"join\",\"b\"]");
	for (int i = 0; i < 60; i++)
		sio_push_kept(root, &busy, 1, SLICE_NONE, SLICE("[\"e\",{\"text\":\"to fill what may be kept\"}]"));
	fake_gone(s, EIO_PEER_CLOSED);
	push("[\"e\",{\"n\":2}]");
	s = back(&k);
	sio_socket_replay(last);
	expect_welcome(s, &k, "2[\"e\",{\"n\":2},\"@\"]\n");
}

/* The session is the later one's, and goes on when the end of the dead one is noticed. */
static void expect_taken_over(struct eio_session *dead, struct eio_session *s, const struct known *k)
{
	assert_non_null(strstr(dead->sent.data, "!4/1000"));
	sio_socket_replay(last);
	expect_welcome(s, k, "2[\"e\",{\"n\":2},\"@\"]\n");
	fake_gone(dead, EIO_PEER_CLOSED);
	push("[\"e\",{\"n\":3}]");
	expect(s, k, "2[\"e\",{\"n\":3},\"@\"]\n");
	assert_int_equal(sio_namespace_count(root), 1);
}

/* The old connection is dead and nobody has noticed yet. */
static void test_unnoticed(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s = join_room(&k), *t;

	(void)state;
	push("[\"e\",{\"n\":1}]");
	note_offset(s, &k);
	push("[\"e\",{\"n\":2}]");
	t = back(&k);
	expect_taken_over(s, t, &k);
}

/* The same happened to the one that was on its way back, and workers are slow. */
static void test_unnoticed_before_it_was_let_in(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s = join_room(&k), *t;

	(void)state;
	push("[\"e\",{\"n\":1}]");
	note_offset(s, &k);
	fake_gone(s, EIO_PEER_CLOSED);
	push("[\"e\",{\"n\":2}]");
	accept_at_once = false;
	s = back(&k);
	t = back(&k);
	assert_true(sio_socket_returns(last));
	sio_socket_accept(last);
	expect_taken_over(s, t, &k);
}

/* What is pushed while the sockets of a client end one after the other is not lost to those that come later. */
static void test_while_it_ends(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s = fake_open(4);
	char *name = mem_zero(70000, 1);
	struct slice rooms[] = { { name, 70000 }, room };

	(void)state;
	fake_say(s, "0/other,");
	buf_reset(&s->sent);
	fake_say(s, "0");
	take(s->sent.data, "\"sid\":\"", k.id);
	take(s->sent.data, "\"pid\":\"", k.pid);
	fake_say(s, "2[\"join\",\"r\"]");
	buf_reset(&s->sent);
	push("[\"e\",{\"n\":1}]");
	note_offset(s, &k);
	farewell = "[\"bye\"]";
	fake_gone(s, EIO_PEER_CLOSED);
	farewell = NULL;
	/* a name that nobody can have joined is no reason to lose the push to the others */
	sio_push_kept(root, rooms, 2, SLICE_NONE, SLICE("[\"e\",{\"n\":2}]"));
	free(name);
	s = back(&k);
	sio_socket_replay(last);
	expect_welcome(s, &k, "2[\"bye\",\"@\"]\n2[\"bye\",\"@\"]\n2[\"e\",{\"n\":2},\"@\"]\n");
}

/* Gone again before it was let in: nothing is lost by that, nor won. */
static void test_twice(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s = join_room(&k);

	(void)state;
	push("[\"e\",{\"n\":1}]");
	note_offset(s, &k);
	fake_gone(s, EIO_PEER_CLOSED);
	push("[\"e\",{\"n\":2}]");
	accept_at_once = false;
	for (int i = 0; i < 3; i++) {
		s = back(&k);
		assert_true(sio_socket_returns(last));
		fake_gone(s, EIO_PEER_CLOSED);
	}
	s = back(&k);
	sio_socket_accept(last);
	sio_socket_replay(last);
	expect_welcome(s, &k, "2[\"e\",{\"n\":2},\"@\"]\n");
	fake_gone(s, EIO_PEER_CLOSED);
	fake_tick(60000);
	s = back(&k);
	fake_gone(s, EIO_PEER_CLOSED);
	fake_tick(60000);
	back(&k);
	assert_false(sio_socket_returns(last));
}

static int setup_small_queue(void **state)
{
	queue_max = 2000;
	return setup_recovery(state);
}

static int teardown_small_queue(void **state)
{
	queue_max = 0;
	return teardown_recovery(state);
}

/* Who missed more than half of what may wait for it would be closed as slow, and again each time it comes. */
static void test_too_much(void **state)
{
	struct known k = { .offset = "" };
	char text[600];

	(void)state;
	snprintf(text, sizeof(text), "[\"e\",{\"text\":\"%0*d\"}]", 550, 0);
	for (int missed = 1; missed <= 2; missed++) {
		struct eio_session *s = join_room(&k);

		push("[\"e\",{}]");
		note_offset(s, &k);
		fake_gone(s, EIO_PEER_CLOSED);
		for (int i = 0; i < missed; i++)
			push(text);
		back(&k);
		assert_int_equal(sio_socket_returns(last), missed == 1);
	}
}

/* Clients of Engine.IO 3 hear no offset and come back to nothing. */
static void test_old_clients(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s = join_room(&k), *old = fake_open(3);

	(void)state;
	fake_say(old, "2[\"join\",\"r\"]");
	buf_reset(&old->sent);
	push("[\"e\",{}]");
	expect_sent(old, "2[\"e\",{}]\n");
	note_offset(s, &k);
	fake_gone(s, EIO_PEER_CLOSED);
	buf_reset(&old->sent);
	push("[\"e\",{}]");
	expect_sent(old, "2[\"e\",{}]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECOVERY(test_missed), RECOVERY(test_who_bears_an_offset), RECOVERY(test_never_heard_any),
		RECOVERY(test_rooms), RECOVERY(test_not_recovered), RECOVERY(test_not_all_there), RECOVERY(test_quiet), RECOVERY(test_unnoticed), RECOVERY(test_unnoticed_before_it_was_let_in),
		RECOVERY(test_while_it_ends), RECOVERY(test_twice), RECOVERY(test_old_clients),
		cmocka_unit_test_setup_teardown(test_too_much, setup_small_queue, teardown_small_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
