// objects: fcgi-api/attempt.o fcgi-api/counters.o fcgi-api/call.o fcgi-api/answer.o fcgi-api/http.o fcgi-api/refusals.o shared/*.o
// ldflags: -Wl,--wrap=store_begin -Wl,--wrap=store_commit -Wl,--wrap=store_rollback -Wl,--wrap=store_trouble -Wl,--wrap=store_may_lag
/*
 * attempt: what happens to a job when its transaction does not hold. The database is a script of verdicts:
 * one per transaction, given by begin, by the calls or by commit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "fcgi-api/attempt.h"
#include "shared/clock.h"

enum where { AT_BEGIN, AT_RUN, AT_COMMIT };

struct step {
	enum where where;
	enum store_verdict verdict;
};

static const struct step *script;  /* of this test; past its end everything goes well */
static size_t script_len, at;
static unsigned begun, committed, rolled_back, run_calls;
static bool poisonous;             /* the call of command 2 makes trouble whenever it runs */
static const char *sockets[] = { "", "", "" };     /* whose the commands are */
static long slow_ms;
static bool puts_off;              /* for the third call there is no time */
static bool lags;                  /* the host is a spare, and the second call is refused */

static enum store_verdict verdict_at(enum where where)
{
	return at < script_len && script[at].where == where ? script[at].verdict : STORE_OK;
}

enum store_verdict __wrap_store_begin(struct store *st, int64_t until_ms);
enum store_verdict __wrap_store_commit(struct store *st);
void __wrap_store_rollback(struct store *st);
const char *__wrap_store_trouble(const struct store *st);
bool __wrap_store_may_lag(const struct store *st);

enum store_verdict __wrap_store_begin(struct store *st, int64_t until_ms)
{
	enum store_verdict v = verdict_at(AT_BEGIN);

	(void)st, (void)until_ms;
	begun++;
	if (v != STORE_OK)
		at++;
	return v;
}

enum store_verdict __wrap_store_commit(struct store *st)
{
	enum store_verdict v = verdict_at(AT_COMMIT);

	(void)st;
	at++;
	committed += v == STORE_OK;
	return v;
}

void __wrap_store_rollback(struct store *st)
{
	(void)st;
	rolled_back++;
	at += at < script_len && script[at].where == AT_RUN;
}

const char *__wrap_store_trouble(const struct store *st)
{
	(void)st;
	return "";
}

bool __wrap_store_may_lag(const struct store *st)
{
	(void)st;
	return lags;
}

static void run(struct call **calls, size_t count)
{
	struct timespec t = { 0, slow_ms * 1000000 };

	nanosleep(&t, NULL);
	for (size_t i = 0; i < count; i++) {
		run_calls++;
		assert_int_equal(calls[i]->answer.effects.len, 0);
		answer_reply(&calls[i]->answer, "ack", SLICE("{}"));
		calls[i]->put_off = puts_off && i == 2;
		if (lags && i == 1)
			calls[i]->refusal = REFUSE(ROOM_UNKNOWN);
		if (poisonous && calls[i]->command.id == 2)
			calls[i]->trouble = STORE_REFUSED;
	}
	if (verdict_at(AT_RUN) != STORE_OK)
		calls[0]->trouble = verdict_at(AT_RUN);
}

#define CALLS 3

static void try_it(const struct step *steps, size_t len, int64_t ms, struct call **calls)
{
	static const struct settings settings;

	script = steps;
	script_len = len;
	at = begun = committed = rolled_back = run_calls = 0;
	for (size_t i = 0; i < CALLS; i++) {
		struct wire_command c = { .id = i + 1, .type = WIRE_EVENT, .attempt = 1, .sid = slice_of(sockets[i]) };

		calls[i] = call_new_bus(&settings, NULL, &c);
	}
	attempt_run(NULL, calls, CALLS, clock_mono_ms() + ms, run);
}

static void done(struct call **calls)
{
	for (size_t i = 0; i < CALLS; i++)
		call_free(calls[i]);
}

static unsigned answered(struct call **calls)
{
	unsigned n = 0;

	for (size_t i = 0; i < CALLS; i++) {
		assert_true(calls[i]->unanswered == (calls[i]->answer.effects.len == 0));
		n += !calls[i]->unanswered;
	}
	return n;
}

static void test_scripts(void **state)
{
	static const struct {
		const char *what;
		struct step steps[8];
		size_t len;
		unsigned answered, committed, begun;
		bool ours;  /* a row found from now on is the command's own */
		bool in_doubt;
	} rows[] = {
		{ "all well", { { AT_RUN, STORE_OK } }, 0, 3, 1, 1, false, false },
		{ "a deadlock", { { AT_RUN, STORE_AGAIN } }, 1, 3, 1, 2, false, false },
		{ "three deadlocks", { { AT_RUN, STORE_AGAIN }, { AT_RUN, STORE_AGAIN }, { AT_RUN, STORE_AGAIN } }, 3,
		  3, 1, 4, false, false },
		{ "four deadlocks: one by one",
		  { { AT_RUN, STORE_AGAIN }, { AT_RUN, STORE_AGAIN }, { AT_RUN, STORE_AGAIN }, { AT_RUN, STORE_AGAIN } }, 4,
		  3, 3, 7, false, false },
		{ "lost while running", { { AT_RUN, STORE_LOST } }, 1, 3, 1, 2, false, false },
		{ "lost at commit: in doubt", { { AT_COMMIT, STORE_LOST } }, 1, 3, 1, 2, true, true },
		{ "lost at commit, then no database", { { AT_COMMIT, STORE_LOST }, { AT_BEGIN, STORE_LOST } }, 2,
		  0, 0, 2, true, true },
		{ "a deadlock at commit: not stored", { { AT_COMMIT, STORE_AGAIN } }, 1, 3, 1, 2, false, false },
		{ "lost twice: no database", { { AT_RUN, STORE_LOST }, { AT_BEGIN, STORE_LOST } }, 2,
		  0, 0, 2, false, false },
		{ "no database at all", { { AT_BEGIN, STORE_LOST }, { AT_BEGIN, STORE_LOST } }, 2, 0, 0, 2, false, false },
		{ "deadlock, lost, well", { { AT_RUN, STORE_AGAIN }, { AT_RUN, STORE_LOST } }, 2, 3, 1, 3, false, false },
	};
	struct call *calls[CALLS];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		try_it(rows[i].steps, rows[i].len, 5000, calls);
		if (answered(calls) != rows[i].answered || committed != rows[i].committed ||
		    begun != rows[i].begun || calls[0]->found_is_ours != rows[i].ours ||
		    calls[0]->in_doubt != rows[i].in_doubt)
			fail_msg("%s: %u answered, %u committed, %u begun", rows[i].what, answered(calls), committed, begun);
		done(calls);
	}
}

/* One poisonous command does not take the others along. */
static void test_poison(void **state)
{
	struct call *calls[CALLS];

	(void)state;
	poisonous = true;
	try_it(NULL, 0, 5000, calls);
	assert_int_equal(answered(calls), 2);
	assert_true(calls[1]->unanswered);
	assert_int_equal(committed, 2);
	assert_int_equal(run_calls, 3 + 3);
	poisonous = false;
	done(calls);
}

/* What the same socket said behind a command that is left is not done before it; what others said is. */
static void test_order(void **state)
{
	struct call *calls[CALLS];

	(void)state;
	poisonous = true;
	sockets[1] = sockets[2] = "ana";
	try_it(NULL, 0, 5000, calls);
	assert_int_equal(answered(calls), 1);
	assert_false(calls[0]->unanswered);
	assert_int_equal(committed, 1);
	assert_int_equal(run_calls, 3 + 2);
	sockets[2] = "luis";
	done(calls);
	try_it(NULL, 0, 5000, calls);
	assert_int_equal(answered(calls), 2);
	assert_true(calls[1]->unanswered);
	sockets[1] = sockets[2] = "";
	poisonous = false;
	done(calls);
}

/* What a host that lags says is not there is left: it may be there. So is what its socket said behind it. */
static void test_spare(void **state)
{
	struct call *calls[CALLS];

	(void)state;
	lags = true;
	try_it(NULL, 0, 5000, calls);
	assert_int_equal(answered(calls), 2);
	assert_true(calls[1]->unanswered);
	assert_int_equal(committed, 1);
	assert_int_equal(run_calls, 3);
	done(calls);
	sockets[0] = sockets[1] = sockets[2] = "ana";
	try_it(NULL, 0, 5000, calls);
	assert_int_equal(answered(calls), 1);
	assert_true(!calls[0]->unanswered && calls[2]->in_doubt);
	sockets[0] = sockets[1] = sockets[2] = "";
	lags = false;
	done(calls);
}

/* For what there was no time left the others are not given up. */
static void test_put_off(void **state)
{
	struct call *calls[CALLS];

	(void)state;
	puts_off = true;
	try_it(NULL, 0, 5000, calls);
	assert_int_equal(answered(calls), 2);
	assert_true(calls[2]->unanswered && !calls[2]->in_doubt);
	assert_int_equal(committed, 1);
	assert_int_equal(run_calls, 3);
	puts_off = false;
	done(calls);
}

/* Past the deadline nothing is committed. */
static void test_late(void **state)
{
	struct call *calls[CALLS];

	(void)state;
	slow_ms = 30;
	try_it(NULL, 0, 5, calls);
	assert_int_equal(answered(calls), 0);
	assert_int_equal(committed, 0);
	assert_int_equal(rolled_back, 1);
	slow_ms = 0;
	done(calls);
}

/* A set that waited for a lock is given up at once: one locked row must not keep the others, who go alone. */
static void test_lock_wait(void **state)
{
	static const struct step waited[] = { { AT_RUN, STORE_AGAIN } };
	struct call *calls[CALLS];

	(void)state;
	slow_ms = 600;
	try_it(waited, 1, 5000, calls);
	assert_int_equal(answered(calls), 0);
	assert_int_equal(begun, 1);
	assert_int_equal(committed, 0);
	slow_ms = 0;
	done(calls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scripts), cmocka_unit_test(test_poison), cmocka_unit_test(test_order), cmocka_unit_test(test_spare), cmocka_unit_test(test_put_off),
		cmocka_unit_test(test_late), cmocka_unit_test(test_lock_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
