/*
 * ws: a Socket.IO client that costs next to nothing.
 *
 * Called by the programs of tests/bench; calls shared/buf. Frames go out with a mask of zeros, which is
 * allowed and spares the masking; what comes in is looked at in place.
 */
#include "ws.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE 65536
#define AWAIT_MS 20000

_Noreturn void bench_die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

uint64_t bench_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

const char *bench_env(const char *name)
{
	const char *value = getenv(name);

	if (!value || !*value)
		bench_die("%s is not set: start a house and read its house.env (tests/bench/run.sh does)", name);
	return value;
}

unsigned bench_number(const char *name, unsigned fallback)
{
	const char *value = getenv(name);

	return value && *value ? (unsigned)strtoul(value, NULL, 10) : fallback;
}

static void bind_source(int fd, const char *source)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int one = 1;

	/* the port is chosen at connect, so that one port serves many addresses */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (inet_pton(AF_INET, source, &a.sin_addr) != 1 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		bench_die("from %s: %s", source, strerror(errno));
}

int bench_connect(const char *source, char *host, size_t size)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	const char *url = bench_env("RELAY_URL"), *port;
	int fd, one = 1;

	if (strncmp(url, "http://", 7) != 0 || !(port = strrchr(url + 7, ':')) || port - url - 7 >= (long)size)
		bench_die("RELAY_URL %s is not http://host:port", url);
	snprintf(host, size, "%.*s", (int)(port - url - 7), url + 7);
	if (getaddrinfo(host, port + 1, &hints, &found) != 0)
		bench_die("%s is unknown", url);
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && source)
		bind_source(fd, source);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0)
		bench_die("%s: %s", url, strerror(errno));
	freeaddrinfo(found);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void send_all(struct ws *w, const char *p, size_t n)
{
	struct pollfd wait = { w->fd, POLLOUT, 0 };
	ssize_t sent;

	while (n) {
		sent = send(w->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			bench_die("user %u: send: %s", w->user, strerror(errno));
		if (sent < 0) {
			poll(&wait, 1, 1000);
			continue;
		}
		p += sent;
		n -= (size_t)sent;
	}
}

static void send_frame(struct ws *w, int opcode, struct slice payload)
{
	struct buf b = BUF_INIT;

	buf_putc(&b, (char)(0x80 | opcode));
	if (payload.n < 126) {
		buf_putc(&b, (char)(0x80 | payload.n));
	} else {
		if (payload.n > 65535)
			bench_die("a message of the load is too long");
		buf_putc(&b, (char)(0x80 | 126));
		buf_putc(&b, (char)(payload.n >> 8));
		buf_putc(&b, (char)payload.n);
	}
	buf_put(&b, "\0\0\0\0", 4);
	buf_put_slice(&b, payload);
	send_all(w, b.data, b.len);
	buf_fini(&b);
}

void ws_send(struct ws *w, struct slice text)
{
	send_frame(w, 1, text);
}

/* Fills `in`; 0 when nothing is there now. */
static size_t fill(struct ws *w)
{
	ssize_t n;

	if (w->done) {
		memmove(w->in.data, w->in.data + w->done, w->in.len - w->done);
		w->in.len -= w->done;
		w->done = 0;
	}
	n = recv(w->fd, buf_reserve(&w->in, READ_SIZE), READ_SIZE, MSG_DONTWAIT);
	if (n == 0)
		bench_die("user %u: the relay closed the connection", w->user);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		bench_die("user %u: recv: %s", w->user, strerror(errno));
	if (n < 0)
		return 0;
	w->in.len += (size_t)n;
	return (size_t)n;
}

/* The next whole frame of `in`: its opcode, or -1. */
static int next_frame(struct ws *w, struct slice *payload_r)
{
	const unsigned char *p = (const unsigned char *)w->in.data + w->done;
	size_t have = w->in.len - w->done, head = 2, n;

	if (have < 2)
		return -1;
	n = p[1] & 127;
	if (n >= 126)
		head = n == 126 ? 4 : 10;
	if (have < head)
		return -1;
	if (head > 2) {
		n = 0;
		for (size_t i = 2; i < head; i++)
			n = n << 8 | p[i];
	}
	if (have - head < n)
		return -1;
	*payload_r = (struct slice){ (const char *)p + head, n };
	w->done += head + n;
	return p[0] & 15;
}

static void on_frame(struct ws *w, int opcode, struct slice payload, ws_fn *fn, void *ctx)
{
	if (opcode == 9) {
		send_frame(w, 10, payload);
	} else if (opcode == 8) {
		bench_die("user %u: the relay said goodbye", w->user);
	} else if (opcode == 1 && slice_is(payload, "2")) {
		send_frame(w, 1, SLICE("3"));
		w->pings++;
	} else if (opcode == 1) {
		fn(ctx, w, payload);
	}
}

void ws_read(struct ws *w, ws_fn *fn, void *ctx)
{
	struct slice payload;
	int opcode;

	size_t got;

	do {
		got = fill(w);
		while ((opcode = next_frame(w, &payload)) >= 0)
			on_frame(w, opcode, payload, fn, ctx);
	} while (got == READ_SIZE); /* a short read means that all was read */
}

struct wanted {
	const char *beginning;
	char *found;
};

static void look(void *ctx, struct ws *w, struct slice message)
{
	struct wanted *wanted = ctx;
	size_t n = strlen(wanted->beginning);

	if (message.n >= 2 && memcmp(message.p, "44", 2) == 0)
		bench_die("user %u was refused: %.*s", w->user, (int)message.n, message.p);
	if (!wanted->found && message.n >= n && memcmp(message.p, wanted->beginning, n) == 0)
		wanted->found = mem_copy(message);
}

char *ws_await(struct ws *w, const char *beginning)
{
	struct wanted wanted = { beginning, NULL };
	struct pollfd wait = { w->fd, POLLIN, 0 };

	for (;;) {
		ws_read(w, look, &wanted);
		if (wanted.found)
			return wanted.found;
		if (poll(&wait, 1, AWAIT_MS) == 0)
			bench_die("user %u waited in vain for %s", w->user, beginning);
	}
}

void ws_begin(struct ws *w, unsigned user, const char *source)
{
	char host[128];
	struct buf request = BUF_INIT;

	*w = (struct ws){ .user = user };
	w->fd = bench_connect(source, host, sizeof(host));
	buf_putf(&request, "GET /socket.io/?EIO=4&transport=websocket&user_id=%u HTTP/1.1\r\nHost: %s\r\n"
		 "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
		 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", user, host);
	send_all(w, request.data, request.len);
	buf_fini(&request);
}

bool ws_begun(struct ws *w)
{
	const char *end;

	if (w->begun)
		return true;
	fill(w);
	end = w->in.len ? memmem(w->in.data, w->in.len, "\r\n\r\n", 4) : NULL;
	if (!end)
		return false;
	if (strncmp(w->in.data, "HTTP/1.1 101", 12) != 0)
		bench_die("user %u: the handshake gave %.*s", w->user, (int)strcspn(w->in.data, "\r"), w->in.data);
	w->done = (size_t)(end + 4 - w->in.data);
	w->begun = true;
	return true;
}

void ws_open(struct ws *w, unsigned user)
{
	ws_begin(w, user, NULL);
	while (!ws_begun(w)) {
		struct pollfd wait = { w->fd, POLLIN, 0 };

		if (poll(&wait, 1, AWAIT_MS) == 0)
			bench_die("user %u: no answer to the handshake", user);
	}
	free(ws_await(w, "0{"));
	ws_send(w, SLICE("40"));
	free(ws_await(w, "40{"));
}

void ws_close(struct ws *w)
{
	close(w->fd);
	buf_fini(&w->in);
}

char *ws_text_of(const char *message, const char *key)
{
	char mark[64];
	const char *at;

	snprintf(mark, sizeof(mark), "\"%s\":\"", key);
	at = strstr(message, mark);
	if (!at)
		bench_die("no %s in %s", key, message);
	at += strlen(mark);
	return mem_copy((struct slice){ at, strcspn(at, "\"") });
}
