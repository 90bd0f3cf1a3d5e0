/*
 * eio_echo: a small server on engineio alone: every message comes back as it came.
 *
 * For tests/protocol/engineio.test.js. Prints `port N` when it listens; SIGTERM drains and ends it.
 * Messages that begin with "!" are commands: !close !pause !soon !burst COUNT SIZE !busy !address !volatile.
 * !pause: for 600 ms; !soon: in 100 ms, for 3 s.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "engineio.h"
#include "log.h"

struct echo {
	struct eio_loop *loop;
	struct eio_server *server;
	struct eio_session *paused;
	struct eio_timer *resume;
	bool busy, soon;
	unsigned long long opened, closed, reasons[EIO_SHUTDOWN + 1];
};

static void send_text(struct eio_session *s, struct slice text)
{
	struct eio_frame *f = eio_frame_text(text);

	eio_session_send(s, f);
	eio_frame_unref(f);
}

static void on_resume(void *ctx)
{
	struct echo *e = ctx;

	if (e->paused && e->soon) {
		e->soon = false;
		eio_session_pause(e->paused);
		eio_timer_again(e->resume, 3000, 0);
		return;
	}
	if (e->paused)
		eio_session_resume(e->paused);
	e->paused = NULL;
}

static void on_open(void *ctx, struct eio_session *s)
{
	(void)s;
	((struct echo *)ctx)->opened++;
}

static void burst(struct eio_session *s, struct slice args)
{
	char text[64] = { 0 };
	unsigned count = 0, size = 0;
	struct buf b = BUF_INIT;

	memcpy(text, args.p, args.n < 63 ? args.n : 63);
	if (sscanf(text, "%u %u", &count, &size) != 2 || count > 100000 || size > 1000000)
		return;
	for (unsigned i = 0; i < count; i++) {
		buf_reset(&b);
		buf_putf(&b, "%u:", i);
		while (b.len < size)
			buf_putc(&b, 'x');
		send_text(s, buf_slice(&b));
	}
	buf_fini(&b);
}

static void command(struct echo *e, struct eio_session *s, struct slice m)
{
	if (slice_is(m, "!close")) {
		send_text(s, SLICE("bye"));
		eio_session_close(s, EIO_FORCED, 1000);
	} else if (slice_is(m, "!pause")) {
		e->paused = s;
		eio_session_pause(s);
		eio_timer_again(e->resume, 600, 0);
	} else if (slice_is(m, "!soon")) {
		e->paused = s;
		e->soon = true;
		eio_timer_again(e->resume, 100, 0);
	} else if (m.n > 7 && memcmp(m.p, "!burst ", 7) == 0) {
		burst(s, (struct slice){ m.p + 7, m.n - 7 });
	} else if (slice_is(m, "!busy")) {
		e->busy = true;
	} else if (slice_is(m, "!address")) {
		send_text(s, slice_of(eio_session_address(s)));
	} else if (slice_is(m, "!volatile")) {
		struct eio_frame *f = eio_frame_text(SLICE("volatile"));

		eio_session_send_volatile(s, f);
		eio_frame_unref(f);
	} else {
		send_text(s, m);
	}
}

static void on_message(void *ctx, struct eio_session *s, struct slice bytes, bool binary)
{
	if (!binary && bytes.n && bytes.p[0] == '!') {
		command(ctx, s, bytes);
		return;
	}
	struct eio_frame *f = binary ? eio_frame_binary(bytes) : eio_frame_text(bytes);
	eio_session_send(s, f);
	eio_frame_unref(f);
}

static void on_close(void *ctx, struct eio_session *s, enum eio_reason reason)
{
	struct echo *e = ctx;

	e->closed++;
	e->reasons[reason]++;
	if (e->paused == s) {
		e->paused = NULL;
		e->soon = false;
	}
}

static int on_handshake(void *ctx)
{
	return ((struct echo *)ctx)->busy ? 503 : 0;
}

static void on_request(void *ctx, const struct eio_request *q, struct eio_response *r)
{
	struct echo *e = ctx;
	struct eio_stats st;

	if (slice_is(q->path, "/free")) {
		e->busy = false;
		r->status = 200;
		return;
	}
	if (!slice_is(q->path, "/stats"))
		return;
	eio_server_stats(e->server, &st);
	r->status = 200;
	buf_putf(&r->body, "{\"opened\":%llu,\"closed\":%llu,\"reasons\":[", e->opened, e->closed);
	for (int i = 0; i <= EIO_SHUTDOWN; i++)
		buf_putf(&r->body, "%s%llu", i ? "," : "", e->reasons[i]);
	buf_puts(&r->body, "]");
	const struct { const char *name; uint64_t value; } rows[] = {
		{ "sessions", st.sessions }, { "connections", st.connections }, { "upgrades", st.upgrades },
		{ "upgradeFailures", st.upgrade_failures }, { "slow", st.refused[EIO_REFUSED_QUEUE] }, { "waiting", st.bytes_waiting },
		{ "messagesIn", st.messages_in }, { "messagesOut", st.messages_out },
		{ "headerTimeouts", st.refused[EIO_REFUSED_HEAD_SLOW] }, { "bodyTimeouts", st.refused[EIO_REFUSED_BODY_SLOW] },
		{ "refusedOrigin", st.refused[EIO_REFUSED_ORIGIN] }, { "messageSlow", st.refused[EIO_REFUSED_MESSAGE_SLOW] },
		{ "refusedFull", st.refused[EIO_REFUSED_CONNECTIONS] + st.refused[EIO_REFUSED_SESSIONS] },
		{ "refusedAddress",
		  st.refused[EIO_REFUSED_CONNECTIONS_ADDRESS] + st.refused[EIO_REFUSED_SESSIONS_ADDRESS] },
		{ "upgrade", st.refused[EIO_REFUSED_UPGRADE] },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		buf_putf(&r->body, ",\"%s\":%llu", rows[i].name, (unsigned long long)rows[i].value);
	buf_putf(&r->body, ",\"query\":\"%.*s\"}", (int)q->query.n, q->query.p);
}

static void on_drained(void *ctx)
{
	eio_loop_stop(((struct echo *)ctx)->loop);
}

static void on_term(void *ctx, int signum)
{
	struct echo *e = ctx;

	(void)signum;
	eio_server_stop_listening(e->server);
	eio_server_drain(e->server, 5000, on_drained, e);
}

static unsigned long number(int argc, char **argv, const char *name, unsigned long fallback)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return strtoul(argv[i + 1], NULL, 10);
	return fallback;
}

static const char *text(int argc, char **argv, const char *name, const char *fallback)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	return fallback;
}

int main(int argc, char **argv)
{
	struct echo e = { 0 };
	struct eio_config c = {
		.host = text(argc, argv, "--host", "127.0.0.1"),
		.port = (int)number(argc, argv, "--port", 0),
		.path = text(argc, argv, "--path", "/engine.io/"),
		.cors_origins = text(argc, argv, "--origins", "*"),
		.trusted_proxies = text(argc, argv, "--proxies", "127.0.0.1,::1"),
		.ping_interval_ms = (unsigned)number(argc, argv, "--ping-interval", 300),
		.ping_timeout_ms = (unsigned)number(argc, argv, "--ping-timeout", 200),
		.upgrade_timeout_ms = (unsigned)number(argc, argv, "--upgrade-timeout", 1000),
		.header_timeout_ms = (unsigned)number(argc, argv, "--header-timeout", 20000),
		.body_timeout_ms = (unsigned)number(argc, argv, "--body-timeout", 30000),
		.max_payload = number(argc, argv, "--max-payload", 1000000),
		.send_queue_max = number(argc, argv, "--queue-max", 1048576),
		.send_queues_max = number(argc, argv, "--queues-max", 512 << 20),
		.max_connections = (unsigned)number(argc, argv, "--max-connections", 20000),
		.max_connections_per_address = (unsigned)number(argc, argv, "--max-per-address", 1000),
		.allow_v3 = number(argc, argv, "--v3", 1),
	};
	struct eio_callbacks cb = {
		.on_handshake = on_handshake, .on_open = on_open, .on_message = on_message,
		.on_close = on_close, .on_request = on_request,
	};

	log_open("eio_echo", text(argc, argv, "--log", "warn"));
	e.loop = eio_loop_new();
	if (!e.loop || !(e.server = eio_server_new(e.loop, &c, &cb, &e)))
		return 1;
	e.resume = eio_timer_new(e.loop, 1000000000, 0, on_resume, &e);
	eio_loop_on_signal(e.loop, SIGTERM, on_term, &e);
	printf("port %d\n", eio_server_port(e.server));
	fflush(stdout);
	eio_loop_run(e.loop);
	eio_server_free(e.server);
	eio_timer_free(e.resume);
	eio_loop_free(e.loop);
	return 0;
}
