// objects: relay/notify.o
/* notify: what a service manager hears, by a socket with a path or with a name, and that nobody else is troubled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "relay/notify.h"

static int manager = -1;
static char path[64];

/* A manager at this address, whose first byte is '@' where it is a name. */
static void listen_at(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t n = strlen(name);

	memcpy(at.sun_path, name, n);
	if (*name == '@')
		at.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(manager, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)), 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

static void hears(const char *words)
{
	char heard[64] = "";

	assert_int_equal(recv(manager, heard, sizeof(heard) - 1, 0), strlen(words));
	assert_string_equal(heard, words);
	assert_int_equal(recv(manager, heard, sizeof(heard), 0), -1);
}

static void the_manager_hears_it(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/upred-notify-%d", (int)getpid());
	unlink(path);
	listen_at(path);
	notify_say("READY=1");
	hears("READY=1");
	close(manager);
	unlink(path);
	path[0] = '@';
	listen_at(path);
	notify_say("WATCHDOG=1");
	hears("WATCHDOG=1");
	close(manager);
}

static void nobody_there_is_no_trouble(void **state)
{
	static const char *const names[] = { "", "/", "@", "none", "/nowhere/at/all", "@nobody" };
	char long_name[200];

	(void)state;
	memset(long_name, 'x', sizeof(long_name));
	long_name[0] = '/';
	long_name[sizeof(long_name) - 1] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		notify_say("READY=1");
	}
	setenv("NOTIFY_SOCKET", long_name, 1);
	notify_say("READY=1");
	unsetenv("NOTIFY_SOCKET");
	notify_say("READY=1");
}

static void the_watchdog_is_this_process_s_or_nobody_s(void **state)
{
	char pid[24];

	(void)state;
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(notify_watchdog_ms(), 30000);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_ms(), 30000);
	snprintf(pid, sizeof(pid), "%d", (int)getppid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "soon", 1);
	unsetenv("WATCHDOG_PID");
	assert_int_equal(notify_watchdog_ms(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manager_hears_it),
		cmocka_unit_test(nobody_there_is_no_trouble),
		cmocka_unit_test(the_watchdog_is_this_process_s_or_nobody_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
