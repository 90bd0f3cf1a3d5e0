// objects: relay/socketio/*.o shared/buf.o shared/map.o shared/siphash.o shared/network.o shared/arena.o shared/ids.o shared/json*.o shared/log.o
/*
 * What may be heard twice and carries no offset: when it is told again to who comes back, also after a planned restart.
 */
#include "sio_back.h"

static void push_repeatable(const char *text)
{
	sio_push_repeatable(root, &room, 1, SLICE_NONE, slice_of(text));
}

/*
 * What carries no offset comes with what was missed, in its place, and once more what was sent so late that the cut may have
 * swallowed it; not what a later offset vouches for.
 */
static void test_repeatable(void **state)
{
	struct known k = { .offset = "" };
	struct eio_session *s = join_room(&k);

	(void)state;
	push("[\"e\",{\"n\":1}]");
	push_repeatable("[\"r\",{\"n\":1}]");          /* before what the client says it has */
	push("[\"e\",{\"n\":2}]");
	note_offset(s, &k);
	push_repeatable("[\"r\",{\"n\":2}]");          /* long before the cut */
	fake_tick(61000);
	push_repeatable("[\"r\",{\"n\":3}]");          /* shortly before it */
	fake_tick(59000);
	push_repeatable("[\"r\",{\"n\":4}]");
	expect(s, &k, "2[\"r\",{\"n\":2}]\n2[\"r\",{\"n\":3}]\n2[\"r\",{\"n\":4}]\n");
	fake_gone(s, EIO_PING_TIMEOUT);
	push_repeatable("[\"r\",{\"n\":5}]");
	push("[\"e\",{\"n\":3}]");
	s = back(&k);
	assert_true(sio_socket_returns(last));
	sio_socket_replay(last);
	expect_welcome(s, &k, "2[\"r\",{\"n\":3}]\n2[\"r\",{\"n\":4}]\n2[\"r\",{\"n\":5}]\n2[\"e\",{\"n\":3},\"@\"]\n");
	/* a minute later that is no news */
	push("[\"e\",{\"n\":4}]");
	note_offset(s, &k);
	push_repeatable("[\"r\",{\"n\":6}]");
	fake_tick(60001);
	buf_reset(&s->sent);
	fake_gone(s, EIO_PEER_CLOSED);
	push_repeatable("[\"r\",{\"n\":7}]");
	s = back(&k);
	sio_socket_replay(last);
	expect_welcome(s, &k, "2[\"r\",{\"n\":7}]\n");
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
		RECOVERY(test_repeatable), RECOVERY(test_saved_repeatable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
