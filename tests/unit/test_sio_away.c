// objects: relay/socketio/*.o shared/buf.o shared/map.o shared/siphash.o shared/network.o shared/arena.o shared/ids.o shared/json*.o shared/log.o
/*
 * The bounds of recovery: whose sessions make room when there are too many, how far back is looked, how often.
 */
#include "sio_back.h"

/* One who comes and goes without end: what he may come back to makes room for it, and not what others may. */
static void test_whose_sessions_make_room(void **state)
{
	struct known ana = { .offset = "" }, first = { .offset = "" }, last_one = { .offset = "" }, k;
	struct sio_stats stats;
	int i;

	(void)state;
	fake_address = "2001:db8:0:1::a";
	fake_gone(join_room(&ana), EIO_PEER_CLOSED);
	for (i = 0; i < 65536 + 100; i++) {
		char address[40];

		snprintf(address, sizeof(address), "2001:db8:0:2::%x", (unsigned)i);
		fake_address = address;
		fake_gone(join_room(i == 0 ? &first : &k), EIO_PEER_CLOSED);
		fake_address = NULL;
	}
	fake_address = "192.0.2.7";
	fake_gone(join_room(&last_one), EIO_PEER_CLOSED);
	sio_server_stats(server, &stats);
	assert_int_equal(stats.away, 65536);
	back(&ana);
	assert_true(sio_socket_returns(last));
	back(&last_one);
	assert_true(sio_socket_returns(last));
	back(&k);
	assert_true(sio_socket_returns(last));
	back(&first);
	assert_false(sio_socket_returns(last));
	fake_address = "10.0.0.1";
}

/* Looking costs time: each connection may name a session once for each namespace of the server. */
static void test_asks_once(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s;
	char text[80];

	(void)state;
	fake_gone(join_room(&k), EIO_PEER_CLOSED);
	s = fake_open(4);
	for (int i = 0; i < 2; i++) {
		fake_say(s, "0{\"pid\":\"another\"}");
		fake_say(s, "1");
	}
	snprintf(text, sizeof(text), "0{\"pid\":\"%s\"}", k.pid);
	fake_say(s, text);
	assert_false(sio_socket_returns(last));
	fake_gone(s, EIO_PEER_CLOSED);
	back(&k);
	assert_true(sio_socket_returns(last));
}

/* True when the session is found; its client leaves before it is accepted. */
static bool is_found(const struct known *k)
{
	struct eio_session *s = back(k);
	bool found = sio_socket_returns(last);

	fake_gone(s, EIO_PEER_CLOSED);
	return found;
}

/* Looking comes before anybody is let in, and nobody else is served meanwhile: neither one session nor many take it all. */
static void test_looks_are_bounded(void **state)
{
	struct slice busy = SLICE("\"b\"");
	struct eio_session *s[120], *t;
	struct known k[120] = { 0 }, any;
	int found = 0;

	(void)state;
	t = join_room(&any);
	fake_say(t, "2[\"join\",\"b\"]");
	for (int i = 0; i < 120; i++)
		s[i] = join_room(&k[i]);
	push("[\"e\",{\"n\":1}]");
	for (int i = 0; i < 120; i++)
		note_offset(s[i], &k[i]);
	push("[\"e\",{\"n\":2}]");
	for (int i = 0; i < 120; i++)
		fake_gone(s[i], EIO_PEER_CLOSED);
	for (int i = 0; i < 9000; i++)
		sio_push_kept(root, &busy, 1, SLICE_NONE, SLICE("[\"e\",{}]"));
	accept_at_once = false;
	fake_now += 1000;
	for (int i = 0; i < 8; i++)
		found += is_found(&k[0]);
	assert_int_equal(found, 5);
	for (int i = 1; i < 120; i++)
		found += is_found(&k[i]);
	assert_int_equal(found, 111);          /* a million pushes in a second */
	fake_now += 1000;
	assert_true(is_found(&k[119]));
	assert_false(is_found(&k[0]));
}

/* All of it is kept, but no session is worth looking through so much. */
static void test_far_behind(void **state)
{
	struct known k = { .offset = "" }, l = { .offset = "" };
	struct eio_session *s = join_room(&k), *t = join_room(&l);
	struct slice busy = SLICE("\"b\"");

	(void)state;
	fake_say(t, "2[\"join\",\"b\"]");
	push("[\"e\",{\"n\":1}]");
	note_offset(s, &k);
	fake_gone(s, EIO_PEER_CLOSED);
	for (int i = 0; i < 9999; i++)
		sio_push_kept(root, &busy, 1, SLICE_NONE, SLICE("[\"e\",{}]"));
	push("[\"e\",{\"n\":2}]");
	s = back(&k);
	sio_socket_replay(last);
	expect_welcome(s, &k, "2[\"e\",{\"n\":2},\"@\"]\n");
	fake_gone(s, EIO_PEER_CLOSED);
	push("[\"e\",{\"n\":3}]");
	back(&k);
	assert_false(sio_socket_returns(last));
}

/* Whose rooms were quiet missed nothing, however much others heard before it was cut. */
static void test_quiet_beside_others(void **state)
{
	struct known k = { .offset = "" }, l = { .offset = "" };
	struct eio_session *s = join_room(&k), *t = join_room(&l);
	struct slice busy = SLICE("\"b\"");

	(void)state;
	fake_say(t, "2[\"join\",\"b\"]");
	push("[\"e\",{\"n\":1}]");
	note_offset(s, &k);
	for (int i = 0; i < 10001; i++)
		sio_push_kept(root, &busy, 1, SLICE_NONE, SLICE("[\"e\",{}]"));
	fake_gone(s, EIO_PEER_CLOSED);
	push("[\"e\",{\"n\":2}]");
	s = back(&k);
	sio_socket_replay(last);
	expect_welcome(s, &k, "2[\"e\",{\"n\":2},\"@\"]\n");
}

int main(void)
{
	static size_t plenty = 16u << 20;
	const struct CMUnitTest tests[] = {
		RECOVERY(test_whose_sessions_make_room), RECOVERY(test_asks_once),
		cmocka_unit_test_prestate_setup_teardown(test_looks_are_bounded, setup_recovery, teardown_recovery, &plenty),
		cmocka_unit_test_prestate_setup_teardown(test_far_behind, setup_recovery, teardown_recovery, &plenty),
		cmocka_unit_test_prestate_setup_teardown(test_quiet_beside_others, setup_recovery, teardown_recovery, &plenty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
