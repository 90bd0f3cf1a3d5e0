/*
 * attempt: one transaction, and what to do when it does not hold.
 *
 * Room: fcgi-api. Calls call, store, log.
 */
#include "attempt.h"

#include <time.h>

#include "clock.h"
#include "counters.h"
#include "ids.h"
#include "log.h"

#define LOCK_WAIT_MS 500               /* a deadlock is told at once; what took longer waited for somebody's lock */

/* How one transaction ended, or all attempts at it. */
enum ended { ENDED_WELL, ENDED_AGAIN, ENDED_WAITED, ENDED_LOST, ENDED_LATE, ENDED_BADLY };

static enum ended ended_by(enum store_verdict v)
{
	return v == STORE_AGAIN ? ENDED_AGAIN : v == STORE_LOST ? ENDED_LOST : ENDED_BADLY;
}

/* LOST weighs most (nothing later can have worked), then AGAIN. */
static enum store_verdict worst(struct call **calls, size_t count)
{
	enum store_verdict v = STORE_OK;

	for (size_t i = 0; i < count; i++) {
		enum store_verdict t = calls[i]->trouble;

		if (t == STORE_LOST || (t == STORE_AGAIN && v != STORE_LOST) || v == STORE_OK)
			v = t;
	}
	return v;
}

static void leave_unanswered(struct call *c)
{
	call_again(c);
	c->unanswered = true;
}

/* Whether an earlier command of the same socket was left: what comes behind it must not be done before it. */
static bool is_behind(struct call **calls, size_t i)
{
	struct slice sid = calls[i]->command.sid;

	for (size_t k = 0; sid.n && k < i; k++)
		if (calls[k]->unanswered && slice_eq(calls[k]->command.sid, sid))
			return true;
	return false;
}

/*
 * What a host that lags does not find may be there, and who is told so for good does not ask again. A path is the router's;
 * an id that is none is refused as one that nothing has, and here waits with those.
 */
static bool may_be_wrong(const struct refusal *no)
{
	if (!no || no == REFUSE(PATH_UNKNOWN))
		return false;
	return no->status == 401 || strcmp(no->code, "not_member") == 0 || strcmp(no->code, "not_found") == 0;
}

/* The transaction holds, but not every call is answered by it. */
static void leave_some(struct call **calls, size_t count, bool lags)
{
	static struct log_limit limit;
	bool missed = false;
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		bool behind = lags && is_behind(calls, i), wrong = lags && may_be_wrong(calls[i]->refusal);

		if (!calls[i]->put_off && !behind && !wrong)
			continue;
		missed |= wrong;
		/* what it stored, if that host takes writes by now, is its own */
		if (behind && !calls[i]->put_off && !calls[i]->refusal)
			calls[i]->found_is_ours = calls[i]->in_doubt = true;
		leave_unanswered(calls[i]);
		left++;
	}
	counters_add(COUNTER_UNDONE, left);
	if (left > 0 && log_limited(&limit, LOG_LEVEL_WARN, 5))
		log_warn("attempt", "%zu of %zu commands not done: %s", left, count,
			 missed ? "what they name is not on this host, which may lag" : "no time left");
}

static enum ended once(struct store *st, struct call **calls, size_t count, int64_t until_ms, attempt_fn *run)
{
	enum store_verdict v;
	bool lags, late;

	for (size_t i = 0; i < count; i++) {
		call_again(calls[i]);
		calls[i]->until_ms = until_ms;
	}
	v = store_begin(st, until_ms);
	if (v != STORE_OK)
		return ended_by(v);
	run(calls, count);
	v = worst(calls, count);
	late = clock_mono_ms() > until_ms;
	if (v != STORE_OK || late) {
		store_rollback(st);
		return late && v != STORE_LOST ? ENDED_LATE : ended_by(v);
	}
	lags = store_may_lag(st);
	v = store_commit(st);
	if (v == STORE_OK) {
		leave_some(calls, count, lags);
		return ENDED_WELL;
	}
	/* it may be stored: from now on a row that is there is this command's own */
	for (size_t i = 0; v == STORE_LOST && i < count; i++)
		calls[i]->found_is_ours = calls[i]->in_doubt = true;
	store_rollback(st);
	return ended_by(v);
}

static void jitter(int round)
{
	long ms = 1 + (long)(ids_random64() % (uint64_t)(8 << round));
	struct timespec t = { 0, ms * 1000000 };

	nanosleep(&t, NULL);
}

/* Deadlocks a few times; a lost session once. */
static bool may_go_again(enum ended e, int *deadlocks, int *losses)
{
	if (e == ENDED_AGAIN)
		return (*deadlocks)++ < ATTEMPT_DEADLOCKS_MAX;
	return e == ENDED_LOST && (*losses)++ == 0;
}

static enum ended with_retries(struct store *st, struct call **calls, size_t count, int64_t until_ms,
			   attempt_fn *run)
{
	int deadlocks = 0, losses = 0;

	for (;;) {
		int64_t began = clock_mono_ms();
		enum ended e = once(st, calls, count, until_ms, run);
		int64_t now = clock_mono_ms();

		/* one row that somebody holds must not keep a worker: the set is given up, its calls come again in other company */
		if (e == ENDED_AGAIN && count > 1 && now - began > LOCK_WAIT_MS)
			return ENDED_WAITED;
		if (e == ENDED_AGAIN || e == ENDED_LOST)
			counters_add(e == ENDED_AGAIN ? COUNTER_DEADLOCKS : COUNTER_LOST, 1);
		if (!may_go_again(e, &deadlocks, &losses))
			return e;
		if (e == ENDED_AGAIN)
			jitter(deadlocks);
		if (clock_mono_ms() > until_ms)
			return ENDED_LATE;
		/* a database that answers nothing, or a row that is locked, takes the next one just as long */
		if (now - began > until_ms - now)
			return e;
	}
}

/* One line; what cannot work now (lost, misconfigured) has its line already (store). */
static void tell_undone(const struct store *st, size_t undone, size_t count, enum ended e)
{
	static struct log_limit limit;

	if (undone > 0 && e != ENDED_LOST && e != ENDED_BADLY && log_limited(&limit, LOG_LEVEL_WARN, 5))
		log_warn("attempt", "%zu of %zu commands not done: %s%s%s", undone, count, e == ENDED_LATE ? "out of time" : "",
			 e == ENDED_LATE && *store_trouble(st) ? ", last trouble: " : "", store_trouble(st));
}

void attempt_run(struct store *st, struct call **calls, size_t count, int64_t until_ms, attempt_fn *run)
{
	enum ended e = with_retries(st, calls, count, until_ms, run);
	bool over = e == ENDED_LOST || e == ENDED_WAITED || count == 1;
	size_t undone = 0;

	if (e == ENDED_WELL)
		return;
	log_debug("attempt", "%zu calls together did not hold: %s", count, store_trouble(st));
	for (size_t i = 0; i < count; i++) {
		enum ended alone = e;  /* of one that is not tried: as what failed last */

		if (!over && !is_behind(calls, i))
			alone = clock_mono_ms() > until_ms ? ENDED_LATE : with_retries(st, &calls[i], 1, until_ms, run);
		if (alone == ENDED_WELL)
			continue;
		leave_unanswered(calls[i]);
		undone++;
		e = alone;
	}
	counters_add(COUNTER_UNDONE, undone);
	tell_undone(st, undone, count, e);
}
