// objects: relay/chat/roomname.o relay/chat/presence.o relay/chat/awaited.o relay/chat/seen.o relay/chat/get_presence.o relay/chat/typing.o relay/chat/replies.o
// objects: shared/map.o shared/siphash.o shared/buf.o shared/log.o shared/ids.o shared/json*.o
/* presence: who is told that somebody came or is gone. */
#include "fake_rooms.h"
#include "relay/chat/awaited.h"

static void the_first_socket_is_told_and_the_last(void **state)
{
	(void)state;
	come(0, "1");
	enter(0);
	pass(2000);
	assert_string_equal(heard(), "");
	come(1, "2");
	enter(1);
	come(2, "2");
	enter(2);
	pass(1500);
	assert_string_equal(heard(), "s0:[\"user_online\",{\"user_id\":\"2\"}] ");
	assert_int_equal(presence_online(h), 2);
	assert_int_equal(presence_connected(h), 2);
	go(1);
	assert_int_equal(presence_connected(h), 2);
	go(2);
	assert_int_equal(presence_connected(h), 1);
	pass(9900);
	assert_string_equal(heard(), "");
	assert_int_equal(presence_online(h), 2);
	pass(1200);
	assert_string_equal(heard(), "s0:[\"user_offline\",{\"user_id\":\"2\",\"last_seen\":}] ");
	assert_int_equal(presence_online(h), 1);
	go(0);
	pass(12000);
	assert_string_equal(heard(), "");
}

static void a_short_absence_is_none(void **state)
{
	(void)state;
	come(0, "1");
	enter(0);
	come(1, "2");
	enter(1);
	pass(1500);
	heard();
	go(1);
	pass(5000);
	come(1, "2");
	enter(1);
	pass(15000);
	assert_string_equal(heard(), "");
	/* back, but not in the room: when he goes for good, the room learns it all the same */
	go(1);
	pass(3000);
	come(1, "2");
	pass(15000);
	go(1);
	pass(12000);
	assert_string_equal(heard(), "s0:[\"user_offline\",{\"user_id\":\"2\",\"last_seen\":}] ");
}

/* Names of rooms are bytes: they come from the database. */
static void a_room_with_a_nul_in_its_name(void **state)
{
	(void)state;
	come(0, "1");
	presence_entered(h, &sockets[0].seat, SLICE("group_a\0b"));
	presence_left(h, &sockets[0].seat, SLICE("group_a\0b"));
	presence_entered(h, &sockets[0].seat, SLICE("group_a\0b"));
	presence_left(h, &sockets[0].seat, SLICE("group_a\0b"));
	pass(2000);
	assert_string_equal(heard(), "");
	go(0);
}

/* A page that is loaded again within the second: who was not announced yet is announced when he is back. */
static void who_is_cut_before_he_is_told_is_told_later(void **state)
{
	(void)state;
	come(0, "1");
	enter(0);
	pass(1500);
	come(1, "2");
	enter(1);
	pass(500);
	go(1);
	pass(3000);
	assert_string_equal(heard(), "");
	come(1, "2");
	enter(1);
	pass(1500);
	assert_string_equal(heard(), "s0:[\"user_online\",{\"user_id\":\"2\"}] ");
	go(1);
	pass(12000);
	assert_string_equal(heard(), "s0:[\"user_offline\",{\"user_id\":\"2\",\"last_seen\":}] ");
	/* and who never is does not go either */
	come(1, "3");
	enter(1);
	pass(500);
	go(1);
	pass(12000);
	assert_string_equal(heard(), "");
}

static void who_leaves_a_room_is_not_offline(void **state)
{
	(void)state;
	come(0, "1");
	enter(0);
	come(1, "2");
	enter(1);
	pass(1500);
	heard();
	sockets[1].in = false;
	presence_left(h, &sockets[1].seat, SLICE(ROOM));
	pass(12000);
	go(1);
	pass(12000);
	assert_string_equal(heard(), "");
	/* in and out within a second: nothing to tell */
	come(1, "3");
	enter(1);
	presence_left(h, &sockets[1].seat, SLICE(ROOM));
	pass(2000);
	assert_string_equal(heard(), "");
}

static void a_hundred_come(void)
{
	char user[8];

	for (size_t i = 0; i < PRESENCE_PEOPLE_MAX; i++) {
		snprintf(user, sizeof(user), "%zu", i + 1);
		come(i, user);
		enter(i);
	}
}

static void a_hundred_are_no_crowd(void **state)
{
	(void)state;
	a_hundred_come();
	pass(2000);
	assert_non_null(strstr(heard(), "user_online"));
}

static void a_crowd_is_told_nothing(void **state)
{
	(void)state;
	a_hundred_come();
	come(110, "900");
	enter(110);
	pass(2000);
	assert_string_equal(heard(), "");
	go(110);
	for (size_t i = 2; i < PRESENCE_PEOPLE_MAX; i++)
		go(i);
	pass(2000);
	assert_string_equal(heard(), "");
	assert_int_equal(presence_online(h), PRESENCE_PEOPLE_MAX + 1);
	pass(10000);
	assert_int_equal(presence_online(h), 2);
	assert_string_equal(heard(), "");
}

/* Online elsewhere is not here: a room of few is told of its own, however many others were in it once. */
static void who_is_here_makes_the_crowd(void **state)
{
	char user[8];

	(void)state;
	for (size_t i = 0; i < 60; i++) {
		snprintf(user, sizeof(user), "%zu", i + 1);
		come(i, user);
		enter(i);
	}
	pass(2000);
	for (size_t i = 0; i < 60; i++) {
		snprintf(user, sizeof(user), "%zu", i + 1);
		go(i);
		come(i, user);
	}
	pass(20000);
	for (size_t i = 60; i < 110; i++) {
		snprintf(user, sizeof(user), "%zu", i + 1);
		come(i, user);
		enter(i);
	}
	pass(2000);
	uint64_t before = h->stats.notices;
	go(60);
	pass(12000);
	assert_int_equal(h->stats.notices, before + 1);
}

static void ask(const char *args, const char *want)
{
	static const struct event_row row = { .name = "get_presence", .here = HERE_PRESENCE };
	struct command c = { .seat = &sockets[0].seat, .args = slice_of(args), .row = &row };

	get_presence_answer(h, &c);
	assert_string_equal(heard(), want);
}

static void questions(void **state)
{
	(void)state;
	come(0, "1");
	ask("{\"user_ids\":[2,\"1\"]}",
	    "s0:[\"presence\",{\"users\":[{\"user_id\":\"2\",\"online\":false,\"last_seen\":null},"
	    "{\"user_id\":\"1\",\"online\":true,\"last_seen\":null}]}] ");
	ask("{\"user_ids\":[]}", "s0:[\"presence\",{\"users\":[]}] ");
	ask("{\"user_ids\":[\"01\"]}",
	    "s0:[\"error\",{\"message\":\"Payload inválido para get_presence\",\"code\":\"bad_request\"}] ");
	ask("{}", "s0:[\"error\",{\"message\":\"user_ids es requerido\",\"code\":\"bad_request\"}] ");
	ask("",
	    "s0:[\"error\",{\"message\":\"Payload inválido para get_presence\",\"code\":\"bad_request\"}] ");
}

/* The relay before knew two: one is back in time and was never away, the other is missed. */
static void who_stays_away_over_a_restart_is_missed(void **state)
{
	(void)state;
	awaited_take(h, 2000);
	assert_int_equal(presence_online(h), 2);
	assert_int_equal(presence_connected(h), 0);
	come(1, "3");
	enter(1);
	come(0, "1");
	enter(0);
	pass(PRESENCE_GRACE_MS - 1000);
	assert_string_equal(heard(), "s0:[\"user_online\",{\"user_id\":\"3\"}] ");
	pass(3000);
	assert_string_equal(heard(), "s0:[\"user_offline\",{\"user_id\":\"2\",\"last_seen\":}] "
				     "s1:[\"user_offline\",{\"user_id\":\"2\",\"last_seen\":}] ");
	assert_int_equal(presence_online(h), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_socket_is_told_and_the_last, setup, teardown),
		cmocka_unit_test_setup_teardown(a_short_absence_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(a_room_with_a_nul_in_its_name, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_cut_before_he_is_told_is_told_later, setup, teardown),
		cmocka_unit_test_setup_teardown(who_leaves_a_room_is_not_offline, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hundred_are_no_crowd, setup, teardown),
		cmocka_unit_test_setup_teardown(a_crowd_is_told_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_here_makes_the_crowd, setup, teardown),
		cmocka_unit_test_setup_teardown(who_stays_away_over_a_restart_is_missed, setup, teardown),
		cmocka_unit_test_setup_teardown(questions, setup, teardown),
	};

	return cmocka_run_group_tests_name("presence", tests, NULL, NULL);
}
