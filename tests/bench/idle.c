// objects: shared/buf.o tests/bench/lib/ws.o tests/bench/lib/cpu.o tests/bench/lib/db.o
/*
 * idle: what it costs the relay that somebody is there.
 *
 * 10,000 people connect by WebSocket, each as a person of the database, from ten addresses of the loopback; then they
 * only answer pings; then all of them are gone at once, as when a network breaks. Resident memory is that of the relay
 * above the empty one; what sessions that may come back still hold is given apart, until their time is over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cpu.h"
#include "lib/db.h"
#include "lib/ws.h"

#define READY 256
#define IN_FLIGHT 64                   /* clients that are connecting at a time */
#define SOURCES 10                     /* 127.0.0.2 and on */
#define SETTLE_MS 2000
#define GIVE_BACK_MS 7000              /* the relay gives memory back every five seconds */
#define QUIET_MS 20000
#define AWAY_MAX_MS 180000             /* sessions that may come back are kept for two minutes */

static struct ws *clients;
static unsigned count, begun, joined, interval_ms;
static int events;

/* ---- looking at the relay ---- */

/* Resident bytes. */
static int64_t resident(void)
{
	char path[64], line[256];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/status", bench_env("RELAY_PID"));
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	if (kib < 0)
		bench_die("%s has no VmRSS", path);
	return (int64_t)kib * 1024;
}

/* A figure of /metrics. */
static long metric(const char *name)
{
	static const char *const request = "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
	struct buf answer = BUF_INIT;
	char host[128], mark[128], *at;
	int fd = bench_connect(NULL, host, sizeof(host));
	ssize_t n;
	long value;

	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		bench_die("/metrics: %s", strerror(errno));
	while ((n = recv(fd, buf_reserve(&answer, 4096), 4096, 0)) > 0)
		answer.len += (size_t)n;
	close(fd);
	buf_putc(&answer, '\0');
	snprintf(mark, sizeof(mark), "\nupred_relay_%s ", name);
	at = strstr(answer.data, mark);
	if (!at)
		bench_die("/metrics has no %s", name);
	value = atol(at + strlen(mark));
	buf_fini(&answer);
	return value;
}

/* ---- the clients ---- */

static void on_message(void *ctx, struct ws *w, struct slice message)
{
	const char *at;

	(void)ctx;
	if (message.p[0] == '0') {
		at = memmem(message.p, message.n, "\"pingInterval\":", 15);
		interval_ms = at ? (unsigned)atoi(at + 15) : 0;
		ws_send(w, SLICE("40"));
	} else if (message.n > 2 && memcmp(message.p, "40", 2) == 0) {
		joined++;
	} else if (message.n > 2 && memcmp(message.p, "44", 2) == 0) {
		bench_die("user %u was refused: %.*s", w->user, (int)message.n, message.p);
	}
}

/* Serves what comes within wait_ms; how many spoke. */
static int serve(int wait_ms)
{
	struct epoll_event ready[READY];
	int n = epoll_wait(events, ready, READY, wait_ms);

	for (int i = 0; i < n; i++) {
		struct ws *w = ready[i].data.ptr;

		if (!ws_begun(w))
			continue;
		ws_read(w, on_message, NULL);
		if (w->done == w->in.len) {    /* ten thousand buffers of the load are memory, too */
			buf_fini(&w->in);
			w->done = 0;
		}
	}
	return n;
}

static void serve_for(uint64_t ms)
{
	uint64_t end = bench_now_us() + ms * 1000, now;

	while ((now = bench_now_us()) < end)
		serve((int)((end - now) / 1000) + 1);
}

static void connect_all(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	char source[32];

	while (joined < count) {
		for (; begun < count && begun - joined < IN_FLIGHT; begun++) {
			struct ws *w = &clients[begun];

			snprintf(source, sizeof(source), "127.0.0.%u", 2 + begun % SOURCES);
			ws_begin(w, BENCH_FIRST_USER + begun, source);
			e.data.ptr = w;
			epoll_ctl(events, EPOLL_CTL_ADD, w->fd, &e);
		}
		if (serve(QUIET_MS) == 0)
			bench_die("%u of %u clients are connected, and no more come", joined, count);
	}
}

static unsigned pings(void)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += clients[i].pings;
	return sum;
}

/* ---- the three parts ---- */

static void connecting(int64_t empty)
{
	struct cpu before = cpu_now(), used;
	uint64_t start = bench_now_us(), us;

	connect_all();
	us = bench_now_us() - start;
	serve_for(SETTLE_MS);                  /* their "connected", and what the relay does afterwards */
	used = cpu_between(before, cpu_now());
	printf("  connecting   %8.0f a second, %.0f us of the relay's CPU each   (workers %.0f us, database %.0f us)\n",
	       (double)count * 1e6 / (double)us, (double)used.relay / count, (double)used.workers / count,
	       (double)used.database / count);
	printf("  memory       %8.0f bytes resident each above the empty relay's %.1f MiB\n",
	       (double)(resident() - empty) / count, (double)empty / (1 << 20));
}

static void idling(int64_t empty, unsigned seconds)
{
	struct cpu before = cpu_now(), used;
	unsigned answered = pings();

	serve_for((uint64_t)seconds * 1000);
	used = cpu_between(before, cpu_now());
	answered = pings() - answered;
	if (metric("sockets") != (long)count || answered == 0)
		bench_die("%ld sockets are left, %u pings were answered", metric("sockets"), answered);
	printf("  idle         %8.2f %% of a core in %u s, %u pings answered (every %.1f s); memory %.0f bytes each\n",
	       (double)used.relay / 1e4 / seconds, seconds, answered, interval_ms / 1e3,
	       (double)(resident() - empty) / count);
}

static void leaving(int64_t empty)
{
	uint64_t end = bench_now_us() + (uint64_t)QUIET_MS * 1000;

	for (unsigned i = 0; i < count; i++)
		ws_close(&clients[i]);
	while (metric("sessions") > 0 && bench_now_us() < end)
		usleep(100000);
	usleep(GIVE_BACK_MS * 1000);
	printf("  all are gone %8.0f bytes each are still held (%.1f MiB) for %ld sessions that may come back\n",
	       (double)(resident() - empty) / count, (double)(resident() - empty) / (1 << 20),
	       metric("recovery_waiting"));
	fflush(stdout);
	end = bench_now_us() + (uint64_t)AWAY_MAX_MS * 1000;
	while (metric("recovery_waiting") > 0 && bench_now_us() < end)
		usleep(1000000);
	usleep(GIVE_BACK_MS * 1000);
	printf("  afterwards   %8.0f bytes each (%.1f MiB), %ld sessions, %ld rooms\n",
	       (double)(resident() - empty) / count, (double)(resident() - empty) / (1 << 20), metric("sessions"),
	       metric("rooms"));
}

int main(void)
{
	struct rlimit files;
	int64_t empty;
	MYSQL *db = db_open();

	count = bench_number("BENCH_CLIENTS", 10000);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < count + 64)
		bench_die("%u clients need more descriptors than the %llu allowed (ulimit -n)", count,
			  (unsigned long long)files.rlim_cur);
	clients = mem_zero(count, sizeof(*clients));
	events = epoll_create1(EPOLL_CLOEXEC);
	db_people(db, count);
	mysql_close(db);
	metric("sessions");                    /* its buffers are the empty relay's */
	empty = resident();
	printf("idle: %u connected clients who only answer pings\n", count);
	connecting(empty);
	idling(empty, bench_number("BENCH_IDLE_SECONDS", 50));
	leaving(empty);
	return 0;
}
