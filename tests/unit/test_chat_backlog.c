// objects: relay/chat/backlog.o relay/chat/pace.o shared/map.o shared/siphash.o shared/buf.o shared/wire*.o shared/ids.o
/*
 * Rows that wait for being pushed: whose turn it is, what stays, what rests; and for how long a room waits for a slow
 * hearer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "relay/chat/backlog.h"
#include "relay/chat/pace.h"

/* Takes and writes down what came: "1 2 3". */
static const char *take(struct backlog *b, size_t most)
{
	static char text[4096];
	size_t n, len = 0;
	const struct backlog_row *rows = backlog_take(b, most, &n);

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%llu", i ? " " : "",
			(unsigned long long)rows[i].id);
	return text;
}

static void keep(struct backlog *b, uint64_t id)
{
	size_t n;
	struct backlog_row *rows = backlog_out(b, &n);

	for (size_t i = 0; i < n; i++)
		if (rows[i].id == id)
			rows[i].stays = true;
}

static void add(struct backlog *b, const char *rooms, uint64_t first, uint64_t last)
{
	for (uint64_t id = first; id <= last; id++)
		backlog_add(b, slice_of(rooms), id);
}

static void a_flood_in_one_room_holds_up_no_other(void **state)
{
	struct backlog *b = backlog_new();

	(void)state;
	assert_false(backlog_ready(b));
	assert_string_equal(take(b, 4), "");
	add(b, "flood", 1, 1000);
	add(b, "quiet", 1001, 1001);
	add(b, "other", 1002, 1003);
	assert_int_equal(backlog_count(b), 1003);
	assert_string_equal(take(b, 8), "1 2 1001 1002 1003");
	backlog_settle(b);
	assert_int_equal(backlog_count(b), 998);
	assert_string_equal(take(b, 4), "3 4 5 6");
	backlog_settle(b);
	/* more rooms than can be taken at once come in turn */
	add(b, "x", 2001, 2002);
	add(b, "y", 3001, 3002);
	assert_string_equal(take(b, 2), "7 2001");
	backlog_settle(b);
	assert_string_equal(take(b, 2), "8 3001");
	backlog_settle(b);
	assert_string_equal(take(b, 2), "2002 3002");
	backlog_free(b);
}

static void what_stays_is_taken_again_in_its_place(void **state)
{
	struct backlog *b = backlog_new();

	(void)state;
	add(b, "a", 10, 19);
	assert_string_equal(take(b, 6), "10 11 12 13 14 15");
	keep(b, 12);
	keep(b, 13);
	keep(b, 15);
	add(b, "a", 5, 5);             /* an old hole came while they were out */
	backlog_settle(b);
	assert_int_equal(backlog_count(b), 8);
	assert_string_equal(take(b, 6), "5 12 13 15 16 17");
	backlog_settle(b);
	assert_string_equal(take(b, 6), "18 19");
	backlog_settle(b);
	assert_false(backlog_ready(b));
	assert_int_equal(backlog_count(b), 0);
	backlog_free(b);
}

static bool says(void *ctx, struct slice rooms)
{
	return slice_is(rooms, ctx);
}

static void a_place_that_rests_is_left_out_until_woken(void **state)
{
	struct backlog *b = backlog_new();
	size_t n;

	(void)state;
	add(b, "a", 1, 4);
	add(b, "b", 5, 8);
	assert_string_equal(take(b, 2), "1 5");
	keep(b, 1);
	backlog_rest(b, backlog_out(b, &n)[0].place);
	assert_true(backlog_rests(backlog_out(b, &n)[0].place));
	assert_false(backlog_rests(backlog_out(b, &n)[1].place));
	backlog_settle(b);
	add(b, "a", 9, 9);
	assert_string_equal(take(b, 9), "6 7 8");
	backlog_settle(b);
	assert_false(backlog_ready(b));
	backlog_wake(b, says, "b");
	assert_false(backlog_ready(b));
	backlog_wake(b, says, "a");
	assert_string_equal(take(b, 9), "1 2 3 4 9");
	backlog_free(b);               /* also with rows out */
}

static void it_outlives_a_restart(void **state)
{
	struct backlog *b = backlog_new(), *c = backlog_new();
	struct buf saved = BUF_INIT;
	size_t n;

	(void)state;
	add(b, "a", 1, 3);
	add(b, "b", 4, 5);
	take(b, 2);
	backlog_rest(b, backlog_out(b, &n)[0].place);
	keep(b, 1);
	backlog_settle(b);
	backlog_save(b, &saved);
	assert_int_equal(backlog_load(c, buf_slice(&saved)), 0);
	assert_int_equal(backlog_count(c), 4);
	assert_string_equal(take(c, 9), "1 2 3 5");
	for (size_t cut = 1; cut < saved.len; cut++) {
		struct backlog *d = backlog_new();
		int rc = backlog_load(d, (struct slice){ saved.data, cut });

		/* only between two rooms is a shorter one whole */
		assert_true(rc == -1 || backlog_count(d) == 1);
		backlog_free(d);
	}
	buf_fini(&saved);
	backlog_free(b);
	backlog_free(c);
}

/* Whatever is added, kept and put to rest: each row leaves once, ascending within its room. */
static void random_walk_loses_nothing(void **state)
{
	enum { ROOMS = 7, IDS = 20000 };
	static const char *const names[ROOMS] = { "a", "b", "c", "d", "e", "f", "g" };
	static bool left[IDS + 1];
	struct backlog *b = backlog_new();
	uint64_t id = 0, gone = 0, newest[ROOMS] = { 0 };
	unsigned seed = 11;
	size_t n;

	(void)state;
	while (gone < IDS) {
		for (int i = rand_r(&seed) % 40; i > 0 && id < IDS; i--) {
			id++;
			backlog_add(b, slice_of(names[id * 2654435761u % 4294967291u % ROOMS]), id);
		}
		backlog_wake(b, says, (void *)names[rand_r(&seed) % ROOMS]);
		backlog_take(b, 1 + (size_t)rand_r(&seed) % 64, &n);
		struct backlog_row *rows = backlog_out(b, &n);
		for (size_t i = 0; i < n; i++) {
			size_t room = rows[i].id * 2654435761u % 4294967291u % ROOMS;

			if (!backlog_rests(rows[i].place) && rand_r(&seed) % 50 == 0)
				backlog_rest(b, rows[i].place);
			rows[i].stays = backlog_rests(rows[i].place);
			if (rows[i].stays)
				continue;
			assert_false(left[rows[i].id]);
			assert_true(rows[i].id > newest[room]);
			newest[room] = rows[i].id;
			left[rows[i].id] = true;
			gone++;
		}
		backlog_settle(b);
		assert_int_equal(backlog_count(b), id - gone);
	}
	backlog_free(b);
}

/* ---- pace: two hearers with queues of their own ---- */

struct sio_socket { size_t queued; void *data; };

static uint64_t now;
static struct seat seats[2];
static struct sio_socket hearers[2] = { { 0, &seats[0] }, { 0, &seats[1] } };

uint64_t eio_loop_now_ms(const struct eio_loop *l) { (void)l; return now; }
void *sio_socket_data(const struct sio_socket *s) { return s->data; }
struct eio_session *sio_socket_session(const struct sio_socket *s) { return (struct eio_session *)s; }
size_t eio_session_queued(const struct eio_session *s) { return ((const struct sio_socket *)s)->queued; }

void sio_room_each(struct sio_namespace *n, struct slice room, void (*fn)(void *, struct sio_socket *), void *ctx)
{
	(void)n;
	if (slice_is(room, "one"))
		fn(ctx, &hearers[0]);
	if (slice_is(room, "two"))
		fn(ctx, &hearers[1]);
}

static void rooms_wait_for_a_slow_hearer_and_not_for_ever(void **state)
{
	struct hall h = { .queue_half = 1000 };
	struct buf both = BUF_INIT, one = BUF_INIT;

	(void)state;
	now = 50000;
	wire_put_room(&both, SLICE("one"));
	wire_put_room(&both, SLICE("two"));
	wire_put_room(&one, SLICE("one"));
	hearers[1].queued = 1000;
	assert_true(pace_may_go_on(&h, buf_slice(&both)));
	assert_false(pace_may_begin(&h, buf_slice(&both)));
	hearers[1].queued = 1001;
	assert_false(pace_may_go_on(&h, buf_slice(&both)));
	assert_true(pace_may_go_on(&h, buf_slice(&one)));
	now += PACE_PATIENCE_MS - 1;
	assert_false(pace_may_begin(&h, buf_slice(&both)));
	now++;
	assert_true(pace_may_begin(&h, buf_slice(&both)));
	assert_true(pace_may_go_on(&h, buf_slice(&both)));
	/* half is not enough to be waited for again, a quarter is */
	hearers[1].queued = 600;
	assert_true(pace_may_begin(&h, buf_slice(&both)));
	hearers[1].queued = 1500;
	assert_true(pace_may_go_on(&h, buf_slice(&both)));
	hearers[1].queued = 500;
	assert_true(pace_may_begin(&h, buf_slice(&both)));
	hearers[1].queued = 1500;
	assert_false(pace_may_go_on(&h, buf_slice(&both)));
	buf_fini(&both);
	buf_fini(&one);
}

static void two_who_take_nothing_are_waited_for_at_once(void **state)
{
	struct hall h = { .queue_half = 1000 };
	struct buf both = BUF_INIT;

	(void)state;
	now = 90000;
	wire_put_room(&both, SLICE("one"));
	wire_put_room(&both, SLICE("two"));
	for (int i = 0; i < 2; i++) {
		hearers[i].queued = 1500;
		seats[i].behind_since_ms = 0;
	}
	assert_false(pace_may_go_on(&h, buf_slice(&both)));
	now += PACE_PATIENCE_MS;
	assert_true(pace_may_begin(&h, buf_slice(&both)));
	buf_fini(&both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_in_one_room_holds_up_no_other),
		cmocka_unit_test(what_stays_is_taken_again_in_its_place),
		cmocka_unit_test(a_place_that_rests_is_left_out_until_woken),
		cmocka_unit_test(it_outlives_a_restart),
		cmocka_unit_test(random_walk_loses_nothing),
		cmocka_unit_test(rooms_wait_for_a_slow_hearer_and_not_for_ever),
		cmocka_unit_test(two_who_take_nothing_are_waited_for_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
