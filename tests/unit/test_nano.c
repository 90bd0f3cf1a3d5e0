// objects: shared/nano.o shared/buf.o
/*
 * nano: relay and worker as processes of their own, because nanomsg does not survive a fork: the test itself
 * never opens a socket, each part runs in a child and says by its exit code whether all went well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nano.h"

#define EXPECT(c) do { if (!(c)) { fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #c, errno); _exit(1); } } while (0)
#define MESSAGE_MAX (4u * 1024 * 1024)

static char dir[] = "/tmp/upred-nano-XXXXXX", url[64];
static volatile sig_atomic_t stop;

static void on_term(int number)
{
	(void)number;
	stop = 1;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static pid_t start(void (*fn)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGTERM, on_term);
		alarm(20);
		fn();
		_exit(0);
	}
	return pid;
}

static void expect_end(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* ---- relay side ---- */

static int opened(int sock)
{
	EXPECT(sock >= 0);
	return sock;
}

/* Waits by the descriptor, as the relay's loop does. */
static struct slice await(int sock, struct nano_peer *peer)
{
	struct pollfd p = { nano_descriptor(sock), POLLIN, 0 };
	struct slice message;
	int rc;

	for (;;) {
		rc = nano_take(sock, peer, &message);
		EXPECT(rc >= 0);
		if (rc == 1)
			return message;
		poll(&p, 1, -1);
	}
}

static void relay_echoes(void)
{
	struct nano_peer peer;
	struct slice message;
	int sock = opened(nano_listen_jobs(url));

	for (;;) {
		message = await(sock, &peer);
		nano_reply(sock, &peer, message);
		nano_free(message);
	}
}

static void relay_answers_the_second_first(void)
{
	struct nano_peer first, second;
	int sock = opened(nano_listen_jobs(url));

	nano_free(await(sock, &first));
	nano_free(await(sock, &second));
	nano_reply(sock, &first, SLICE("stale"));
	nano_reply(sock, &second, SLICE("fresh"));
	poll(NULL, 0, 10000);
}

static void relay_comes_late(void) { poll(NULL, 0, 300), relay_echoes(); }

/* ---- worker side ---- */

static struct nano_asker *asker(int repeat_ms)
{
	struct nano_asker *a = nano_asker_open(url, repeat_ms);

	EXPECT(a);
	return a;
}

static void worker_asks_all_sizes(void)
{
	static const size_t sizes[] = { 0, 1, 200, 65536, 1048576, MESSAGE_MAX };
	struct nano_asker *a = asker(1000);
	char *bytes = mem_zero(1, MESSAGE_MAX + 1);
	struct slice answer;

	for (size_t i = 0; i < 60; i++) {
		size_t n = sizes[i % 6];

		memset(bytes, (int)i, n);
		EXPECT(nano_ask(a, (struct slice){ bytes, n }, &stop, 0, &answer) == 1);
		EXPECT(answer.n == n && (n == 0 || memcmp(answer.p, bytes, n) == 0));
		nano_free(answer);
	}
	EXPECT(nano_ask(a, (struct slice){ bytes, MESSAGE_MAX + 1 }, &stop, 0, &answer) == -1 && errno == EMSGSIZE);
	nano_asker_close(a);
	free(bytes);
}

static void ask_for(const char *expected, int repeat_ms)
{
	struct nano_asker *a = asker(repeat_ms);
	struct slice answer;

	EXPECT(nano_ask(a, SLICE("ready"), &stop, 0, &answer) == 1);
	EXPECT(slice_is(answer, expected));
	nano_free(answer);
	nano_asker_close(a);
}

static void worker_drops_stale_answers(void) { ask_for("fresh", 100); }
static void worker_asks_once(void) { ask_for("ready", 250); }

static void worker_gives_up(void)
{
	struct nano_asker *a = asker(400);
	struct slice answer;
	long start_ms = now_ms(), took;

	EXPECT(nano_ask(a, SLICE("leaving"), &stop, 150, &answer) == 0);
	took = now_ms() - start_ms;
	EXPECT(took >= 140 && took < 390);
	nano_asker_close(a);
}

static void worker_is_stopped(void)
{
	struct nano_asker *a = asker(400);
	struct slice answer;

	EXPECT(nano_ask(a, SLICE("ready"), &stop, 0, &answer) == 0);
	EXPECT(stop);
	nano_asker_close(a);
}

static void worker_outlives_relays(void)
{
	struct nano_asker *a = asker(100);
	struct slice answer;

	while (!stop) {
		if (nano_ask(a, SLICE("ready"), &stop, 0, &answer) == 1)
			nano_free(answer);
		poll(NULL, 0, 1);
	}
	stop = 0;
	EXPECT(nano_ask(a, SLICE("last"), &stop, 3000, &answer) == 1);
	nano_free(answer);
	nano_asker_close(a);
}

static void sender_of_signals(void)
{
	int sock = opened(nano_signal_open(url));
	char big[500000] = { 0 };

	poll(NULL, 0, 300);
	for (int i = 0; i < 100; i++)
		EXPECT(nano_signal_send(sock, SLICE("signal"), 0) == 0);
	poll(NULL, 0, 100);
	EXPECT(nano_signal_send(sock, (struct slice){ big, sizeof(big) }, 0) == 0);
	EXPECT(nano_signal_send(sock, (struct slice){ big, 513 * 1024 }, 0) == -1);
	poll(NULL, 0, 1000);
	nano_close(sock);
}

static void relay_hears_signals(void)
{
	struct slice message;
	int sock = opened(nano_listen_signals(url));

	for (int i = 0; i < 100; i++) {
		message = await(sock, NULL);
		EXPECT(slice_is(message, "signal"));
		nano_free(message);
	}
	message = await(sock, NULL);
	EXPECT(message.n == 500000);
	nano_free(message);
	nano_close(sock);
}

static void sender_without_relay(void)
{
	int sock = opened(nano_signal_open(url));

	for (int i = 0; i < 10; i++)
		EXPECT(nano_signal_send(sock, SLICE("signal"), 0) == -1);
	nano_close(sock);
}

static void door_has_its_mode(void)
{
	struct stat st;
	int sock = opened(nano_listen_jobs(url));

	EXPECT(lstat(url + 6, &st) == 0 && S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0660);
	nano_close(sock);
}

static void door_spares_files(void)
{
	FILE *f = fopen(url + 6, "w");
	struct stat st;

	EXPECT(f);
	fclose(f);
	EXPECT(nano_listen_jobs(url) == -1 && errno == EINVAL);
	EXPECT(nano_listen_signals(url) == -1 && errno == EINVAL);
	EXPECT(!nano_asker_open(url, 100) && errno == EINVAL);
	EXPECT(nano_signal_open(url) == -1 && errno == EINVAL);
	EXPECT(lstat(url + 6, &st) == 0 && S_ISREG(st.st_mode));
	unlink(url + 6);
}

static void door_needs_descriptors(void)
{
	struct rlimit few = { 40, 40 };

	EXPECT(setrlimit(RLIMIT_NOFILE, &few) == 0);
	EXPECT(nano_listen_jobs(url) == -1 && errno == EMFILE);
}

static void door_is_taken(void)
{
	EXPECT(nano_listen_jobs(url) == -1 && errno == EADDRINUSE);
}

/* ---- the conversations ---- */

static void with_relay(void (*relay)(void), void (*worker)(void))
{
	pid_t r = start(relay), w = start(worker);

	expect_end(w);
	end(r);
}

static void asking(void **state)
{
	(void)state;
	with_relay(relay_echoes, worker_asks_all_sizes);
	with_relay(relay_answers_the_second_first, worker_drops_stale_answers);
	with_relay(relay_comes_late, worker_asks_once);
}

static void giving_up(void **state)
{
	pid_t w;

	(void)state;
	expect_end(start(worker_gives_up));
	w = start(worker_is_stopped);
	poll(NULL, 0, 100);
	kill(w, SIGTERM);
	expect_end(w);
}

static void relays_come_and_go(void **state)
{
	pid_t w = start(worker_outlives_relays), r = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		if (r)
			end(r);
		r = start(relay_echoes);
		poll(NULL, 0, 300);
	}
	kill(w, SIGTERM);
	expect_end(w);
	end(r);
}

static void signalling(void **state)
{
	pid_t r = start(relay_hears_signals), s = start(sender_of_signals);

	(void)state;
	expect_end(r);
	expect_end(s);
	expect_end(start(sender_without_relay));
}

static void doors(void **state)
{
	pid_t r;

	(void)state;
	expect_end(start(door_has_its_mode));
	expect_end(start(door_spares_files));
	expect_end(start(door_needs_descriptors));
	r = start(relay_echoes);
	poll(NULL, 0, 200);
	expect_end(start(door_is_taken));
	expect_end(start(worker_asks_once)); /* the first one is still whole */
	end(r);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(url, sizeof(url), "ipc://%s/door.ipc", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(url + 6);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doors), cmocka_unit_test(asking), cmocka_unit_test(giving_up),
		cmocka_unit_test(relays_come_and_go), cmocka_unit_test(signalling),
	};

	return cmocka_run_group_tests_name("nano", tests, set_up, tear_down);
}
