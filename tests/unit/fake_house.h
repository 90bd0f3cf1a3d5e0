/*
 * Stand-ins for what lies below the chat room: a clock, timers, a bus whose jobs are only noted, and
 * clients whose hearing is written down as text.
 *
 * Included by fake_hall.h.
 */
#ifndef FAKE_HOUSE_H
#define FAKE_HOUSE_H

#include <stdio.h>
#include <stdlib.h>
#include "relay/chat/hall.h"

/* ---- clock and timers ---- */

struct eio_timer {
	void (*fn)(void *ctx);
	void *ctx;
	uint64_t at;                   /* 0: not set */
};

static uint64_t now;
static struct eio_timer *timers[8];

uint64_t eio_loop_now_ms(const struct eio_loop *l)
{
	(void)l;
	return now;
}

struct eio_timer *eio_timer_new(struct eio_loop *l, uint64_t delay, uint64_t repeat, void (*fn)(void *),
		void *ctx)
{
	struct eio_timer *t = mem_zero(1, sizeof(*t));
	size_t i = 0;

	(void)l, (void)repeat;
	t->at = now + delay;
	t->fn = fn;
	t->ctx = ctx;
	while (timers[i])
		i++;
	timers[i] = t;
	return t;
}

void eio_timer_again(struct eio_timer *t, uint64_t delay, uint64_t repeat)
{
	(void)repeat;
	t->at = now + delay;
}

void eio_timer_free(struct eio_timer *t)
{
	for (size_t i = 0; i < 8; i++)
		if (timers[i] == t)
			timers[i] = NULL;
	free(t);
}

/* Time goes by, a millisecond at a time. */
static void pass(uint64_t ms)
{
	for (uint64_t end = now + ms; now < end; ) {
		now++;
		for (size_t i = 0; i < 8; i++) {
			if (!timers[i] || !timers[i]->at || timers[i]->at > now)
				continue;
			timers[i]->at = 0;
			timers[i]->fn(timers[i]->ctx);
		}
	}
}

/* ---- bus ---- */

static struct {
	enum wire_job_kind kind;
	size_t count;
	unsigned ms, attempt;
	uint64_t commands[WIRE_JOB_COMMANDS];
} given[64];
static uint64_t jobs;
static size_t idle;
static bool alive;

bool bus_alive(const struct bus *b)
{
	(void)b;
	return alive;
}

size_t bus_idle(const struct bus *b)
{
	(void)b;
	return idle;
}

uint64_t bus_give(struct bus *b, enum wire_job_kind kind, uint16_t count, struct slice commands, unsigned ms)
{
	struct wire_command c;

	(void)b;
	jobs++;
	given[jobs].kind = kind;
	given[jobs].ms = ms;
	given[jobs].count = 0;
	while (wire_next_command(&commands, &c) == 1) {
		given[jobs].attempt = c.attempt;
		given[jobs].commands[given[jobs].count++] = c.id;
	}
	if (given[jobs].count != count)
		abort();
	return jobs;
}

/* ---- clients ---- */

struct sio_socket {
	const char *id;
	void *data;
	int paused;
	uint64_t join;                 /* the number of its only room; 0: no test may ask */
	bool returns, whole;
};

static struct sio_socket *meant;       /* whom effects name by id */

static struct buf transcript;
static char last_heard[8192];

/* What was heard since the last call: `#id` a message, `who:event` with the object of refusals. */
static const char *heard(void)
{
	snprintf(last_heard, sizeof(last_heard), "%s", transcript.len ? transcript.data : "");
	buf_reset(&transcript);
	return last_heard;
}

static void fake_reset(void)
{
	now = 1000;
	jobs = 0;
	idle = 4;
	alive = true;
	buf_fini(&transcript);
}

void sio_socket_emit(struct sio_socket *s, struct slice event)
{
	const char *end = memchr(event.p + 2, '"', event.n - 2);
	const char *rest = end + 2;
	size_t n = event.n - (size_t)(rest - event.p) - 1;

	buf_putf(&transcript, "%s:%.*s", s->id, (int)(end - event.p - 2), event.p + 2);
	if (n > 2)
		buf_put(&transcript, rest, n);
	buf_putc(&transcript, ' ');
}

size_t sio_push(struct sio_namespace *n, const struct slice *rooms, size_t count, struct slice except,
		struct slice event)
{
	(void)n, (void)rooms, (void)count, (void)except;
	buf_put_slice(&transcript, event);
	return 1;
}

void sio_socket_close_transport(struct sio_socket *s, int code)
{
	buf_putf(&transcript, "%s:close%d ", s->id, code);
}

void sio_socket_pause(struct sio_socket *s)
{
	s->paused++;
}

void sio_socket_resume(struct sio_socket *s)
{
	s->paused--;
}

void sio_socket_set_data(struct sio_socket *s, void *data)
{
	s->data = data;
}

void *sio_socket_data(const struct sio_socket *s)
{
	return s->data;
}

const char *sio_socket_id(const struct sio_socket *s)
{
	return s->id;
}

struct eio_session *sio_socket_session(const struct sio_socket *s)
{
	(void)s;
	return NULL;
}

const char *eio_session_address(const struct eio_session *s)
{
	(void)s;
	return "10.0.0.1";
}

/* What waits to be written to each. */
static size_t queued;
void eio_session_spare(struct eio_session *s, size_t size) { (void)s, (void)size; }
size_t eio_session_queued(const struct eio_session *s)
{
	(void)s;
	return queued;
}

size_t sio_push_kept(struct sio_namespace *n, const struct slice *rooms, size_t count, struct slice except,
		struct slice event)
{
	return sio_push(n, rooms, count, except, event);
}

size_t sio_push_repeatable(struct sio_namespace *n, const struct slice *rooms, size_t count, struct slice except,
		struct slice event)
{
	return sio_push(n, rooms, count, except, event);
}

/* A socket that is refused ends within the call. */
static void (*refused)(struct sio_socket *s);

void sio_socket_accept(struct sio_socket *s)
{
	buf_putf(&transcript, "%s:accept ", s->id);
}

void sio_socket_forget(struct sio_socket *s)
{
	buf_putf(&transcript, "%s:forget ", s->id);
}

void sio_socket_replay(struct sio_socket *s)
{
	buf_putf(&transcript, "%s:replay ", s->id);
}

/* What only a test asks for that has said the answer. */
static void only_if(bool said)
{
	if (!said)
		abort();
}

bool sio_socket_returns(const struct sio_socket *s)
{
	only_if(s->returns);
	return true;
}

bool sio_socket_whole(const struct sio_socket *s)
{
	return s->whole;
}

bool sio_socket_in(const struct sio_socket *s, struct slice room)
{
	(void)room;
	only_if(s->join > 0);
	return true;
}

uint64_t sio_socket_join_number(const struct sio_socket *s, struct slice room)
{
	(void)room;
	only_if(s->join > 0);
	return s->join;
}

int sio_socket_join(struct sio_socket *s, struct slice room, uint64_t *number_r)
{
	(void)room, (void)number_r;
	only_if(s->join > 0);
	return 0;
}

int sio_socket_leave(struct sio_socket *s, struct slice room)
{
	buf_putf(&transcript, "%s:leave(%.*s) ", s->id, (int)room.n, room.p);
	return 1;
}

struct sio_socket *sio_namespace_find(struct sio_namespace *n, struct slice id)
{
	(void)n;
	only_if(meant && slice_is(id, meant->id));
	return meant;
}

/* Never reached by these tests, but named by what they link. */
#define NEVER abort()
void sio_socket_ack(struct sio_socket *s, uint64_t a, struct slice x) { (void)s, (void)a, (void)x; NEVER; }
void sio_socket_refuse(struct sio_socket *s, struct slice o) { (void)o; refused(s); }
void sio_socket_disconnect(struct sio_socket *s, bool c) { (void)c; buf_putf(&transcript, "%s:end ", s->id); }
void sio_socket_each_room(const struct sio_socket *s, void (*f)(void *, struct slice, uint64_t), void *c)
{
	(void)s, (void)f, (void)c;
	NEVER;
}
void sio_room_each(struct sio_namespace *n, struct slice r, void (*f)(void *, struct sio_socket *), void *c)
{
	(void)n, (void)r, (void)f, (void)c;
	NEVER;
}

#endif
