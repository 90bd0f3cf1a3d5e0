// objects: relay/socketio/*.o shared/buf.o shared/map.o shared/siphash.o shared/network.o shared/arena.o shared/ids.o shared/json*.o shared/log.o
/*
 * What may be heard twice and carries no offset: when it is told again to who comes back, also after a planned restart.
 */
#include "sio_back.h"

static void push_repeatable(const char *text)
{
	sio_push_repeatable(root, &room, 1, SLICE_NONE, slice_of(text));
}

/* A ping that was sent now is answered. */
static void prove(struct eio_session *s)
{
	fake_tick(1000);
	s->proved_ms = fake_now;
	fake_tick(1);
}

/* What others are told meanwhile. */
static void push_elsewhere(int count)
{
	struct slice busy = SLICE("\"busy\"");

	while (count-- > 0)
		sio_push_kept(root, &busy, 1, SLICE_NONE, SLICE("[\"e\",{\"text\":\"to fill what may be kept\"}]"));
}

static struct eio_session *busy_room(void)
{
	struct eio_session *s = fake_open(4);

	fake_say(s, "0");
	fake_say(s, "2[\"join\",\"busy\"]");
	return s;
}

/*
 * What carries no offset comes with what was missed, in its place, and once more what the cut may have swallowed: what was sent
 * since the last ping that was answered.
 */
static void test_repeatable(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s = join_room(&k);

	(void)state;
	push("[\"e\",{\"n\":1}]");
	push_repeatable("[\"r\",{\"n\":1}]");
	push("[\"e\",{\"n\":2}]");
	note_offset(s, &k);
	push_repeatable("[\"r\",{\"n\":2}]");
	prove(s);
	push_repeatable("[\"r\",{\"n\":3}]");
	fake_tick(40000);
	push_repeatable("[\"r\",{\"n\":4}]");
	expect(s, &k, "2[\"r\",{\"n\":2}]\n2[\"r\",{\"n\":3}]\n2[\"r\",{\"n\":4}]\n");
	fake_gone(s, EIO_PING_TIMEOUT);
	push_repeatable("[\"r\",{\"n\":5}]");
	push("[\"e\",{\"n\":3}]");
	s = back(&k);
	assert_true(sio_socket_returns(last));
	sio_socket_replay(last);
	expect_welcome(s, &k, "2[\"r\",{\"n\":3}]\n2[\"r\",{\"n\":4}]\n2[\"r\",{\"n\":5}]\n2[\"e\",{\"n\":3},\"@\"]\n");
	push("[\"e\",{\"n\":4}]");
	note_offset(s, &k);
	push_repeatable("[\"r\",{\"n\":6}]");
	prove(s);
	buf_reset(&s->sent);
	fake_gone(s, EIO_PEER_CLOSED);
	push_repeatable("[\"r\",{\"n\":7}]");
	s = back(&k);
	sio_socket_replay(last);
	expect_welcome(s, &k, "2[\"r\",{\"n\":7}]\n");
}

/* What was heard keeps nobody from coming back, whatever others were told since; what may be lost and is not here any more does. */
static void test_among_others(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s = join_room(&k), *t = busy_room();

	(void)state;
	push("[\"e\",{\"n\":1}]");
	note_offset(s, &k);
	push_repeatable("[\"r\",{\"n\":1}]");
	prove(s);
	push_elsewhere(10001);
	fake_gone(s, EIO_PEER_CLOSED);
	s = back(&k);
	assert_true(sio_socket_returns(last));
	sio_socket_replay(last);
	push_repeatable("[\"r\",{\"n\":2}]");
	push_elsewhere(100);
	fake_gone(s, EIO_PING_TIMEOUT);
	back(&k);
	assert_false(sio_socket_returns(last));
	fake_gone(t, EIO_PEER_CLOSED);
}

/* The next process knows as much. */
static void test_saved_repeatable(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s = join_room(&k);
	struct buf saved = BUF_INIT;

	push("[\"e\",{\"n\":1}]");
	note_offset(s, &k);
	push_repeatable("[\"r\",{\"n\":1}]");
	fake_gone(s, EIO_SHUTDOWN);
	push_repeatable("[\"r\",{\"n\":2}]");
	sio_namespace_save(root, &saved);
	teardown_recovery(state);
	setup_recovery(state);
	assert_int_equal(sio_namespace_load(root, buf_slice(&saved), 1000), 0);
	s = back(&k);
	sio_socket_replay(last);
	expect_welcome(s, &k, "2[\"r\",{\"n\":1}]\n2[\"r\",{\"n\":2}]\n");
	push("[\"e\",{\"n\":2}]");
	note_offset(s, &k);
	fake_gone(s, EIO_SHUTDOWN);
	s = back(&k);
	sio_socket_replay(last);
	expect_welcome(s, &k, "");
	buf_fini(&saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECOVERY(test_repeatable), RECOVERY(test_among_others), RECOVERY(test_saved_repeatable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
