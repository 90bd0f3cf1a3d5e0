// objects: relay/engineio/*.o shared/buf.o shared/map.o shared/siphash.o shared/network.o shared/arena.o shared/ids.o shared/json*.o shared/log.o
/*
 * A configuration with which nobody could be served makes no server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engineio.h"

static const struct eio_config fine = {
	.host = "127.0.0.1", .path = "/e/", .max_connections = 1, .max_connections_per_address = 1, .max_payload = 1,
};

static void check(struct eio_loop *l, const struct eio_config *c, bool want)
{
	static const struct eio_callbacks none;
	struct eio_server *s = eio_server_new(l, c, &none, NULL);

	assert_int_equal(s != NULL, want);
	eio_server_free(s);
}

static void configurations(void **state)
{
	static const char *const paths[] = { NULL, "", "socket.io/" };
	struct eio_loop *l = eio_loop_new();
	(void)state;

	check(l, &fine, true);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct eio_config c = fine;

		c.path = paths[i];
		check(l, &c, false);
	}
	for (int i = 0; i < 3; i++) {
		struct eio_config c = fine;

		if (i == 0)
			c.max_connections = 0;
		else if (i == 1)
			c.max_connections_per_address = 0;
		else
			c.max_payload = 0;
		check(l, &c, false);
	}
	eio_loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(configurations) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
