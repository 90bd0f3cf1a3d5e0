/*
 * eio_fake: a session on transports that only note what is asked of them, for test_eio_session.c.
 *
 * `said` collects in words what happened; heard() compares and forgets it.
 */
#ifndef EIO_FAKE_H
#define EIO_FAKE_H

#include "frame.h"
#include "session_receive.h"

static struct eio_config config;
static struct session_host host;
static uint64_t now;
static bool writable;                      /* the fake transport takes everything */
static bool gathers;                       /* but writes nothing before the pass ends, as a poll */
static bool dead;                          /* writing finds the peer gone */
static char said[4096];                    /* what happened, in words */

static void note(const char *fmt, ...)
{
	size_t n = strlen(said);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said + n, sizeof said - n, fmt, ap);
	va_end(ap);
}

static void heard(const char *want)
{
	assert_string_equal(said, want);
	said[0] = '\0';
}

static void fake_flush(struct eio_session *s)
{
	struct eio_frame *f;

	if (dead) {
		session_end(s, EIO_PEER_CLOSED, 0);
		return;
	}
	while (writable && !gathers && (f = session_peek(s))) {
		struct slice d = frame_data(f);

		note("%c%.*s ", frame_type(f), frame_type(f) == '0' ? 0 : (int)d.n, d.p);
		session_pop(s);
	}
	if (!session_peek(s) && s->state == SESSION_CLOSING)
		session_end(s, s->reason, s->close_code);
}

static bool fake_ready(const struct eio_session *s)
{
	(void)s;
	return writable;
}

static void fake_pause(struct eio_session *s, bool on)
{
	(void)s;
	note(on ? "pause " : "resume ");
}

static void poll_release(struct eio_session *s, int code)
{
	(void)s;
	note("poll-release-%d ", code);
}

static void ws_release(struct eio_session *s, int code)
{
	(void)s;
	note("ws-release-%d ", code);
}

static const struct eio_transport polling = { "polling", 1, fake_flush, fake_ready, fake_pause, poll_release };
static const struct eio_transport websocket = { "websocket", 1, fake_flush, fake_ready, fake_pause, ws_release };

static void on_open(void *ctx, struct eio_session *s)
{
	(void)ctx, (void)s;
	note("open ");
}

static void on_message(void *ctx, struct eio_session *s, struct slice m, bool binary)
{
	(void)ctx, (void)s;
	note("%s<%.*s> ", binary ? "bin" : "msg", (int)m.n, m.p);
}

static void on_close(void *ctx, struct eio_session *s, enum eio_reason reason)
{
	(void)ctx, (void)s;
	note("close-%d ", reason);
}

static void on_end(struct session_host *h, struct eio_session *s)
{
	(void)h, (void)s;
	note("end ");
}

static void pass(void)
{
	bool more = true;

	while (more) {
		more = session_reap(&host);
		more = session_flush(&host) || more;
	}
}

static void wait_ms(uint64_t ms)
{
	for (uint64_t end = now + ms; now < end; ) {
		now += 10;
		wheel_advance(&host.wheel, now);
		pass();
	}
}

static struct eio_session *begin(int version, bool ws)
{
	config = (struct eio_config){ .ping_interval_ms = 300, .ping_timeout_ms = 200, .max_payload = 100,
				      .send_queue_max = 1000, .send_queues_max = 1000000 };
	host = (struct session_host){ .config = &config, .now_ms = &now, .polling = &polling, .websocket = &websocket,
				      .on_end = on_end };
	host.cb = (struct eio_callbacks){ .on_open = on_open, .on_message = on_message, .on_close = on_close };
	now = 1000;
	writable = true;
	dead = false;
	said[0] = '\0';
	wheel_init(&host.wheel, now);
	struct eio_session *s = session_new(&host, version, ws, mem_zero(1, sizeof(struct handshake)));
	session_opened(s);
	pass();
	heard("open 0 ");
	return s;
}

static void finish(struct eio_session *s)
{
	session_end(s, EIO_FORCED, 1000);
	pass();
	said[0] = '\0';
	assert_int_equal(host.stats.sessions, 0);
}

static void hear(struct eio_session *s, const char *packet)
{
	struct eio_packet p;

	assert_int_equal(packet_read(slice_of(packet), &p), 0);
	session_receive(s, &p);
	pass();
}

static void send(struct eio_session *s, const char *text)
{
	struct eio_frame *f = eio_frame_text(slice_of(text));

	eio_session_send(s, f);
	eio_frame_unref(f);
}

#endif
