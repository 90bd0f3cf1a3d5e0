// objects: fcgi-api/store/probe.o
/* probe: who listens answers; who does not, and who is silent, is known in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fcgi-api/store/probe.h"

static int listener(unsigned *port_r)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 && listen(fd, 0) == 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port_r = ntohs(a.sin_port);
	return fd;
}

/* With its backlog full a listener drops what comes, as a machine does that is gone. */
static void a_silent_host_is_not_waited_for(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	unsigned port;
	int fd = listener(&port), waiting[4];
	int64_t began;

	(void)state;
	assert_int_equal(probe_host("127.0.0.1", port, 1000), PROBE_ANSWERS);
	a.sin_port = htons((uint16_t)port);
	for (int i = 0; i < 4; i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(waiting[i], (struct sockaddr *)&a, sizeof(a));
	}
	began = clock_mono_ms();
	assert_int_equal(probe_host("127.0.0.1", port, 200), PROBE_SILENT);
	assert_in_range(clock_mono_ms() - began, 190, 5000);
	for (int i = 0; i < 4; i++)
		close(waiting[i]);
	close(fd);
	assert_int_equal(probe_host("127.0.0.1", port, 1000), PROBE_FAILS);
	assert_int_equal(probe_host("no-such-host.invalid", port, 1000), PROBE_FAILS);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_silent_host_is_not_waited_for) };

	return cmocka_run_group_tests_name("store_probe", tests, NULL, NULL);
}
