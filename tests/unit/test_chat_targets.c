// objects: relay/chat/roomname.o relay/chat/targets.o relay/chat/lines.o shared/buf.o shared/json.o shared/json_write.o
/*
 * Whom sends and joins name, and the places of their rooms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "relay/chat/lines.h"
#include "relay/chat/targets.h"

static uint64_t of(const char *event, const char *args, const char *user)
{
	return targets_of(slice_of(event), slice_of(args), slice_of(user));
}

static void a_pair_is_one_target_whoever_asks_and_however(void **state)
{
	uint64_t pair = of("send_direct_message", "{\"recipient_id\":456}", "123");

	(void)state;
	assert_true(pair != 0);
	assert_true(of("send_direct_message", "{\"recipient_id\":\"123\"}", "456") == pair);
	assert_true(of("send_message", "{\"to\":\"456\",\"type\":\"directo\"}", "123") == pair);
	assert_true(of("join_direct_chat", "{\"other_user_id\":456}", "123") == pair);
	assert_true(of("send_direct_message", "{\"sala_uuid\":\"\",\"recipient_id\":456}", "123") == pair);
	assert_true(of("join_direct_chat", "{\"other_user_id\":456}", "1234") != pair);
	assert_true(of("join_direct_chat", "{\"other_user_id\":1234}", "56") !=
		    of("join_direct_chat", "{\"other_user_id\":123}", "456"));
}

static void a_group_is_one_target_for_everybody(void **state)
{
	uint64_t group = of("send_group_message", "{\"group_id\":789}", "123");

	(void)state;
	assert_true(group != 0);
	assert_true(of("join_group", "{\"group_id\":\"789\"}", "456") == group);
	assert_true(of("send_message", "{\"type\":\"grupal\",\"to\":789}", "5") == group);
	assert_true(of("send_message", "{\"type\":\"directo\",\"to\":789}", "5") != group);
}

static void what_names_nothing_has_none(void **state)
{
	static const char *const args[] = { "", "5", "[]", "{}", "{\"group_id\":null}", "{\"group_id\":{}}", "{\"group_id\":\"\"}" };

	(void)state;
	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++)
		assert_true(of("join_group", args[i], "1") == 0);
	assert_true(of("mark_read", "{\"group_id\":5}", "1") == 0);
}

static void a_place_is_its_own_until_the_room_is_known(void **state)
{
	struct targets *t = targets_new();
	uint64_t group = of("join_group", "{\"group_id\":5}", "1");
	uint16_t own = targets_place(t, group);

	(void)state;
	assert_int_equal(targets_place(t, 0), 0);
	assert_true(own > 0 && own < LINES_PLACES);
	targets_learn(t, group, SLICE_NONE);
	targets_learn(t, 0, SLICE("group_6f"));
	assert_int_equal(targets_place(t, group), own);
	targets_learn(t, group, SLICE("group_6f"));
	assert_int_equal(targets_place(t, group), lines_place(SLICE("6f")));
	targets_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_is_one_target_whoever_asks_and_however),
		cmocka_unit_test(a_group_is_one_target_for_everybody),
		cmocka_unit_test(what_names_nothing_has_none),
		cmocka_unit_test(a_place_is_its_own_until_the_room_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
