// objects: shared/nano.o shared/buf.o
/* nano: which addresses are some, and which are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "nano.h"

static void addresses(void **state)
{
	static const struct { const char *url; int rc; const char *why; } rows[] = {
		{ "ipc:///tmp/upred-not-there/jobs.ipc", 0, "" }, { "tcp://127.0.0.1:5000", -1, "NAME: only ipc://" },
		{ "", -1, "only ipc://" }, { "/tmp/a", -1, "only ipc://" }, { "ipc://", -1, "empty" },
		{ "ipc:///tmp", -1, "NAME: /tmp is there already and is no socket" },
	};
	char why[160], path[128] = "ipc://";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		why[0] = '\0';
		assert_int_equal(nano_check_address("NAME", rows[i].url, why, sizeof(why)), rows[i].rc);
		assert_non_null(strstr(why, rows[i].why));
	}
	memset(path + 6, 'a', 108);
	assert_int_equal(nano_check_address("NAME", path, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "108 bytes"));
	path[6 + 107] = '\0';
	assert_int_equal(nano_check_address("NAME", path, why, sizeof(why)), 0);
}

static void two_spellings_are_one_address(void **state)
{
	static const char *const one[] = { "ipc:///r/s.ipc", "ipc:///r//s.ipc", "ipc:///r/./././s.ipc", "ipc:////r/s.ipc" };
	static const char *const others[] = { "ipc:///r/s.ip", "ipc:///r/s.ipcc", "ipc://r/s.ipc", "ipc:///r", "ipc:///r/.s.ipc",
		"ipc:///rs.ipc", "tcp:///r/s.ipc" };

	(void)state;
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		assert_true(nano_same_address(one[0], one[i]));
		for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++)
			assert_false(nano_same_address(one[i], others[k]) || nano_same_address(others[k], one[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses), cmocka_unit_test(two_spellings_are_one_address),
	};

	return cmocka_run_group_tests_name("nano_address", tests, NULL, NULL);
}
