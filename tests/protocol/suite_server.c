/*
 * suite-server: what the official protocol test suites of Engine.IO (revisions 4 and 3) and Socket.IO
 * (revision 5) expect.
 *
 * Usage: suite-server --mode engine.io|socket.io [--port N]   (0 or nothing: a free one; `port N` is printed)
 * engine.io: echoes messages. socket.io: `/` and `/custom`; emits `auth` with the handshake's auth, answers
 * `message` with `message-back` and `message-with-ack` by the acknowledgement, both with the same arguments.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "socketio.h"

#define MOMENT_MS 10

static void on_message(void *ctx, struct eio_session *s, struct slice bytes, bool binary)
{
	struct eio_frame *f = binary ? eio_frame_binary(bytes) : eio_frame_text(bytes);

	(void)ctx;
	eio_session_send(s, f);
	eio_frame_unref(f);
}

static void on_open(void *ctx, struct eio_session *s)
{
	(void)ctx;
	(void)s;
}

static void on_close(void *ctx, struct eio_session *s, enum eio_reason reason)
{
	(void)ctx;
	(void)s;
	(void)reason;
}

static struct slice array(struct buf *b, const char *head, struct slice args)
{
	buf_reset(b);
	buf_putf(b, "[%s%s", head, *head && args.n ? "," : "");
	buf_put_slice(b, args);
	buf_putc(b, ']');
	return buf_slice(b);
}

/*
 * `auth` follows CONNECT a moment later: the suite listens for one message at a time and would not hear a
 * second one that comes with the same read.
 */
struct greeting {
	struct sio_socket *socket;
	struct eio_timer *timer;
	struct buf event;
};

static void on_moment(void *ctx)
{
	struct greeting *g = ctx;

	sio_socket_emit(g->socket, buf_slice(&g->event));
}

static void on_connect(void *ctx, struct sio_socket *s, struct slice auth)
{
	struct greeting *g = mem_zero(1, sizeof(*g));

	sio_socket_accept(s);
	array(&g->event, "\"auth\"", auth.n ? auth : SLICE("{}"));
	g->socket = s;
	g->timer = eio_timer_new(ctx, MOMENT_MS, 0, on_moment, g);
	sio_socket_set_data(s, g);
}

static void on_disconnect(void *ctx, struct sio_socket *s, const char *reason)
{
	struct greeting *g = sio_socket_data(s);

	(void)ctx;
	(void)reason;
	eio_timer_free(g->timer);
	buf_fini(&g->event);
	free(g);
}

static void on_event(void *ctx, struct sio_socket *s, const struct sio_event *e)
{
	struct buf b = BUF_INIT;

	(void)ctx;
	if (slice_is(e->name, "message"))
		sio_socket_emit_binary(s, array(&b, "\"message-back\"", e->args), e->attachments,
				       e->attachment_count);
	else if (slice_is(e->name, "message-with-ack") && e->wants_ack)
		sio_socket_ack_binary(s, e->ack, array(&b, "", e->args), e->attachments, e->attachment_count);
	buf_fini(&b);
}

static void stop(void *loop, int signum)
{
	(void)signum;
	eio_loop_stop(loop);
}

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	return otherwise;
}

/* "localhost" may be either family: both, or IPv4 alone where there is no other. */
static int serve_engine(struct eio_loop *loop, struct eio_config *c)
{
	struct eio_callbacks cb = { .on_open = on_open, .on_message = on_message, .on_close = on_close };
	struct eio_server *server = eio_server_new(loop, c, &cb, NULL);

	c->host = "0.0.0.0";
	if (!server)
		server = eio_server_new(loop, c, &cb, NULL);
	if (!server)
		return 1;
	printf("port %d\n", eio_server_port(server));
	fflush(stdout);
	eio_loop_run(loop);
	eio_server_free(server);
	return 0;
}

static int serve_socket(struct eio_loop *loop, const struct eio_config *c)
{
	struct sio_config config = { *c, .connect_timeout_ms = 1000, .max_rooms = 9, .max_attachments = 10 };
	struct sio_callbacks cb = { on_connect, on_event, on_disconnect, NULL, NULL };
	struct sio_server *server = sio_server_new(loop, &config, NULL, NULL);

	config.transport.host = "0.0.0.0";
	if (!server)
		server = sio_server_new(loop, &config, NULL, NULL);
	if (!server)
		return 1;
	sio_server_of(server, "/", &cb, loop);
	sio_server_of(server, "/custom", &cb, loop);
	printf("port %d\n", sio_server_port(server));
	fflush(stdout);
	eio_loop_run(loop);
	sio_server_free(server);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = option(argc, argv, "--mode", "socket.io");
	bool engine = strcmp(mode, "engine.io") == 0;
	struct eio_config c = eio_config_default();
	struct eio_loop *loop = eio_loop_new();
	int result = 1;

	c.host = "::";
	c.port = atoi(option(argc, argv, "--port", "0"));
	c.path = engine ? "/engine.io/" : "/socket.io/";
	c.cors_origins = "*";
	c.ping_interval_ms = 300;
	c.ping_timeout_ms = 200;
	log_open("suite-server", "info");
	if (loop) {
		eio_loop_on_signal(loop, SIGTERM, stop, loop);
		result = engine ? serve_engine(loop, &c) : serve_socket(loop, &c);
		eio_loop_free(loop);
	}
	return result;
}
