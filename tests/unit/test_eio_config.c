// objects: relay/engineio/*.o shared/buf.o shared/map.o shared/siphash.o shared/network.o shared/arena.o shared/ids.o shared/json*.o shared/log.o
/*
 * A configuration with which nobody could be served makes no server. What the log says of who is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engineio.h"
#include "log.h"
#include "refusal.h"

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

/* What is logged of two refusals at a level. */
static void refusals_at(const char *level, char *text, size_t size)
{
	struct eio_stats stats = { 0 };
	FILE *f = tmpfile();
	int out = dup(STDERR_FILENO);

	log_open("test", level);
	fflush(stderr);
	dup2(fileno(f), STDERR_FILENO);
	refusal_note(&stats, "192.0.2.7", EIO_REFUSED_IDLE);
	refusal_note(&stats, "192.0.2.7", EIO_REFUSED_SID);
	fflush(stderr);
	dup2(out, STDERR_FILENO);
	close(out);
	rewind(f);
	text[fread(text, 1, size - 1, f)] = '\0';
	fclose(f);
	assert_int_equal(stats.refused[EIO_REFUSED_IDLE], 1);
	log_open("test", "info");
}

static void idle_ends_are_no_news(void **state)
{
	char text[1000];
	(void)state;

	refusals_at("info", text, sizeof text);
	assert_non_null(strstr(text, "192.0.2.7 refused: session unknown"));
	assert_null(strstr(text, "no further request"));
	refusals_at("debug", text, sizeof text);
	assert_non_null(strstr(text, "192.0.2.7 refused: no further request"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(configurations), cmocka_unit_test(idle_ends_are_no_news) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
