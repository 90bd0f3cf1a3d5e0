// objects: relay/bus.o relay/workers.o relay/engineio/loop.o shared/nano.o shared/wire*.o shared/map.o shared/siphash.o
// objects: shared/ids.o shared/log.o shared/buf.o
/*
 * The bus with workers of our own: each test forks one that plays a part, then looks at what the relay's
 * side reports. (Forked before the first nanomsg socket of the test: its thread does not survive a fork.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <cmocka.h>

#include "relay/bus.h"
#include "shared/log.h"
#include "tests/unit/fake_worker.h"

#define PATIENCE_MS 8000

/* ---- parts ---- */

static void part_good(void)
{
	struct wire_job job, other;
	uint64_t command, none;
	struct wire_ready r;

	get_job(&job, &command);
	MUST(job.count == 1 && job.deadline_ms > 0 && command == 41, 20);
	r = me(job.boot, job.id, job.id);
	MUST(say_answers(&r, command, &other, &none) == WIRE_ACK, 21);
	/* The reply was lost, say: the same again. */
	MUST(say_answers(&r, command, &other, &none) == WIRE_ACK, 22);
	r.answers = 0;
	r.state = WIRE_LEAVING;
	MUST(say_ready(&r, &other, &none) == WIRE_ACK, 23);
}

static void part_dies(void)
{
	struct wire_job job;
	uint64_t command;

	get_job(&job, &command);
	kill(getpid(), SIGKILL);
}

static void part_silent_then_late(void)
{
	struct wire_job job, other;
	uint64_t command, none;
	struct wire_ready r;

	get_job(&job, &command);
	usleep(600 * 1000);
	r = me(job.boot, job.id, job.id);
	MUST(say_answers(&r, command, &other, &none) == WIRE_ACK, 30);
}

static void part_never_got_it(void)
{
	struct wire_job job, again, other;
	uint64_t command, command_again, none;
	struct wire_ready r = me(0, 0, 0);

	get_job(&job, &command);
	MUST(say_ready(&r, &again, &command_again) == WIRE_JOB, 40);
	MUST(again.id == job.id && command_again == command && again.boot == job.boot, 41);
	r = me(job.boot, job.id, job.id);
	MUST(say_answers(&r, command, &other, &none) == WIRE_ACK, 42);
}

static void part_wrong_boot(void)
{
	struct wire_job job;
	uint64_t command;
	struct wire_ready r = me(12345, 77, 77);

	MUST(say_answers(&r, 41, &job, &command) == WIRE_ACK, 50);
}

static void part_forgets_the_answer(void)
{
	struct wire_job job, other;
	uint64_t command, none;
	struct wire_ready r;

	get_job(&job, &command);
	r = me(job.boot, job.id, 0);
	/* Nobody has a second job: this one waits, as an idle worker does, until the test is over. */
	say_ready(&r, &other, &none);
}

static void part_malformed_answers(void)
{
	struct wire_job job, other;
	uint64_t command, none;
	struct buf b = BUF_INIT;
	struct wire_ready r;

	get_job(&job, &command);
	r = me(job.boot, job.id, job.id);
	put_answers(&b, &r, command);
	b.len -= 3;
	MUST(say(&b, &other, &none) == WIRE_ACK, 60);
}

static void part_garbage(void)
{
	static const char *const garbage[] = { "x", "\x01\x63", "\x02\x01", "\x01\x01\x00\x00", "\x01\x03" };
	struct slice answer;
	int sock = nano_signal_open(signals_at);

	/* Until it is ended: what is said before the other side listens, or not fetched yet, is lost. */
	for (size_t i = 0;; i = (i + 1) % (sizeof(garbage) / sizeof(garbage[0]))) {
		struct slice s = { garbage[i], i == 0 ? 1 : i == 3 ? 4 : 2 };

		MUST(nano_ask(asker, s, &never, 50, &answer) == 0, 70);
		while (nano_signal_send(sock, s, 0) < 0)
			usleep(1000);
	}
}

static void part_signals(void)
{
	struct wire_effect e = { .kind = WIRE_DISCONNECT, .user = SLICE("5"), .self = SLICE("[\"error\"]") };
	int sock = nano_signal_open(signals_at);
	struct buf b = BUF_INIT;

	wire_put_signal(&b);
	wire_put_effect(&b, &e);
	while (nano_signal_send(sock, buf_slice(&b), 0) < 0)
		usleep(1000);
	usleep(200 * 1000);
}

/* ---- the relay's side ---- */

static struct {
	struct eio_loop *loop;
	struct bus *bus;
	pid_t child;
	unsigned char code;
	unsigned answers, done, lost, signals, trouble;
	uint64_t job, begun_ms, lost_ms;
	unsigned attempt_ms;
	bool gives;
	bool (*over)(void);
	bool timed_out;
} t;

static void on_bus(void *ctx, const struct bus_event *e)
{
	(void)ctx;
	t.answers += e->kind == BUS_ANSWER;
	t.done += e->kind == BUS_DONE;
	t.lost += e->kind == BUS_LOST;
	t.signals += e->kind == BUS_SIGNAL;
	t.trouble += e->kind == BUS_TROUBLE;
	if (e->kind == BUS_ANSWER)
		assert_int_equal(e->command, 41);
	if (e->kind == BUS_LOST) {
		t.lost_ms = eio_loop_now_ms(t.loop);
		assert_int_equal(e->job, t.job);
	}
}

/* Gives its one job as soon as somebody waits. */
static void on_settle(void *ctx)
{
	struct wire_command c = {
		.id = 41, .type = WIRE_EVENT, .attempt = 1, .event = SLICE("send_message"),
	};
	struct buf b = BUF_INIT;

	(void)ctx;
	if (t.gives && bus_idle(t.bus) > 0) {
		wire_put_command(&b, &c);
		t.job = bus_give(t.bus, WIRE_JOB_SENDS, 1, buf_slice(&b), t.attempt_ms);
		assert_true(t.job > 0);
		t.begun_ms = eio_loop_now_ms(t.loop);
		t.gives = false;
	}
	buf_fini(&b);
}

static void on_look(void *ctx)
{
	static unsigned looks;

	(void)ctx;
	t.timed_out = ++looks > PATIENCE_MS / 5;
	if (t.timed_out || t.over())
		looks = 0, eio_loop_stop(t.loop);
}

/* The loop reaps children itself (libev), so a pipe tells. */
static bool is_left_and_done(void)
{
	ssize_t n;

	do
		n = read(verdict[0], &t.code, 1);
	while (n == 1);
	return n == 0;
}

/* Runs until `over`; then the part's verdict, 99 when it was killed before it had one. */
static int play(void (*part)(void), unsigned attempt_ms, bool (*over)(void))
{
	struct bus_config config = { jobs, signals_at };
	struct eio_timer *look;

	memset(&t, 0, sizeof(t));
	t.code = 99;
	assert_int_equal(pipe2(verdict, O_NONBLOCK | O_CLOEXEC), 0);
	t.child = fork();
	if (t.child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		asker = nano_asker_open(jobs, 250);
		part();
		finish(0);
	}
	close(verdict[1]);
	t.attempt_ms = attempt_ms;
	t.gives = attempt_ms > 0;
	t.over = over;
	t.loop = eio_loop_new();
	t.bus = bus_open(t.loop, &config, on_bus, NULL);
	assert_non_null(t.bus);
	assert_false(bus_alive(t.bus));
	assert_int_equal(bus_give(t.bus, WIRE_JOB_SENDS, 1, SLICE_NONE, 100), 0);
	eio_loop_on_settle(t.loop, on_settle, NULL);
	look = eio_timer_new(t.loop, 5, 5, on_look, NULL);
	eio_loop_run(t.loop);
	eio_timer_free(look);
	assert_false(t.timed_out);
	kill(t.child, SIGKILL);        /* reaped by the loop, or by whoever comes after us */
	is_left_and_done();
	close(verdict[0]);
	return t.code;
}

static void end(void)
{
	bus_close(t.bus);
	eio_loop_free(t.loop);
}

static struct bus_stats stats(void)
{
	struct bus_stats s;

	return bus_stats(t.bus, &s), s;
}

static bool is_lost(void)
{
	return t.lost > 0;
}

static void a_worker_answers_and_leaves(void **state)
{
	(void)state;
	assert_int_equal(play(part_good, 2500, is_left_and_done), 0);
	assert_int_equal(t.answers, 1);
	assert_int_equal(t.done, 1);
	assert_int_equal(t.lost, 0);
	assert_int_equal(stats().workers, 0);
	assert_int_equal(stats().jobs_out, 0);
	assert_true(bus_alive(t.bus));
	end();
}

static void a_killed_worker_is_noticed_at_once(void **state)
{
	(void)state;
	play(part_dies, 2500, is_lost);
	assert_int_equal(t.lost, 1);
	assert_int_equal(t.answers, 0);
	assert_true(t.lost_ms - t.begun_ms < 1000);
	assert_int_equal(stats().workers, 0);
	end();
}

static void a_silent_worker_costs_its_attempt_and_answers_late(void **state)
{
	(void)state;
	assert_int_equal(play(part_silent_then_late, 200, is_left_and_done), 0);
	assert_int_equal(t.lost, 1);
	assert_in_range(t.lost_ms - t.begun_ms, 195, 500);
	assert_int_equal(t.answers, 1);
	assert_int_equal(t.done, 0);
	assert_int_equal(stats().answers_late, 1);
	end();
}

static void a_job_that_never_arrived_is_given_again(void **state)
{
	(void)state;
	assert_int_equal(play(part_never_got_it, 2500, is_left_and_done), 0);
	assert_int_equal(t.answers, 1);
	assert_int_equal(t.done, 1);
	assert_int_equal(stats().jobs, 1);
	assert_int_equal(stats().jobs_again, 1);
	end();
}

static void answers_of_another_boot_are_dropped(void **state)
{
	(void)state;
	assert_int_equal(play(part_wrong_boot, 0, is_left_and_done), 0);
	assert_int_equal(t.answers, 0);
	assert_true(t.trouble > 0);
	assert_int_equal(stats().answers_foreign, 1);
	end();
}

static void a_ready_in_place_of_answers_ends_the_job(void **state)
{
	(void)state;
	play(part_forgets_the_answer, 2500, is_lost);
	assert_int_equal(t.lost, 1);
	assert_true(t.lost_ms - t.begun_ms < 1000);
	end();
}

static void malformed_answers_are_dropped_whole(void **state)
{
	(void)state;
	assert_int_equal(play(part_malformed_answers, 2500, is_left_and_done), 0);
	assert_int_equal(t.lost, 1);
	assert_int_equal(t.answers, 0);
	assert_int_equal(stats().malformed, 1);
	end();
}

static bool is_all_garbage_heard(void)
{
	return stats().malformed >= 10;
}

static void garbage_is_dropped_and_counted(void **state)
{
	(void)state;
	play(part_garbage, 0, is_all_garbage_heard);
	assert_int_equal(stats().workers, 0);
	assert_int_equal(t.signals, 0);
	end();
}

static void signals_come_in(void **state)
{
	(void)state;
	assert_int_equal(play(part_signals, 0, is_left_and_done), 0);
	assert_int_equal(t.signals, 1);
	end();
}

static bool is_over_a_stall(void)
{
	t.lost += t.done && !bus_alive(t.bus);
	if (bus_alive(t.bus) && t.done++ == 0)
		usleep((BUS_SEEN_MS + 200) * 1000);
	return t.done > 1 || t.lost;
}

static void a_relay_that_stood_still_does_not_call_its_workers_dead(void **state)
{
	(void)state;
	play(part_forgets_the_answer, 0, is_over_a_stall);
	assert_int_equal(t.lost, 0);
	end();
}

/* A directory each: a test that fails in the middle leaves the next one alone. */
#define IN_A_DIR(fn) cmocka_unit_test_setup_teardown(fn, setup_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_DIR(a_worker_answers_and_leaves),
		IN_A_DIR(a_killed_worker_is_noticed_at_once),
		IN_A_DIR(a_silent_worker_costs_its_attempt_and_answers_late),
		IN_A_DIR(a_job_that_never_arrived_is_given_again),
		IN_A_DIR(answers_of_another_boot_are_dropped),
		IN_A_DIR(a_ready_in_place_of_answers_ends_the_job),
		IN_A_DIR(malformed_answers_are_dropped_whole),
		IN_A_DIR(garbage_is_dropped_and_counted),
		IN_A_DIR(signals_come_in),
		IN_A_DIR(a_relay_that_stood_still_does_not_call_its_workers_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
