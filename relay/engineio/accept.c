/*
 * accept: see accept.h.
 *
 * Room: relay/engineio.
 * Our own listener instead of lws's: batches, a backlog, caps with an answer, and a stop that keeps
 * connections.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "accept.h"
#include "conn.h"
#include "lobby.h"
#include "log.h"
#include "lws.h"

#define BACKLOG 4096
#define BATCH 256                  /* accepts in one wake */

struct eio_listener {
	struct eio_hub *hub;
	struct eio_watch *watch;           /* NULL while descriptors are out */
	int fd, port;
	struct lobby *lobby;
};

/* ---- accepting ---- */

static void peer_text(const struct sockaddr_storage *a, char out[ADDRESS_LEN])
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;

	out[0] = '\0';
	if (a->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, out, ADDRESS_LEN);
	else if (a->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, out, ADDRESS_LEN);
	else if (a->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, out, ADDRESS_LEN);
}

static void admit(struct eio_listener *l, int fd, const char *peer)
{
	struct eio_hub *h = l->hub;
	struct eio_stats *stats = &h->host.stats;
	bool counted = !names_find(&h->proxies, slice_of(peer));
	int one = 1;

	stats->connections_accepted++;
	if (stats->connections >= stats->capacity) {
		hub_refuse(h, peer, EIO_REFUSED_CONNECTIONS);
		lobby_refuse(l->lobby, fd);
		return;
	}
	if (counted && !hub_connection_take(h, peer)) {
		lobby_refuse(l->lobby, fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	stats->connections++;
	if (h->tls)
		lobby_enter(l->lobby, fd, peer, counted);
	else
		(void)!lwsio_take(h, fd, peer, counted, 0);
}

struct arrival {
	int fd;
	char peer[ADDRESS_LEN];
};

/* What accept says when there is nobody left, and when there are no descriptors left. */
static bool is_empty(int fault)
{
	return fault == EAGAIN || fault == EWOULDBLOCK;
}

static bool is_out_of_room(int fault)
{
	return fault == EMFILE || fault == ENFILE || fault == ENOBUFS || fault == ENOMEM;
}

static unsigned accept_batch(struct eio_listener *l, struct arrival *batch)
{
	unsigned count = 0;

	for (int i = 0; i < BATCH; i++) {
		struct sockaddr_storage a;
		socklen_t len = sizeof a;
		int fd = accept4(l->fd, (struct sockaddr *)&a, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			peer_text(&a, batch[count].peer);
			batch[count++].fd = fd;
		} else if (is_out_of_room(errno)) {
			hub_refuse(l->hub, "listen", EIO_REFUSED_DESCRIPTORS);
			eio_watch_free(l->watch);       /* it would stay readable and spin */
			l->watch = NULL;
			break;
		} else if (is_empty(errno)) {
			break;
		}
	}
	return count;
}

static void on_readable(void *ctx)
{
	struct eio_listener *l = ctx;
	struct arrival batch[BATCH];
	unsigned count = accept_batch(l, batch);

	/* libev calls what became readable last first: backwards, requests are met as they came */
	while (count--)
		admit(l, batch[count].fd, batch[count].peer);
}

void listener_tick(struct eio_listener *l)
{
	if (!l->watch)
		l->watch = eio_watch_new(l->hub->loop, l->fd, on_readable, l);
}

/* ---- binding ---- */

static int bind_one(const struct addrinfo *a)
{
	int one = 1, zero = 0;
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int fault = errno;
	close(fd);
	errno = fault;
	return -1;
}

static int bind_any(const char *name, const char *host, int number)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *list = NULL;
	char port[16];
	int fd = -1;

	snprintf(port, sizeof port, "%d", number);
	int fault = getaddrinfo(host && host[0] ? host : NULL, port, &hints, &list);
	if (fault) {
		log_error("listen", "%s is no address: %s", host, gai_strerror(fault));
		return -1;
	}
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
		fd = bind_one(a);
	if (fd < 0 && errno == EADDRINUSE)
		log_error("listen", "%s: port %d is taken by another program: stop that one or set another", name,
			  number);
	else if (fd < 0)
		log_error("listen", "%s: cannot listen on %s port %d: %s", name, host, number, strerror(errno));
	freeaddrinfo(list);
	return fd;
}

struct eio_listener *listener_new(struct eio_hub *h, const char *name, const char *host, int port)
{
	int fd = bind_any(name, host, port);

	if (fd < 0)
		return NULL;
	struct eio_listener *l = mem_zero(1, sizeof *l);
	l->hub = h;
	l->fd = fd;
	l->port = conn_local_port(fd);
	l->lobby = lobby_new(h);
	l->watch = eio_watch_new(h->loop, fd, on_readable, l);
	return l;
}

int listener_port(const struct eio_listener *l)
{
	return l->port;
}

void listener_free(struct eio_listener *l)
{
	if (!l)
		return;
	lobby_free(l->lobby);
	eio_watch_free(l->watch);
	close(l->fd);
	free(l);
}
