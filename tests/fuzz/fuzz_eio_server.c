// objects: relay/engineio/*.o shared/buf.o shared/map.o shared/siphash.o shared/network.o shared/ids.o shared/json*.o shared/log.o
/*
 * A whole Engine.IO server on its real loop and libwebsockets: up to four connections say any bytes, as HTTP
 * requests, upgrades, probes and WebSocket frames, in any order. Whatever they say: answers are HTTP, each session
 * that opened closes once, and when the peers are gone nothing of them is left.
 *
 * The input is a run of steps: a byte (bits 0-1: which connection, bits 2-4: enum step, bit 5: the loop does
 * not turn before the next step, bit 6: the connection closes afterwards, bit 7: what came for it is not read), a
 * length, and so many bytes. An @ in them is the newest session's sid where the step says so. Time is the target's.
 */
#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"
#include "log.h"
#include "lws.h"
#include "polling.h"
#include "ws.h"

#define CONNECTIONS 4
#define STEPS_MAX 40
#define TURNS_TO_SLEEP 1000        /* what has come is read in pieces */
#define REPEAT 200                 /* LONG says its bytes so many times */

enum step { RAW, RAW_SID, GET, UPGRADE, POST, FRAME, TIME, LONG };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct eio_loop *loop;
static struct eio_hub *hub;
static struct eio_session *paused;
static char newest[IDS_SID_LEN + 1];
static unsigned living;
static int peer[CONNECTIONS];
static bool spoke[CONNECTIONS];
static struct sockaddr_in door;
static int door_fd, epoll_fd;

/* ---- time ---- */

static uint64_t fake_ms = 1000000;
static bool running;               /* the fuzzer's own clock goes on as it is */

int clock_gettime(clockid_t id, struct timespec *t)
{
	if (!running || id != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, id, t);
	t->tv_sec = (time_t)(fake_ms / 1000);
	t->tv_nsec = (long)(fake_ms % 1000) * 1000000;
	return 0;
}

/* Two turns: what the first wakes happens in the second. */
static void turn(unsigned ms)
{
	fake_ms += ms;
	for (int i = 0; i < 2; i++)
		ev_run(eio_loop_ev(loop), EVRUN_NOWAIT);
}

/* ---- the layer above ---- */

static int on_handshake(void *ctx)
{
	return ctx || living >= 6 ? 503 : 0;
}

static void on_open(void *ctx, struct eio_session *s)
{
	struct slice value;

	(void)ctx;
	living++;
	memcpy(newest, eio_session_sid(s), sizeof(newest));
	eio_session_set_data(s, s);
	if (eio_session_query(s, "refuse", &value))
		eio_session_close(s, EIO_FORCED, 1008);
}

/* What it sends is an echo; some first letters ask for more. */
static void on_message(void *ctx, struct eio_session *s, struct slice m, bool binary)
{
	struct eio_frame *f = (binary ? eio_frame_binary : eio_frame_text)(m);
	int times = 1;

	assert(!ctx && eio_session_data(s) == s);
	switch (m.n ? m.p[0] : 0) {
	case 'x':
		eio_session_close(s, EIO_FORCED, 1000);
		break;
	case 'p':
		if (!paused) {
			paused = s;
			eio_session_pause(s);
		}
		break;
	case 'v':
		eio_session_send_volatile(s, f);
		break;
	case 'm':
		times = 30;
		break;
	}
	while (times--)
		eio_session_send(s, f);
	eio_frame_unref(f);
}

static void on_close(void *ctx, struct eio_session *s, enum eio_reason reason)
{
	assert(!ctx && living > 0 && reason <= EIO_SHUTDOWN && eio_session_data(s) == s);
	eio_session_set_data(s, NULL);
	if (paused == s)
		paused = NULL;
	living--;
}

static void on_request(void *ctx, const struct eio_request *q, struct eio_response *r)
{
	assert(!ctx && q->path.n > 0);
	if (q->query.n > 3)
		return;
	r->status = q->query.n == 3 ? 503 : 200;
	r->retry_after = q->query.n == 3 ? "5" : NULL;
	buf_put_slice(&r->body, q->path);
}

/* The one descriptor by which the loop is woken. */
static int find_epoll(void)
{
	char path[64], what[64];
	ssize_t n;

	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, what, sizeof(what) - 1);
		what[n > 0 ? n : 0] = '\0';
		if (strstr(what, "[eventpoll]"))
			return fd;
	}
	abort();
}

/* Real TCP: what was read of it is counted by the kernel (conn.c). */
static void door_open(void)
{
	socklen_t len = sizeof(door);

	door.sin_family = AF_INET;
	door.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	door_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (door_fd < 0 || bind(door_fd, (struct sockaddr *)&door, len) < 0 || listen(door_fd, 16) < 0 ||
	    getsockname(door_fd, (struct sockaddr *)&door, &len) < 0)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct eio_config config = {
		.host = "127.0.0.1", .path = "/socket.io/", .cors_origins = "http://a.example, http://b.example",
		.trusted_proxies = "127.0.0.1", .ping_interval_ms = 300, .ping_timeout_ms = 200,
		.upgrade_timeout_ms = 100, .header_timeout_ms = 100, .body_timeout_ms = 100,
		.max_payload = 2000, .send_queue_max = 8000, .send_queues_max = 200000, .max_connections = 8,
		.max_connections_per_address = 6, .allow_v3 = true,
	};
	static const struct eio_callbacks callbacks = { on_handshake, on_open, on_message, on_close, on_request };

	(void)argc, (void)argv;
	log_open("fuzz", "error");
	running = true;
	loop = eio_loop_new();
	epoll_fd = find_epoll();
	hub = hub_new(loop, &config, &callbacks, NULL);
	hub->host.polling = &eio_polling;
	hub->host.websocket = &eio_websocket;
	if (lwsio_open(hub) < 0)
		abort();
	door_open();
	turn(0);
	running = false;
	return 0;
}

/* ---- the peers ---- */

/* An answer begins as HTTP, whatever was asked. */
static void hear(int i)
{
	char bytes[65536];
	ssize_t n;

	while (peer[i] >= 0 && (n = recv(peer[i], bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		assert(spoke[i] || (n >= 9 && memcmp(bytes, "HTTP/1.1 ", 9) == 0) ||
		       (n >= 9 && memcmp(bytes, "HTTP/1.0 ", 9) == 0));
		spoke[i] = true;
	}
}

static void hang_up(int i)
{
	if (peer[i] >= 0)
		close(peer[i]);
	peer[i] = -1;
}

/* With a reset, which leaves no port waiting: thousands of inputs a second need many. */
static void cut(int i)
{
	static const struct linger at_once = { .l_onoff = 1 };

	if (peer[i] >= 0)
		setsockopt(peer[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	hang_up(i);
}

static void connect_peer(int i)
{
	int fd, rc;

	if (peer[i] >= 0)
		return;
	peer[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* (all ports may be waiting for all that; the fuzzer's alarm interrupts) */
	while ((rc = connect(peer[i], (struct sockaddr *)&door, sizeof(door))) < 0 &&
	       (errno == EADDRNOTAVAIL || errno == EINTR || errno == EALREADY))
		usleep(10000);
	assert(rc == 0 || errno == EISCONN);
	while ((fd = accept4(door_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0 && errno == EINTR)
		continue;
	assert(fd >= 0);
	spoke[i] = false;
	hub->host.stats.connections++;
	if (lwsio_take(hub, fd, "127.0.0.1", false, 0) < 0)
		abort();
}

/* What the kernel does not take is lost. */
static void say(int i, struct slice s)
{
	connect_peer(i);
	(void)!send(peer[i], s.p, s.n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void put_with_sid(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '@')
			buf_puts(b, newest);
		else
			buf_putc(b, s.p[i]);
	}
}

static void put_request(struct buf *b, enum step step, struct slice s)
{
	struct buf text = BUF_INIT;

	put_with_sid(&text, s);
	if (step == POST) {
		buf_putf(b, "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: a\r\n"
			 "Content-Length: %zu\r\n\r\n", newest, text.len);
		buf_put_slice(b, buf_slice(&text));
	} else {
		buf_puts(b, "GET /socket.io/?");
		buf_put_slice(b, buf_slice(&text));
		buf_puts(b, " HTTP/1.1\r\nHost: a\r\n");
		if (step == UPGRADE)
			buf_puts(b, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
				 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
		buf_puts(b, "\r\n");
	}
	buf_fini(&text);
}

/* The first byte is the frame's first; the mask is zero, so that the payload stands as it is. */
static void put_frame(struct buf *b, struct slice s)
{
	if (s.n == 0)
		return;
	size_t n = s.n - 1;
	buf_putc(b, s.p[0]);
	if (n < 126) {
		buf_putc(b, (char)(0x80 | n));
	} else {
		buf_putc(b, (char)(0x80 | 126));
		buf_putc(b, (char)(n >> 8));
		buf_putc(b, (char)n);
	}
	buf_put(b, "\0\0\0\0", 4);
	buf_put(b, s.p + 1, n);
}

static void take_step(unsigned char how, struct slice s)
{
	struct buf b = BUF_INIT;
	enum step step = (enum step)(how >> 2 & 7);
	int i = how & 3;

	switch (step) {
	case RAW:
		buf_put_slice(&b, s);
		break;
	case RAW_SID:
		put_with_sid(&b, s);
		break;
	case FRAME:
		put_frame(&b, s);
		break;
	case LONG:
		for (int k = 0; k < REPEAT; k++)
			buf_put_slice(&b, s);
		break;
	case TIME:
		if (paused && s.n > 1)
			eio_session_resume(paused);
		if (s.n > 1)
			paused = NULL;
		turn(s.n ? (unsigned char)s.p[0] * 4u : 5);
		break;
	default:
		put_request(&b, step, s);
	}
	if (b.len)
		say(i, buf_slice(&b));
	buf_fini(&b);
	if (!(how & 32))
		turn(1);
	if (!(how & 128))
		hear(i);
	if (how & 64)
		hang_up(i);
}

static void tell_what_wakes(void)
{
	struct epoll_event ready[8];
	int n = epoll_wait(epoll_fd, ready, 8, 0);

	fprintf(stderr, "epoll descriptor %d of %d:", epoll_fd, find_epoll());
	for (int i = 0; i < n; i++)
		fprintf(stderr, " %d has %#x", ready[i].data.fd, ready[i].events);
	fprintf(stderr, n < 0 ? " %s\n" : "\n", strerror(errno));
}

/* When nobody says anything the loop sleeps, also while requests are held (seed held-pipelined). */
static void check_sleep(void)
{
	struct pollfd p = { .fd = epoll_fd, .events = POLLIN };

	for (int i = 0; poll(&p, 1, 0) > 0 && i < TURNS_TO_SLEEP; i++)
		turn(0);
	if (poll(&p, 1, 0) != 0)
		tell_what_wakes();
	assert(poll(&p, 1, 0) == 0);
}

/* Everybody goes; whoever was told goodbye is waited for. */
static void finish(void)
{
	for (int i = 0; i < CONNECTIONS; i++)
		cut(i);
	for (int k = 0; (hub->host.stats.connections || living) && k < 1000; k++) {
		hub_end_all(hub);
		lws_cancel_service(hub->lws);
		turn(20);
	}
	assert(hub->host.stats.connections == 0 && !hub->fresh && hub->begun == 0);
	assert(living == 0 && hub->host.stats.sessions == 0 && !hub->all);
	assert(hub->host.stats.sessions_opened == hub->host.stats.sessions_closed);
	newest[0] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	running = true;
	for (int i = 0; i < CONNECTIONS; i++)
		peer[i] = -1;
	for (int k = 0; k < STEPS_MAX && size >= 2; k++) {
		size_t n = data[1] < size - 2 ? data[1] : size - 2;

		take_step(data[0], (struct slice){ (const char *)data + 2, n });
		data += 2 + n;
		size -= 2 + n;
	}
	check_sleep();
	finish();
	running = false;
	return 0;
}
