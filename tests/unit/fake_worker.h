/*
 * A worker to play parts with: says what a test wants it to say, in its own process.
 *
 * Included by one test alone.
 */
#ifndef FAKE_WORKER_H
#define FAKE_WORKER_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/log.h"
#include "shared/nano.h"
#include "shared/wire.h"

static char dir[64], jobs[128], signals_at[128];
static struct nano_asker *asker;
static const volatile sig_atomic_t never;

static int verdict[2];          /* pipe: the part's result, then the end of file when it left */

static _Noreturn void finish(unsigned char code)
{
	_exit(write(verdict[1], &code, 1) == 1 ? code : 99);
}

static struct wire_ready me(uint64_t boot, uint64_t last, uint64_t answers)
{
	return (struct wire_ready){
		.worker = { (uint32_t)getpid(), 7, 9 }, .boot = boot, .last_job = last, .answers = answers,
	};
}

/* Says a message and takes the reply; returns its kind. */
static int say(const struct buf *b, struct wire_job *job, uint64_t *command)
{
	struct slice answer, rest;
	struct wire_command c;
	int kind;

	if (nano_ask(asker, buf_slice(b), &never, 0, &answer) != 1)
		finish(10);
	rest = answer;
	kind = wire_take_kind(&rest);
	if (kind == WIRE_JOB) {
		if (wire_take_job(&rest, job) < 0 || wire_next_command(&rest, &c) != 1)
			finish(11);
		*command = c.id;
	}
	nano_free(answer);
	return kind;
}

static int say_ready(const struct wire_ready *r, struct wire_job *job, uint64_t *command)
{
	struct buf b = BUF_INIT;
	int kind;

	wire_put_ready(&b, r);
	kind = say(&b, job, command);
	buf_fini(&b);
	return kind;
}

static void put_answers(struct buf *b, const struct wire_ready *r, uint64_t command)
{
	struct wire_effect e = { .kind = WIRE_REPLY, .name = SLICE("ack"), .object = SLICE("{}") };
	size_t mark;

	wire_put_ready(b, r);
	mark = wire_open_answer(b, command);
	wire_put_effect(b, &e);
	wire_close_answer(b, mark);
}

static int say_answers(const struct wire_ready *r, uint64_t command, struct wire_job *job, uint64_t *next)
{
	struct buf b = BUF_INIT;
	int kind;

	put_answers(&b, r, command);
	kind = say(&b, job, next);
	buf_fini(&b);
	return kind;
}

/* Asks until there is a job: as a real worker does. */
static void get_job(struct wire_job *job, uint64_t *command)
{
	struct wire_ready r = me(0, 0, 0);

	while (say_ready(&r, job, command) != WIRE_JOB)
		;
}

#define MUST(condition, code) do { if (!(condition)) finish(code); } while (0)

static int setup_dir(void **state)
{
	(void)state;
	log_open("test", "error");
	snprintf(dir, sizeof(dir), "/tmp/upred-bus.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(jobs, sizeof(jobs), "ipc://%s/jobs.ipc", dir);
	snprintf(signals_at, sizeof(signals_at), "ipc://%s/signals.ipc", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(jobs + 6);
	unlink(signals_at + 6);
	return rmdir(dir);
}

#endif
