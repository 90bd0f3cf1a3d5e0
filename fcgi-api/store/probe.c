/*
 * probe: a TCP connection that is closed again.
 *
 * Room: fcgi-api/store, inside. Calls clock and libc.
 */
#include "probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

static bool takes(const struct addrinfo *a, int ms)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t n = sizeof(error);
	bool yes;

	if (fd < 0)
		return false;
	yes = connect(fd, a->ai_addr, a->ai_addrlen) == 0;
	if (!yes && errno == EINPROGRESS && poll(&p, 1, ms) == 1)
		yes = getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0;
	close(fd);
	return yes;
}

bool probe_answers(const char *host, unsigned port, int ms)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *all;
	int64_t until = clock_mono_ms() + ms;
	char service[16];
	bool yes = false;

	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &want, &all) != 0)
		return false;
	for (const struct addrinfo *a = all; a && !yes; a = a->ai_next) {
		int64_t left = until - clock_mono_ms();

		yes = takes(a, left > 0 ? (int)left : 0);
	}
	freeaddrinfo(all);
	return yes;
}
