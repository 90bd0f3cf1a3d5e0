// objects: relay/socketio/*.o shared/buf.o shared/map.o shared/siphash.o shared/network.o shared/arena.o shared/ids.o shared/json*.o shared/log.o
/*
 * What recovery leaves to the next process, whole or not at all.
 */
#include "sio_back.h"
#include "ids.h"

struct away {
	char ids[2][IDS_SID_LEN + 1];
	size_t count;
};

static void note_away(void *ctx, const struct sio_absence *who, struct slice room)
{
	struct away *a = ctx;

	assert_true(slice_is(room, "\"r\""));
	assert_true(a->count < 2);
	assert_true(who->ms == 119000);
	memcpy(a->ids[a->count++], who->id, IDS_SID_LEN + 1);
}

/* An id fills its bytes: who copied it as long as it should be would read past a shorter one. */
static void refuse_short_id(void **state, struct buf *saved, const char *id)
{
	char *at = memmem(saved->data, saved->len, id, IDS_SID_LEN), last = at ? at[IDS_SID_LEN - 1] : 0;

	assert_non_null(at);
	at[IDS_SID_LEN - 1] = '\0';
	setup_recovery(state);
	assert_int_equal(sio_namespace_load(root, buf_slice(saved), 10), -1);
	teardown_recovery(state);
	at[IDS_SID_LEN - 1] = last;
}

/* No process counts so far; what began there would begin again at 0. `at`: where the number stands. */
static void refuse_number(void **state, struct buf *saved, size_t at)
{
	uint64_t real, none = UINT64_MAX - 1;

	memcpy(&real, saved->data + at, sizeof(real));
	memcpy(saved->data + at, &none, sizeof(none));
	setup_recovery(state);
	assert_int_equal(sio_namespace_load(root, buf_slice(saved), 10), -1);
	teardown_recovery(state);
	memcpy(saved->data + at, &real, sizeof(real));
}

/* Nobody sits in a room of so long a name: the seat in "r", its name made longer. */
static void refuse_long_room(void **state, const struct buf *saved)
{
	struct buf longer = BUF_INIT;
	const uint64_t was = 3, is = SIO_ROOM_MAX + 1;
	char seat[sizeof(was) + 3];
	const char *at;

	memcpy(seat, &was, sizeof(was));
	memcpy(seat + sizeof(was), "\"r\"", 3);
	at = memmem(saved->data, saved->len, seat, sizeof(seat));
	assert_non_null(at);
	buf_put(&longer, saved->data, (size_t)(at - saved->data));
	buf_put(&longer, &is, sizeof(is));
	for (size_t i = 3; i < is; i++)
		buf_putc(&longer, 'r');
	at += sizeof(was);
	buf_put(&longer, at, (size_t)(saved->data + saved->len - at));
	setup_recovery(state);
	assert_int_equal(sio_namespace_load(root, buf_slice(&longer), 10), -1);
	teardown_recovery(state);
	buf_fini(&longer);
}

/* A new process takes over what the old one left; whoever had a number goes on with it. */
static void test_saved(void **state)
{
	struct known k = { .offset = "" }, l = { .offset = "" };
	struct eio_session *s = join_room(&k), *t;
	struct buf saved = BUF_INIT, again = BUF_INIT;
	struct away away = { .count = 0 };

	push("[\"e\",{\"n\":1}]");
	note_offset(s, &k);
	t = join_room(&l);
	push("[\"e\",{\"n\":2}]");
	fake_gone(s, EIO_SHUTDOWN);
	fake_gone(t, EIO_SHUTDOWN);
	push("[\"e\",{\"n\":3}]");
	sio_namespace_save(root, &saved);
	teardown_recovery(state);
	for (size_t n = 0; n < saved.len; n += n < 200 ? 1 : 37) {
		setup_recovery(state);
		assert_int_equal(sio_namespace_load(root, (struct slice){ saved.data, n }, 10), -1);
		back(&k);
		assert_false(sio_socket_returns(last));
		teardown_recovery(state);
	}
	refuse_short_id(state, &saved, k.id);
	refuse_short_id(state, &saved, k.pid);
	refuse_long_room(state, &saved);
	refuse_number(state, &saved, 0);                       /* of the newest push */
	refuse_number(state, &saved, 2 * sizeof(uint64_t));    /* of the newest seat */
	setup_recovery(state);
	assert_int_equal(sio_namespace_load(root, buf_slice(&saved), 119000), 0);
	assert_int_equal(sio_namespace_load(root, buf_slice(&saved), 119000), -1);
	sio_namespace_save(root, &again);
	assert_int_equal(again.len, saved.len);
	sio_namespace_each_away(root, note_away, &away);
	assert_int_equal(away.count, 2);
	assert_string_equal(away.ids[0], k.id);
	assert_string_equal(away.ids[1], l.id);
	s = back(&k);
	sio_socket_replay(last);
	expect_welcome(s, &k, "2[\"e\",{\"n\":2},\"@\"]\n2[\"e\",{\"n\":3},\"@\"]\n");
	t = back(&l);
	sio_socket_replay(last);
	memcpy(l.offset, k.offset, sizeof(l.offset));
	expect_welcome(t, &l, "2[\"e\",{\"n\":2},\"@\"]\n2[\"e\",{\"n\":3},\"@\"]\n");
	push("[\"e\",{\"n\":4}]");
	note_offset(s, &k);
	fake_gone(s, EIO_PEER_CLOSED);
	fake_gone(t, EIO_PEER_CLOSED);
	/* the next restart, and time runs out */
	buf_reset(&saved);
	sio_namespace_save(root, &saved);
	teardown_recovery(state);
	setup_recovery(state);
	assert_int_equal(sio_namespace_load(root, buf_slice(&saved), 120000), 0);
	back(&k);
	assert_false(sio_socket_returns(last));
	buf_fini(&saved);
	buf_fini(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECOVERY(test_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
