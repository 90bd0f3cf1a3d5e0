/*
 * dispatch: forms jobs at the end of each loop pass and takes their answers.
 *
 * Room: relay/chat. Calls bus, lines, commands, answers, effects.
 * Sends (and receipts) go in at most two jobs at a time, so that under load a job is a large set in its natural order.
 * The answers of the younger wait for the older, not longer than HOLD_MS. What would write to the room of a job that is
 * out waits for that job (lines: places), also when it is late: the database would only make the whole younger job wait
 * for the commit of the older, and a room that somebody holds would take one worker after the other.
 */
#include "dispatch.h"

#include <stdlib.h>
#include "answers.h"
#include "commands.h"
#include "effects.h"
#include "log.h"
#include "seats.h"

#define ATTEMPT_MS 2500
#define ATTEMPT_LEAST_MS 500           /* whoever is given to a worker has so long */
#define SECOND_AFTER_MS 5              /* a second send job goes when the first is older */
#define STUCK_MS 250                   /* a job so late no longer counts as one of the two */
/*
 * So long answers wait for those of an older job. On a loaded machine a worker stands still for tens of milliseconds between
 * its commit and its answer. Writers of a room are serialized by its lock, so a long wait keeps the order of their ids; it
 * costs nothing while the older job answers in time.
 */
#define HOLD_MS 250
#define OTHERS_IN_JOB 6                /* their answers may be pages of 512 KiB, and a message holds 4 MiB */

struct job_out {
	uint64_t id, given_ms;
	enum wire_job_kind kind;
	bool slow;                     /* somebody waited for it in vain: nobody does any more */
	TAILQ_ENTRY(job_out) next;
	size_t count;
	uint64_t commands[];
};

struct dispatch {
	struct hall *hall;
	TAILQ_HEAD(, job_out) jobs;    /* by number */
	struct eio_timer *hold, *second;
	uint64_t held_for;             /* the job that held answers wait for, 0: none are held */
	struct buf scratch;
};

/* ---- out ---- */

struct lane {
	size_t out, slow;
	uint64_t youngest_ms;
	size_t youngest_count;
};

static struct lane lane_of(const struct dispatch *d, enum wire_job_kind kind)
{
	struct lane lane = { 0 };
	uint64_t now = eio_loop_now_ms(d->hall->loop);
	const struct job_out *j;

	TAILQ_FOREACH(j, &d->jobs, next) {
		if (j->kind != kind)
			continue;
		lane.out++;
		lane.slow += j->slow || now - j->given_ms > STUCK_MS;
		lane.youngest_ms = j->given_ms;
		lane.youngest_count = j->count;
	}
	return lane;
}

/*
 * May one more job of this kind go? The second goes once three quarters as many wait as are out: sets stay large, and its
 * statements run during the commit of the first. Or when the first is late: then, if only its age is missing, the loop is
 * woken in time.
 */
static bool lane_open(struct dispatch *d, enum wire_job_kind kind, size_t idle)
{
	struct lane lane = lane_of(d, kind);
	uint64_t age = eio_loop_now_ms(d->hall->loop) - lane.youngest_ms;
	size_t want = (lane.youngest_count * 3 + 3) / 4;

	if (kind == WIRE_JOB_OTHERS || lane.out == 0)
		return true;
	/* The last waiting worker is not for a third job of one kind. */
	if (lane.out - lane.slow >= 2 || (lane.out >= 2 && idle < 2))
		return false;
	if (age > SECOND_AFTER_MS || lines_ready(&d->hall->lines, kind, want) >= want)
		return true;
	eio_timer_again(d->second, SECOND_AFTER_MS + 1 - age, 0);
	return false;
}

/* How many commands a job takes: sets as large as can be, others spread over the workers that wait. */
static size_t job_most(const struct hall *h, enum wire_job_kind kind, size_t idle)
{
	size_t share;

	if (kind != WIRE_JOB_OTHERS)
		return WIRE_JOB_COMMANDS;
	share = (h->lines.waiting[kind] + idle - 1) / idle;
	return share > OTHERS_IN_JOB ? OTHERS_IN_JOB : share;
}

static void encode(const struct command *c, uint64_t cursor, struct buf *out)
{
	struct wire_command w = {
		.id = c->id, .type = c->type, .event = c->event, .args = c->args,
		.attempt = c->attempt == 1 ? WIRE_FIRST : c->unknown ? WIRE_AGAIN_UNKNOWN : WIRE_AGAIN,
		.uuid = slice_of(c->uuid), .cursor = cursor, .bad_text = c->bad_text,
	};

	if (c->seat) {
		w.sid = slice_of(c->seat->sid);
		w.user = slice_of(c->seat->user);
	}
	wire_put_command(out, &w);
}

/* Of a job as long as one of its commands has, so that who has little left takes it from nobody. */
static unsigned attempt_ms(struct command **list, size_t n, uint64_t now)
{
	uint64_t most = ATTEMPT_LEAST_MS;

	for (size_t i = 0; i < n; i++) {
		uint64_t spent = now - list[i]->first_out_ms;

		if (spent < COMMANDS_TOTAL_MS && COMMANDS_TOTAL_MS - spent > most)
			most = COMMANDS_TOTAL_MS - spent;
	}
	return most < ATTEMPT_MS ? (unsigned)most : ATTEMPT_MS;
}

/* Nobody took them: they wait again, from where they stood. */
static void take_back(struct hall *h, struct command **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		lines_leave(&h->lines, list[i]);
	while (n-- > 0)
		lines_back(&h->lines, list[n]);
}

/* Forms and gives one job; false when there is none to give. */
static bool give_one(struct hall *h, enum wire_job_kind kind, size_t idle)
{
	struct dispatch *d = h->dispatch;
	struct command *list[WIRE_JOB_COMMANDS];
	uint64_t now = eio_loop_now_ms(h->loop);
	uint64_t cursor = h->feed_ready ? holes_cursor(h->holes, now) : 0;
	size_t n = lines_form(&h->lines, kind, job_most(h, kind, idle), list);
	struct job_out *j;

	if (n == 0)
		return false;
	buf_reset(&d->scratch);
	j = mem_zero(1, sizeof(*j) + n * sizeof(j->commands[0]));
	j->kind = kind;
	j->given_ms = now;
	j->count = n;
	for (size_t i = 0; i < n; i++) {
		commands_given(h, list[i]);
		encode(list[i], cursor, &d->scratch);
		j->commands[i] = list[i]->id;
	}
	j->id = bus_give(h->bus, kind, (uint16_t)n, buf_slice(&d->scratch), attempt_ms(list, n, now));
	for (size_t i = 0; i < n; i++)
		list[i]->job = j->id;
	if (j->id == 0) {
		take_back(h, list, n);
		free(j);
		return false;
	}
	TAILQ_INSERT_TAIL(&d->jobs, j, next);
	return true;
}

/* Lets go what need not wait for an older send job any more. */
static void release_answers(struct dispatch *d)
{
	uint64_t before = UINT64_MAX;
	const struct job_out *j;
	size_t stay;

	TAILQ_FOREACH(j, &d->jobs, next) {
		if (j->kind == WIRE_JOB_SENDS && !j->slow) {
			before = j->id;
			break;
		}
	}
	stay = answers_release(d->hall, before);
	if (stay == 0) {
		d->held_for = 0;
	} else if (d->held_for != before) {
		/* Each job is given its whole time, not what is left of another's. */
		d->held_for = before;
		d->hall->stats.held++;
		eio_timer_again(d->hold, HOLD_MS, 0);
	}
}

void dispatch_settle(struct hall *h)
{
	static const enum wire_job_kind kinds[] = { WIRE_JOB_SENDS, WIRE_JOB_OTHERS, WIRE_JOB_RECEIPTS };
	size_t idle = bus_idle(h->bus);
	bool gave = true;

	effects_settle(h);
	commands_fail_late(h);
	if (answers_doubtful(h->answers) > 0)
		release_answers(h->dispatch);
	seats_let_go(h);
	commands_settle_refused(h);
	while (idle > 0 && gave) {
		gave = false;
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && idle > 0; i++) {
			if (h->lines.waiting[kinds[i]] == 0 || !lane_open(h->dispatch, kinds[i], idle))
				continue;
			if (give_one(h, kinds[i], idle)) {
				gave = true;
				idle--;
			}
		}
	}
}

/* ---- in ---- */

static struct job_out *job_of(const struct dispatch *d, uint64_t id)
{
	struct job_out *j;

	TAILQ_FOREACH(j, &d->jobs, next)
		if (j->id == id)
			return j;
	return NULL;
}

/* Whether a command of this job is out with it and has no answer. */
static bool unanswered(const struct command *c, uint64_t job)
{
	return c && c->job == job && c->state == COMMAND_OUT;
}

/* The first answer to a command wins; of a later one only the message pushes count. */
static void on_answer(struct hall *h, const struct bus_event *e)
{
	struct job_out *j = job_of(h->dispatch, e->job);
	struct command *c = commands_find(h, e->command);
	void (*on_end)(void *ctx, struct slice effects, bool failed);
	void *ctx;

	if (!c || c->state == COMMAND_HELD) {
		answers_late(h, c, e->effects);
		return;
	}
	if (effects_retry(e->effects)) {
		if (unanswered(c, e->job))
			c->passing = true;
		return;
	}
	h->answered_ms = eio_loop_now_ms(h->loop);
	if (j && j->kind == WIRE_JOB_SENDS && unanswered(c, e->job)) {
		answers_hold(h, e->job, c, e->effects);
		return;
	}
	/* A late one must not overtake the answer to an older command of its socket: it finds its row when its turn comes. */
	if (!unanswered(c, e->job) && TAILQ_PREV(c, command_list, in_line)) {
		answers_late(h, c, e->effects);
		return;
	}
	/* What its answer does to its socket may end what waits there: not this one. */
	lines_answered(&h->lines, c);
	if (answers_doubt(h, c, e->effects)) {
		answers_hold(h, e->job, c, e->effects);
		return;
	}
	on_end = c->on_end;
	ctx = c->ctx;
	if (!on_end)
		effects_apply(h, c, e->effects);
	commands_end(h, c);
	if (on_end)
		on_end(ctx, e->effects, false);
}

static void on_hold_over(void *ctx)
{
	struct dispatch *d = ctx;
	uint64_t oldest = answers_oldest_job(d->hall->answers);
	struct job_out *j;

	if (!d->held_for)
		return;
	d->held_for = 0;
	TAILQ_FOREACH(j, &d->jobs, next) {
		if (j->kind == WIRE_JOB_SENDS && !j->slow && j->id < oldest) {
			j->slow = true;
			d->hall->stats.slow_jobs++;
			log_info("dispatch", "job %llu is late: what younger ones answer no longer waits for it",
				 (unsigned long long)j->id);
		}
	}
	release_answers(d);
}

static void ends_without_answer(struct hall *h, struct command *c)
{
	h->feed_hurry |= !c->passing;
	commands_again(h, c, !c->passing);
}

/* What has no answer goes again, before newer ones: the last is put back first, with all places free, to stand before all. */
static void go_again(struct hall *h, const struct job_out *j)
{
	struct command *c;

	for (size_t i = 0; i < j->count; i++)
		if (unanswered(c = commands_find(h, j->commands[i]), j->id))
			lines_leave(&h->lines, c);
	for (size_t i = j->count; i-- > 0;) {
		if (unanswered(c = commands_find(h, j->commands[i]), j->id))
			ends_without_answer(h, c);
	}
}

/* A job is over: whatever of it has no answer goes again or fails; of one socket, the first fails first. */
static void on_job_over(struct hall *h, uint64_t id)
{
	struct dispatch *d = h->dispatch;
	struct job_out *j = job_of(d, id);

	if (!j)
		return;
	TAILQ_REMOVE(&d->jobs, j, next);
	/* first what it did answer: of one socket in order, and so that its places are free */
	if (j->kind == WIRE_JOB_SENDS)
		release_answers(d);
	for (size_t i = 0; i < j->count; i++) {
		struct command *c = commands_find(h, j->commands[i]);

		if (unanswered(c, id) && commands_spent(h, c))
			ends_without_answer(h, c);
	}
	go_again(h, j);
	free(j);
}

void dispatch_on_bus(struct hall *h, const struct bus_event *e)
{
	switch (e->kind) {
	case BUS_ANSWER:
		on_answer(h, e);
		break;
	case BUS_DONE:
	case BUS_LOST:
		on_job_over(h, e->job);
		break;
	case BUS_SIGNAL:
		effects_signal(h, e->effects);
		break;
	case BUS_TROUBLE:
		h->feed_hurry = true;
		break;
	}
}

static void on_second(void *ctx)
{
	(void)ctx;             /* only the loop had to wake: dispatch_settle follows */
}

struct dispatch *dispatch_new(struct hall *h)
{
	struct dispatch *d = mem_zero(1, sizeof(*d));

	d->hall = h;
	TAILQ_INIT(&d->jobs);
	d->hold = eio_timer_new(h->loop, 1, 0, on_hold_over, d);
	d->second = eio_timer_new(h->loop, 1, 0, on_second, d);
	return d;
}

void dispatch_free(struct dispatch *d)
{
	struct job_out *j;

	if (!d)
		return;
	while ((j = TAILQ_FIRST(&d->jobs))) {
		TAILQ_REMOVE(&d->jobs, j, next);
		free(j);
	}
	eio_timer_free(d->hold);
	eio_timer_free(d->second);
	buf_fini(&d->scratch);
	free(d);
}
