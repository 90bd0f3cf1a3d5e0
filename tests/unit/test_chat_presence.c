// objects: relay/chat/roomname.o relay/chat/presence.o relay/chat/seen.o relay/chat/get_presence.o relay/chat/typing.o relay/chat/replies.o
// objects: shared/map.o shared/siphash.o shared/buf.o shared/log.o shared/ids.o shared/json*.o
/*
 * presence and typing without a loop or a socket: rooms are lists of seats, the clock is the test's own,
 * and what anybody hears is one line of text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "relay/chat/get_presence.h"
#include "relay/chat/presence.h"
#include "relay/chat/typing.h"

#define ROOM "group_r"
#define CROWD 120

struct sio_socket {
	bool in;               /* in ROOM */
	char name[16];
	struct seat seat;      /* last: it ends in its text */
};

static struct hall hall, *h = &hall;
static struct sio_socket sockets[CROWD];
static uint64_t now;
static struct buf said;

/* ---- what lies below ---- */

uint64_t eio_loop_now_ms(const struct eio_loop *l)
{
	(void)l;
	return now;
}

void *sio_socket_data(const struct sio_socket *s)
{
	return (void *)&s->seat;
}

bool sio_socket_in(const struct sio_socket *s, struct slice room)
{
	return s->in && slice_is(room, ROOM);
}

void sio_socket_each_room(const struct sio_socket *s, void (*fn)(void *ctx, struct slice room, uint64_t join),
		void *ctx)
{
	fn(ctx, SLICE("@1"), 1);
	if (s->in)
		fn(ctx, SLICE(ROOM), 2);
}

void sio_room_each(struct sio_namespace *n, struct slice room, void (*fn)(void *ctx, struct sio_socket *s),
		void *ctx)
{
	(void)n;
	assert_true(slice_is(room, ROOM));
	for (size_t i = 0; i < CROWD; i++)
		if (sockets[i].in)
			fn(ctx, &sockets[i]);
}

void sio_socket_emit(struct sio_socket *s, struct slice event)
{
	buf_putf(&said, "%s:%.*s ", s->name, (int)event.n, event.p);
}

struct eio_session *sio_socket_session(const struct sio_socket *s) { (void)s; return NULL; }
void eio_session_spare(struct eio_session *s, size_t size) { (void)s, (void)size; }
void sio_socket_ack(struct sio_socket *s, uint64_t ack, struct slice args)
{
	(void)ack;
	buf_putf(&said, "%s=%.*s ", s->name, (int)args.n, args.p);
}

size_t sio_push(struct sio_namespace *n, const struct slice *rooms, size_t count, struct slice except,
		struct slice event)
{
	(void)n;
	assert_int_equal(count, 1);
	buf_putf(&said, "%.*s-%.*s:%.*s ", (int)rooms->n, rooms->p, (int)except.n, except.p, (int)event.n,
		event.p);
	return 1;
}

/* ---- people ---- */

static void come(size_t i, const char *user)
{
	struct seat *seat = &sockets[i].seat;

	snprintf(sockets[i].name, sizeof(sockets[i].name), "s%zu", i);
	*seat = (struct seat){ .hall = h, .socket = &sockets[i], .sid = sockets[i].name };
	seat->user = mem_copy(slice_of(user));
	presence_came(h, slice_of(user));
}

static void enter(size_t i)
{
	sockets[i].in = true;
	presence_entered(h, &sockets[i].seat, SLICE("@7"));
	presence_entered(h, &sockets[i].seat, SLICE(ROOM));
}

static void go(size_t i)
{
	presence_gone(&sockets[i].seat);
	sockets[i].in = false;
	presence_went(h, slice_of(sockets[i].seat.user));
	free(sockets[i].seat.user);
	sockets[i].seat.user = NULL;
}

static void pass(uint64_t ms)
{
	for (uint64_t end = now + ms; now < end; now += 100) {
		presence_tick(h);
		typing_tick(h);
	}
}

/* What was said since the last call; the time of a last_seen is not looked at. */
static const char *heard(void)
{
	static char text[4096];
	char *seen;

	snprintf(text, sizeof(text), "%s", said.len ? said.data : "");
	while ((seen = strstr(text, "\"20")))
		memmove(seen, strchr(seen + 1, '"') + 1, strlen(strchr(seen + 1, '"') + 1) + 1);
	buf_reset(&said);
	return text;
}

static int setup(void **state)
{
	(void)state;
	memset(&hall, 0, sizeof(hall));
	memset(sockets, 0, sizeof(sockets));
	now = 100000;
	h->presence = presence_new();
	h->typing = typing_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < CROWD; i++)
		free(sockets[i].seat.user);
	presence_free(h->presence);
	typing_free(h->typing);
	buf_fini(&said);
	return 0;
}

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

static void say(const char *args)
{
	static const struct event_row row = { .name = "typing", .here = HERE_TYPING };
	struct command c = { .seat = &sockets[0].seat, .args = slice_of(args), .row = &row,
		.wants_ack = true };

	typing_take(h, &c);
}

#define TYPING(on) "group_r-s0:[\"user_typing\",{\"user_id\":\"1\",\"sala_uuid\":\"r\",\"typing\":" on "}] "

static void typing_lasts_six_seconds(void **state)
{
	(void)state;
	come(0, "1");
	say("{\"sala_uuid\":\"r\",\"typing\":true}");
	assert_string_equal(heard(),
			    "s0:[\"error\",{\"message\":\"Sala de chat no encontrada\",\"code\":\"not_found\"}] "
			    "s0=[{\"message\":\"Sala de chat no encontrada\",\"code\":\"not_found\"}] ");
	enter(0);
	say("{\"sala_uuid\":\"r\",\"typing\":true}");
	assert_string_equal(heard(), TYPING("true") "s0=[{\"status\":\"ok\"}] ");
	pass(4000);
	say("{\"sala_uuid\":\"r\",\"typing\":true}");
	heard();
	pass(5900);
	assert_string_equal(heard(), "");
	/* the socket may be gone by then */
	go(0);
	pass(300);
	assert_string_equal(heard(), TYPING("false"));
	come(0, "1");
	enter(0);
	say("{\"sala_uuid\":\"r\",\"typing\":true}");
	say("{\"sala_uuid\":\"r\",\"typing\":false}");
	heard();
	pass(7000);
	assert_string_equal(heard(), "");
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
		cmocka_unit_test_setup_teardown(questions, setup, teardown),
		cmocka_unit_test_setup_teardown(typing_lasts_six_seconds, setup, teardown),
	};

	return cmocka_run_group_tests_name("presence", tests, NULL, NULL);
}
