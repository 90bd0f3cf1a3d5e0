// objects: shared/buf.o tests/bench/lib/ws.o tests/bench/lib/cpu.o tests/bench/lib/db.o
/*
 * fanout: what it costs the relay to give one message to one member.
 *
 * 1,000 members of a group are connected and in its room; first one of them sends, then ten at once (whose messages reach
 * a member close together, so that one write carries several). Beside it, in the same run, a bare loop of send() writes
 * the same number of bytes to 1,000 loopback connections, freely as ten senders do, and in step: the next round when the
 * last was read, as one sender does, whose every frame finds its reader asleep. Both sides pay for the kernel's
 * delivery. All are measured in turn, several times, and the best of each is told: what else the machine does only ever
 * adds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cpu.h"
#include "lib/db.h"
#include "lib/ws.h"

#define READY 256
#define TEXT "Mañana la clase es en el laboratorio 3, a las 8. Lleven laptop y el avance del proyecto."

static struct ws *members;
static unsigned count, messages, given, acked;
static uint64_t heard, came;             /* messages pushed to somebody; of any kind */
static size_t frame_len;
static char *room;
static int events;

/* ---- the house ---- */

static void send_next(struct ws *w)
{
	struct buf b = BUF_INIT;

	buf_putf(&b, "42[\"send_message\",{\"sala_uuid\":\"%s\",\"message\":\"" TEXT "\",\"sender_id\":\"%u\","
		 "\"timestamp\":\"2025-11-03T10:00:00.000Z\",\"type\":\"grupal\",\"message_type\":\"texto\"}]",
		 room, w->user);
	given++;
	ws_send(w, buf_slice(&b));
	buf_fini(&b);
}

static void on_message(void *ctx, struct ws *w, struct slice message)
{
	static const char ack[] = "42[\"ack\",{", push[] = "42[\"receive_message\",";

	(void)ctx;
	came++;
	if (message.n > sizeof(push) && memcmp(message.p, push, sizeof(push) - 1) == 0) {
		heard++;
		frame_len = message.n + (message.n < 126 ? 2 : 4);
	} else if (message.n > sizeof(ack) && memcmp(message.p, ack, sizeof(ack) - 1) == 0) {
		if (!memmem(message.p, message.n, "\"status\":\"sent\"", 15))
			bench_die("a message was refused: %.*s", (int)message.n, message.p);
		acked++;
		if (given < messages)
			send_next(w);
	}
}

/* Reads whatever comes until `enough` were heard, or nothing but pings comes for `quiet_ms`. */
static void serve(uint64_t enough, unsigned quiet_ms)
{
	struct epoll_event ready[READY];
	uint64_t last_us = bench_now_us(), before;
	int n;

	while (heard < enough && bench_now_us() - last_us < quiet_ms * 1000ull) {
		before = came;
		n = epoll_wait(events, ready, READY, (int)quiet_ms);
		for (int i = 0; i < n; i++)
			ws_read(ready[i].data.ptr, on_message, NULL);
		if (came != before)
			last_us = bench_now_us();
	}
}

static void open_members(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	char join[64], *joined;

	snprintf(join, sizeof(join), "42[\"join_group\",{\"group_id\":\"%u\"}]", BENCH_GROUP);
	for (unsigned i = 0; i < count; i++) {
		ws_open(&members[i], BENCH_FIRST_USER + i);
		ws_send(&members[i], slice_of(join));
		joined = ws_await(&members[i], "42[\"group_joined\",");
		if (!room)
			room = ws_text_of(joined, "sala_uuid");
		free(joined);
		e.data.ptr = &members[i];
		epoll_ctl(events, EPOLL_CTL_ADD, members[i].fd, &e);
		if (i % 16 == 0)
			serve(UINT64_MAX, 1); /* those who are in hear of each who comes */
	}
	serve(UINT64_MAX, 1500);
}

struct house {
	double relay_us, others_us;  /* CPU a delivery */
	double a_second;             /* deliveries */
};

static struct house house_cost(unsigned senders)
{
	struct cpu before = cpu_now(), used;
	uint64_t start = bench_now_us(), us;

	heard = given = acked = 0;
	for (unsigned i = 0; i < senders && given < messages; i++)
		send_next(&members[i]);
	serve((uint64_t)messages * count, 10000);
	us = bench_now_us() - start;
	used = cpu_between(before, cpu_now());
	if (heard != (uint64_t)messages * count)
		bench_die("%llu of %llu deliveries were heard", (unsigned long long)heard,
			  (unsigned long long)messages * count);
	serve(UINT64_MAX, 500);
	if (acked != messages || heard != (uint64_t)messages * count)
		bench_die("%u acks and %llu deliveries of %u messages", acked, (unsigned long long)heard, messages);
	return (struct house){ (double)used.relay / (double)heard,
			       (double)(used.workers + used.database) / (double)heard,
			       (double)heard * 1e6 / (double)us };
}

/* ---- the bare loop ---- */

static int listen_loopback(struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (struct sockaddr *)address, size) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)address, &size) < 0)
		bench_die("loopback: %s", strerror(errno));
	return fd;
}

/*
 * The other side, a process of its own: connects and reads everything away, as the members do. A byte goes to `told`
 * for each round that was read.
 */
static void read_away(const struct sockaddr_in *address, int told)
{
	struct epoll_event e = { .events = EPOLLIN }, ready[READY];
	int poll_fd = epoll_create1(EPOLL_CLOEXEC), n;
	size_t got = 0, round = count * frame_len;
	static char trash[65536];
	ssize_t some;

	for (unsigned i = 0; i < count; i++) {
		e.data.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (e.data.fd < 0 || connect(e.data.fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
			bench_die("loopback: %s", strerror(errno));
		epoll_ctl(poll_fd, EPOLL_CTL_ADD, e.data.fd, &e);
	}
	for (;;) {
		n = epoll_wait(poll_fd, ready, READY, -1);
		for (int i = 0; i < n; i++) {
			some = recv(ready[i].data.fd, trash, sizeof(trash), MSG_DONTWAIT);
			if (some == 0)
				_exit(0);
			got += some > 0 ? (size_t)some : 0;
		}
		for (; got >= round; got -= round)
			if (write(told, "", 1) < 0)
				_exit(0);
	}
}

static void send_round(const int *fds, const char *bytes)
{
	for (unsigned i = 0; i < count; i++)
		while (send(fds[i], bytes, frame_len, MSG_NOSIGNAL) < 0)
			if (errno != EINTR)
				bench_die("loopback: send: %s", strerror(errno));
}

static void await_round(int told)
{
	char byte;

	if (read(told, &byte, 1) != 1)
		bench_die("loopback: the reader is gone");
}

/* Microseconds of CPU for a bare send. */
static double bare_cost(bool in_step)
{
	struct sockaddr_in address;
	int listener = listen_loopback(&address), *fds = mem_zero(count, sizeof(int));
	char *bytes = mem_zero(1, frame_len);
	int told[2];
	uint64_t before;
	pid_t reader;
	double cost;

	if (pipe2(told, O_CLOEXEC) < 0 || (reader = fork()) < 0)
		bench_die("loopback: %s", strerror(errno));
	if (reader == 0)
		read_away(&address, told[1]);
	close(told[1]);
	for (unsigned i = 0; i < count; i++)
		fds[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	before = cpu_of_thread();
	for (unsigned m = 0; m < messages; m++) {
		send_round(fds, bytes);
		if (in_step)
			await_round(told[0]);
	}
	cost = (double)(cpu_of_thread() - before) / ((double)messages * count);
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
	for (unsigned i = 0; i < count; i++)
		close(fds[i]);
	close(listener);
	close(told[0]);
	free(fds);
	free(bytes);
	return cost;
}

static void keep_best(struct house *best, struct house h)
{
	if (!best->a_second || h.relay_us < best->relay_us)
		*best = h;
}

static void lower(double *best, double us)
{
	if (*best == 0 || us < *best)
		*best = us;
}

static void print(const char *name, struct house h, double bare_us)
{
	printf("  %-13s %8.2f us of the relay's CPU a delivery, %.2f of a bare send   (%.0f deliveries/s; workers and "
	       "database %.2f us)\n", name, h.relay_us, h.relay_us / bare_us, h.a_second, h.others_us);
}

int main(void)
{
	struct rlimit files;
	struct house one = { 0 }, ten = { 0 };
	unsigned rounds = bench_number("BENCH_ROUNDS", 3);
	double bare_us = 0, step_us = 0;
	MYSQL *db = db_open();

	count = bench_number("BENCH_MEMBERS", 1000);
	messages = bench_number("BENCH_MESSAGES", 200);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	members = mem_zero(count, sizeof(*members));
	events = epoll_create1(EPOLL_CLOEXEC);
	db_people(db, count);
	db_group(db, count);
	mysql_close(db);
	open_members();
	for (unsigned i = 0; i < rounds; i++) {
		keep_best(&one, house_cost(1));
		keep_best(&ten, house_cost(10));
		lower(&bare_us, bare_cost(false));
		lower(&step_us, bare_cost(true));
	}
	for (unsigned i = 0; i < count; i++)
		ws_close(&members[i]);
	printf("fanout: a group of %u connected members, %u messages each time, frames of %zu bytes, the best of %u\n",
	       count, messages, frame_len, rounds);
	print("one sender", one, bare_us);
	print("ten senders", ten, bare_us);
	printf("  bare send()   %8.2f us CPU a delivery; in step %.2f us: one sender costs %.2f of that\n", bare_us, step_us,
	       one.relay_us / step_us);
	return 0;
}
