/*
 * probe: TCP connections that are closed again.
 *
 * Room: fcgi-api/store, inside. Calls clock and libc.
 */
#include "probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define ADDRESSES_MAX 8

/* A connection that is under way, or -1. One that is made or refused at once is noted. */
static int begin(const struct addrinfo *a, enum probe *is)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		*is = PROBE_ANSWERS;
	else if (errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

/* Waits for the first that is made; `open` of those under way are not settled yet. */
static enum probe wait_for(struct pollfd *p, nfds_t n, int ms)
{
	int64_t until = clock_mono_ms() + ms, left;
	nfds_t open = n;

	while (open > 0 && (left = until - clock_mono_ms()) > 0) {
		if (poll(p, n, (int)left) < 0 && errno != EINTR)
			break;
		for (nfds_t i = 0; i < n; i++) {
			int error = 0;
			socklen_t size = sizeof(error);

			if (p[i].fd < 0 || p[i].revents == 0)
				continue;
			if (getsockopt(p[i].fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
				return PROBE_ANSWERS;
			close(p[i].fd);
			p[i].fd = -1;          /* passed over by poll */
			open--;
		}
	}
	return open > 0 ? PROBE_SILENT : PROBE_FAILS;
}

enum probe probe_host(const char *host, unsigned port, int ms)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *all;
	struct pollfd p[ADDRESSES_MAX];
	enum probe is = PROBE_FAILS;
	char service[16];
	nfds_t n = 0;

	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &want, &all) != 0)
		return PROBE_FAILS;
	for (const struct addrinfo *a = all; a && n < ADDRESSES_MAX && is != PROBE_ANSWERS; a = a->ai_next) {
		p[n] = (struct pollfd){ .fd = begin(a, &is), .events = POLLOUT };
		n += p[n].fd >= 0;
	}
	freeaddrinfo(all);
	if (is != PROBE_ANSWERS)
		is = wait_for(p, n, ms);
	for (nfds_t i = 0; i < n; i++)
		if (p[i].fd >= 0)
			close(p[i].fd);
	return is;
}
