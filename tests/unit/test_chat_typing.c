// objects: relay/chat/roomname.o relay/chat/presence.o relay/chat/seen.o relay/chat/get_presence.o relay/chat/typing.o relay/chat/replies.o
// objects: shared/map.o shared/siphash.o shared/buf.o shared/log.o shared/ids.o shared/json*.o
/* typing: who is said to be writing, and until when. */
#include "fake_rooms.h"

static void say_from(size_t i, const char *args)
{
	static const struct event_row row = { .name = "typing", .here = HERE_TYPING };
	struct command c = { .seat = &sockets[i].seat, .args = slice_of(args), .row = &row,
		.wants_ack = true };

	typing_take(h, &c);
}

static void say(const char *args)
{
	say_from(0, args);
}

#define TYPING_FROM(s, on) "group_r-" s ":[\"user_typing\",{\"user_id\":\"1\",\"sala_uuid\":\"r\",\"typing\":" on "}] "
#define TYPING(on) TYPING_FROM("s0", on)

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

static void who_goes_on_elsewhere_has_not_stopped(void **state)
{
	(void)state;
	come(0, "1");
	enter(0);
	say("{\"sala_uuid\":\"r\",\"typing\":true}");
	pass(2000);
	go(0);
	come(1, "1");
	enter(1);
	say_from(1, "{\"sala_uuid\":\"r\",\"typing\":true}");
	heard();
	pass(5000);
	assert_string_equal(heard(), "");
	pass(1100);
	assert_string_equal(heard(), TYPING_FROM("", "false"));
	say_from(1, "{\"sala_uuid\":\"r\",\"typing\":true}");
	come(0, "1");
	enter(0);
	heard();
	say("{\"sala_uuid\":\"r\",\"typing\":false}");
	assert_string_equal(heard(), TYPING_FROM("s0", "false") "s0=[{\"status\":\"ok\"}] ");
	pass(7000);
	assert_string_equal(heard(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(typing_lasts_six_seconds, setup, teardown),
		cmocka_unit_test_setup_teardown(who_goes_on_elsewhere_has_not_stopped, setup, teardown),
	};

	return cmocka_run_group_tests_name("typing", tests, NULL, NULL);
}
