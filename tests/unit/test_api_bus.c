// objects: fcgi-api/door_bus.o fcgi-api/pool.o fcgi-api/attempt.o fcgi-api/counters.o fcgi-api/call.o fcgi-api/answer.o fcgi-api/router.o fcgi-api/rates.o fcgi-api/signals.o fcgi-api/identity.o fcgi-api/http.o fcgi-api/refusals.o fcgi-api/fields.o fcgi-api/fields_send.o fcgi-api/fields_more.o fcgi-api/render.o fcgi-api/push.o fcgi-api/cursor.o fcgi-api/etag.o fcgi-api/settings.o fcgi-api/handlers/*.o fcgi-api/store/*.o shared/*.o
// ldflags: -Wl,--wrap=store_begin -Wl,--wrap=store_commit -Wl,--wrap=store_rollback
/*
 * door_bus: a master and one worker of the real program, without a database, talked to by a relay that is this
 * test. The event is one that nobody knows, so its answer needs no rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fcgi-api/door_bus.h"
#include "nano.h"
#include "wire.h"

#define BOOT 77
#define WAIT_MS 10000

static char dir[] = "/tmp/upred-bus-XXXXXX", jobs[64], signals_url[64];
static pid_t master;
static int sock = -1;

enum store_verdict __wrap_store_begin(struct store *st, int64_t until_ms);
enum store_verdict __wrap_store_commit(struct store *st);
void __wrap_store_rollback(struct store *st);

enum store_verdict __wrap_store_begin(struct store *st, int64_t until_ms)
{
	(void)st, (void)until_ms;
	return STORE_OK;
}

enum store_verdict __wrap_store_commit(struct store *st)
{
	(void)st;
	return STORE_OK;
}

void __wrap_store_rollback(struct store *st)
{
	(void)st;
}

static int set_up(void **state)
{
	static struct settings s;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(jobs, sizeof(jobs), "ipc://%s/jobs.ipc", dir);
	snprintf(signals_url, sizeof(signals_url), "ipc://%s/signals.ipc", dir);
	s = (struct settings){ .run_dir = dir, .jobs_address = jobs, .own_signals = signals_url, .bus_workers = 1,
			       .relays = { signals_url }, .relay_count = 1 };
	s.store.hosts = "nowhere.invalid";
	s.store.user = s.store.password = s.store.database = s.store.socket = "";
	master = fork();
	if (master == 0)
		_exit(door_bus(&s));
	sock = nano_listen_jobs(jobs);
	return sock < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	char path[96];

	(void)state;
	if (master > 0) {
		kill(master, SIGKILL);
		waitpid(master, NULL, 0);
	}
	nano_close(sock);
	snprintf(path, sizeof(path), "%s/jobs.ipc", dir);
	unlink(path);
	return rmdir(dir);
}

/* What the worker says next; the message stays valid until the next call. */
static int hear(struct nano_peer *peer, struct wire_ready *r, struct slice *rest_r)
{
	static struct slice message;
	struct pollfd p = { nano_descriptor(sock), POLLIN, 0 };
	int kind;

	if (message.p)
		nano_free(message);
	message = SLICE_NONE;
	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	assert_int_equal(nano_take(sock, peer, &message), 1);
	*rest_r = message;
	kind = wire_take_kind(rest_r);
	assert_int_equal(wire_take_ready(rest_r, r), 0);
	return kind;
}

static void give_job(const struct nano_peer *peer, uint64_t id, uint16_t count, uint16_t said)
{
	struct buf b = BUF_INIT;
	struct wire_job j = { BOOT, id, WIRE_JOB_OTHERS, 2500, said };

	wire_put_job(&b, &j);
	for (uint16_t i = 0; i < count; i++) {
		struct wire_command c = { .id = id * 100 + i, .type = WIRE_EVENT, .attempt = 1, .sid = SLICE("s"),
					  .user = SLICE("1"), .event = SLICE("nobody_knows"), .args = SLICE("{}") };

		wire_put_command(&b, &c);
	}
	nano_reply(sock, peer, buf_slice(&b));
	buf_fini(&b);
}

static void give_ack(const struct nano_peer *peer)
{
	struct buf b = BUF_INIT;

	wire_put_ack(&b, BOOT);
	nano_reply(sock, peer, buf_slice(&b));
	buf_fini(&b);
}

/* Waits for the next READY that is newer than what was said before; repeats are normal. */
static void await_ready(struct nano_peer *peer, struct wire_ready *r)
{
	struct slice rest;

	assert_int_equal(hear(peer, r, &rest), WIRE_READY);
}

static unsigned await_answers(struct nano_peer *peer, uint64_t job, struct wire_ready *r)
{
	struct slice rest, effects;
	struct wire_effect e;
	uint64_t command;
	unsigned n = 0;

	while (hear(peer, r, &rest) == WIRE_READY)
		;
	assert_int_equal(r->answers, job);
	assert_int_equal(r->last_job, job);
	assert_int_equal(r->boot, BOOT);
	while (wire_next_answer(&rest, &command, &effects) == 1) {
		assert_int_equal(command, job * 100 + n++);
		assert_int_equal(wire_next_effect(&effects, &e), 1);
		assert_int_equal(e.kind, WIRE_REPLY);
		assert_true(slice_is(e.name, "error"));
	}
	return n;
}

static void test_conversation(void **state)
{
	struct nano_peer peer;
	struct wire_ready r;

	(void)state;
	await_ready(&peer, &r);
	assert_int_equal(r.last_job, 0);
	assert_int_equal(r.state, WIRE_WORKS);
	give_job(&peer, 1, 3, 3);
	assert_int_equal(await_answers(&peer, 1, &r), 3);
	/* heard, no work: it says ready again, naming the job */
	give_ack(&peer);
	await_ready(&peer, &r);
	assert_int_equal(r.last_job, 1);
	/* answers are answered with the next job at once */
	give_job(&peer, 2, 1, 1);
	assert_int_equal(await_answers(&peer, 2, &r), 1);
	give_job(&peer, 3, 2, 2);
	assert_int_equal(await_answers(&peer, 3, &r), 2);
	/* the same job once more: the same answers */
	give_job(&peer, 3, 2, 2);
	assert_int_equal(await_answers(&peer, 3, &r), 2);
	/* a job that says more than it holds: what is there is answered */
	give_job(&peer, 4, 1, 2);
	assert_int_equal(await_answers(&peer, 4, &r), 1);
	give_ack(&peer);
}

/* SIGTERM: the worker says that it leaves and waits to be heard; then the master ends with 0. */
static void test_leaving(void **state)
{
	struct nano_peer peer;
	struct wire_ready r = { .state = WIRE_WORKS };
	int status = -1;

	(void)state;
	await_ready(&peer, &r);
	kill(master, SIGTERM);
	while (r.state != WIRE_LEAVING)
		await_ready(&peer, &r);
	give_ack(&peer);
	assert_int_equal(waitpid(master, &status, 0), master);
	master = 0;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversation), cmocka_unit_test(test_leaving),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
