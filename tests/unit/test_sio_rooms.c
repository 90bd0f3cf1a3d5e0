// objects: relay/socketio/rooms.o shared/map.o shared/siphash.o shared/arena.o shared/buf.o
/*
 * rooms: who is in what, unions, walks during which everything changes; and a random run against a plain
 * matrix.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "rooms.h"

struct visits {
	struct sio_rooms *rooms;
	struct sio_peer *peers;
	int count[8];
	int total;
};

static void count_visit(void *ctx, struct sio_peer *peer)
{
	struct visits *v = ctx;

	v->count[peer - v->peers]++;
	v->total++;
}

static void test_join_and_leave(void **state)
{
	struct sio_rooms *r = sio_rooms_new();
	struct sio_peer a = { 0 }, b = { 0 };
	uint64_t first, again, other;
	struct buf name = BUF_INIT;

	(void)state;
	assert_int_equal(sio_rooms_join(r, &a, SLICE("x"), &first), 1);
	assert_int_equal(sio_rooms_join(r, &a, SLICE("x"), &again), 0);
	assert_int_equal(first, again);
	assert_int_equal(sio_rooms_join(r, &b, SLICE("x"), &other), 1);
	assert_true(other > first);
	assert_int_equal(sio_rooms_join(r, &a, SLICE("y"), NULL), 1);
	assert_int_equal(sio_rooms_size(r, SLICE("x")), 2);
	assert_int_equal(sio_rooms_count(r), 2);
	assert_int_equal(sio_rooms_number(r, &a, SLICE("x")), first);
	assert_int_equal(sio_rooms_number(r, &b, SLICE("y")), 0);
	assert_int_equal(sio_rooms_number(r, &b, SLICE("z")), 0);
	assert_int_equal(sio_rooms_leave(r, &a, SLICE("x")), 1);
	assert_int_equal(sio_rooms_leave(r, &a, SLICE("x")), 0);
	assert_int_equal(sio_rooms_join(r, &a, SLICE("x"), &again), 1);
	assert_true(again > other);
	assert_int_equal(sio_rooms_leave_first(r, &a, &name), 1);
	assert_true(slice_is(buf_slice(&name), "y"));
	assert_int_equal(sio_rooms_leave_first(r, &a, &name), 1);
	assert_true(slice_is(buf_slice(&name), "x"));
	assert_int_equal(sio_rooms_leave_first(r, &a, &name), 0);
	assert_int_equal(sio_rooms_leave(r, &b, SLICE("x")), 1);
	assert_int_equal(sio_rooms_count(r), 0);
	assert_int_equal(sio_rooms_join(r, &a, SLICE(""), NULL), 1);
	assert_int_equal(sio_rooms_leave(r, &a, SLICE("")), 1);
	buf_fini(&name);
	sio_rooms_free(r);
	sio_rooms_free(NULL);
}

static void test_union_visits_once(void **state)
{
	struct sio_peer p[3] = { { 0 } };
	struct visits v = { sio_rooms_new(), p, { 0 }, 0 };
	struct slice rooms[] = { SLICE("x"), SLICE("y"), SLICE("nobody"), SLICE("x") };

	(void)state;
	sio_rooms_join(v.rooms, &p[0], SLICE("x"), NULL);
	sio_rooms_join(v.rooms, &p[1], SLICE("x"), NULL);
	sio_rooms_join(v.rooms, &p[1], SLICE("y"), NULL);
	sio_rooms_join(v.rooms, &p[2], SLICE("z"), NULL);
	sio_rooms_union(v.rooms, rooms, 4, count_visit, &v);
	sio_rooms_union(v.rooms, rooms, 4, count_visit, &v);
	assert_int_equal(v.count[0], 2);
	assert_int_equal(v.count[1], 2);
	assert_int_equal(v.count[2], 0);
	sio_rooms_leave(v.rooms, &p[0], SLICE("x"));
	sio_rooms_leave(v.rooms, &p[1], SLICE("x"));
	sio_rooms_leave(v.rooms, &p[1], SLICE("y"));
	sio_rooms_leave(v.rooms, &p[2], SLICE("z"));
	sio_rooms_free(v.rooms);
}

/* Every visit turns the room upside down: all leave, one comes back, walks are nested. */
static void upset(void *ctx, struct sio_peer *peer)
{
	struct visits *v = ctx;

	count_visit(v, peer);
	if (v->total > 3)
		return;
	for (int i = 0; i < 4; i++)
		sio_rooms_leave(v->rooms, &v->peers[i], SLICE("x"));
	sio_rooms_join(v->rooms, &v->peers[3], SLICE("x"), NULL);
	sio_rooms_each(v->rooms, SLICE("x"), upset, v);
}

static void leave_next(void *ctx, struct sio_peer *peer)
{
	struct visits *v = ctx;

	count_visit(v, peer);
	sio_rooms_leave(v->rooms, peer + 1, SLICE("x"));
	sio_rooms_leave(v->rooms, peer, SLICE("x"));
	sio_rooms_join(v->rooms, peer, SLICE("x"), NULL);
}

static void test_walk_survives(void **state)
{
	struct sio_peer p[5] = { { 0 } };
	struct visits v = { sio_rooms_new(), p, { 0 }, 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		sio_rooms_join(v.rooms, &p[i], SLICE("x"), NULL);
	sio_rooms_each(v.rooms, SLICE("x"), leave_next, &v);
	assert_int_equal(v.count[0], 1);
	assert_int_equal(v.count[1], 0);
	assert_int_equal(v.count[2], 1);
	assert_int_equal(v.count[3], 0);
	v.total = 0;
	sio_rooms_each(v.rooms, SLICE("x"), upset, &v);
	assert_int_equal(v.total, 4);
	assert_int_equal(sio_rooms_size(v.rooms, SLICE("x")), 1);
	sio_rooms_each(v.rooms, SLICE("nobody"), upset, &v);
	assert_int_equal(v.total, 4);
	sio_rooms_leave(v.rooms, &p[3], SLICE("x"));
	assert_int_equal(sio_rooms_count(v.rooms), 0);
	sio_rooms_free(v.rooms);
}

#define PEERS 20
#define ROOMS 13

static void count_room(void *ctx, struct slice room, uint64_t number)
{
	(void)room;
	*(int *)ctx += number > 0;
}

static void test_against_matrix(void **state)
{
	struct sio_rooms *r = sio_rooms_new();
	struct sio_peer peers[PEERS] = { { 0 } };
	bool in[PEERS][ROOMS] = { { false } };
	unsigned seed = 7;
	struct buf name = BUF_INIT;

	(void)state;
	for (int step = 0; step < 20000; step++) {
		int p = rand_r(&seed) % PEERS, room = rand_r(&seed) % ROOMS, mine = 0, seen = 0, members = 0;
		struct slice label = { &"abcdefghijklm"[room], 1 };

		if (rand_r(&seed) % 2)
			assert_int_equal(sio_rooms_join(r, &peers[p], label, NULL), !in[p][room]);
		else
			assert_int_equal(sio_rooms_leave(r, &peers[p], label), in[p][room]);
		in[p][room] = sio_rooms_number(r, &peers[p], label) != 0;
		for (int i = 0; i < ROOMS; i++)
			mine += in[p][i];
		for (int i = 0; i < PEERS; i++)
			members += in[i][room];
		sio_rooms_of(&peers[p], count_room, &seen);
		assert_int_equal(seen, mine);
		assert_int_equal(peers[p].count, mine);
		assert_int_equal(sio_rooms_size(r, label), members);
	}
	for (int p = 0; p < PEERS; p++)
		while (sio_rooms_leave_first(r, &peers[p], &name))
			continue;
	assert_int_equal(sio_rooms_count(r), 0);
	buf_fini(&name);
	sio_rooms_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join_and_leave),
		cmocka_unit_test(test_union_visits_once),
		cmocka_unit_test(test_walk_survives),
		cmocka_unit_test(test_against_matrix),
	};

	return cmocka_run_group_tests_name("sio_rooms", tests, NULL, NULL);
}
