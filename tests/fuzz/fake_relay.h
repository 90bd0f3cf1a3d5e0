/*
 * fake_relay: a whole relay without network: chat, bus and Socket.IO as they are, over a transport (sio_fake.h) and
 * a nanomsg of plain memory.
 *
 * Included once per program. bus_say() is a message to one of the relay's two doors; what it replied is in
 * `given`. Time stands still until relay_tick.
 */
#ifndef FAKE_RELAY_H
#define FAKE_RELAY_H

#include <assert.h>
#include <stdio.h>
#include "tests/unit/sio_fake.h"
#include "ids.h"
#include "log.h"
#include "nano.h"
#include "relay/chat/chat.h"
#include "wire.h"

#define JOBS_DOOR 1000001          /* no descriptors: nothing is opened */
#define SIGNALS_DOOR 1000002
#define GIVEN_MAX WIRE_JOB_COMMANDS

/* ---- what sio_fake.h has not ---- */

struct eio_watch { int fd; void (*fn)(void *ctx); void *ctx; };

static struct eio_watch *doors[2];
static void (*settle)(void *ctx);
static void *settle_ctx;

void eio_timer_again(struct eio_timer *t, uint64_t delay_ms, uint64_t repeat_ms)
{
	t->at = fake_now + delay_ms;
	t->repeat = repeat_ms;
}

struct eio_watch *eio_watch_new(struct eio_loop *l, int fd, void (*fn)(void *ctx), void *ctx)
{
	struct eio_watch *w = mem_zero(1, sizeof(*w));

	(void)l;
	*w = (struct eio_watch){ fd, fn, ctx };
	if (fd == JOBS_DOOR || fd == SIGNALS_DOOR)
		doors[fd - JOBS_DOOR] = w;
	return w;
}

void eio_watch_free(struct eio_watch *w)
{
	free(w);
}

void eio_loop_on_settle(struct eio_loop *l, void (*fn)(void *ctx), void *ctx)
{
	(void)l;
	settle = fn;
	settle_ctx = ctx;
}

void eio_session_spare(struct eio_session *s, size_t size)
{
	(void)s, (void)size;
}

size_t eio_session_queued(const struct eio_session *s)
{
	return s->sent.len;
}

void eio_session_each_query(const struct eio_session *s, void (*fn)(void *ctx, struct slice name,
		struct slice value), void *ctx)
{
	fn(ctx, SLICE("user_id"), s->version == 3 ? SLICE("3") : SLICE("4"));
	fn(ctx, SLICE("\xff"), SLICE("no text"));
}

const char *eio_session_why(const struct eio_session *s)
{
	(void)s;
	return NULL;
}

/* ---- nanomsg ---- */

static struct slice waiting[2];    /* one message per door; owned until taken */
static struct {
	uint64_t boot, job;            /* the job that was given last */
	size_t count;
	struct { uint64_t id; uint8_t type; } commands[GIVEN_MAX];
} given;

int nano_listen_jobs(const char *url) { (void)url; return JOBS_DOOR; }
int nano_listen_signals(const char *url) { (void)url; return SIGNALS_DOOR; }
int nano_descriptor(int sock) { return sock; }
void nano_close(int sock) { (void)sock; }
void nano_free(struct slice message) { free((char *)message.p); }

int nano_take(int sock, struct nano_peer *peer, struct slice *message_r)
{
	struct slice *w = &waiting[sock - JOBS_DOOR];

	if (!w->p)
		return 0;
	if (peer)
		memset(peer, 0, sizeof(*peer));
	*message_r = *w;
	*w = SLICE_NONE;
	return 1;
}

/* The relay's own words must be what a worker understands. */
void nano_reply(int sock, const struct nano_peer *peer, struct slice message)
{
	struct wire_command c;
	struct wire_job j;
	int more, kind = wire_take_kind(&message);

	(void)sock, (void)peer;
	if (kind == WIRE_ACK) {
		int rc = wire_take_boot(&message, &given.boot);

		assert(rc == 0 && message.n == 0);
		return;
	}
	assert(kind == WIRE_JOB);
	more = wire_take_job(&message, &j);
	assert(more == 0 && j.count > 0 && j.count <= GIVEN_MAX);
	given.boot = j.boot;
	given.job = j.id;
	given.count = 0;
	while ((more = wire_next_command(&message, &c)) == 1) {
		assert(given.count < GIVEN_MAX);
		given.commands[given.count].id = c.id;
		given.commands[given.count++].type = c.type;
	}
	assert(more == 0 && given.count == j.count);
}

static void relay_settle(void)
{
	settle(settle_ctx);
	fake_tick(0);
}

static void bus_say(int door, struct slice message)
{
	char *copy = malloc(message.n + 1);

	if (message.n)
		memcpy(copy, message.p, message.n);
	waiting[door - JOBS_DOOR] = (struct slice){ copy, message.n };
	doors[door - JOBS_DOOR]->fn(doors[door - JOBS_DOOR]->ctx);
	relay_settle();
}

/* ---- the relay ---- */

static struct hall *relay_open(const char *run_dir)
{
	static const struct bus_config bus = { "ipc:///jobs", "ipc:///signals" };
	const struct chat_config chat = { .run_dir = run_dir, .rate_limits = true, .recovery = true,
					  .feed_interval_ms = 500, .feed_hole_s = 15 };
	const struct sio_config sio = {
		.transport = { .ping_interval_ms = 300, .ping_timeout_ms = 200, .send_queue_max = 20000, .send_queues_max = 1000000,
			       .max_payload = 100000, .allow_v3 = true },
		.connect_timeout_ms = 5000, .max_rooms = 4, .max_attachments = 2, .recovery_ms = 2000,
		.recovery_bytes = 4000,
	};
	struct hall *h = chat_open(NULL, &chat, &bus, &sio);

	fake_bearer = "Bearer x";
	if (!h)
		abort();
	memset(&given, 0, sizeof(given));
	return h;
}

/* Nothing of it may be left: no frame, and no timer that would call into it. */
static void relay_close(struct hall *h)
{
	while (fake_sessions)
		fake_gone(fake_sessions, EIO_SHUTDOWN);
	chat_close(h);
	fake_tick(0);
	assert(!fake_timers && fake_frames == 0);
}

static void relay_tick(uint64_t ms)
{
	for (uint64_t at = 0; at < ms; at += 50) {
		fake_tick(50);
		relay_settle();
	}
}

/* ---- a worker ---- */

static struct wire_ready worker_head(bool answers)
{
	return (struct wire_ready){ .worker = { 0x7fffffff, 7, 9 }, .boot = given.boot, .last_job = given.job,
				    .answers = answers ? given.job : 0 };
}

static void worker_ready(bool leaving)
{
	struct wire_ready r = worker_head(false);
	struct buf b = BUF_INIT;

	r.state = leaving ? WIRE_LEAVING : WIRE_WORKS;
	wire_put_ready(&b, &r);
	bus_say(JOBS_DOOR, buf_slice(&b));
	buf_fini(&b);
}

#endif
