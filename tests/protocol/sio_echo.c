/*
 * sio_echo: a Socket.IO server in sixty lines, on libsocketio.a alone.
 *
 * Sends every event back under its name, with its arguments and attachments; an acknowledgement gets the
 * arguments too.
 * Usage: sio_echo [port [certificate key]]   (0 or nothing: a free one; `port N` is printed; PEM files: TLS)
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "log.h"
#include "socketio.h"

static void on_event(void *ctx, struct sio_socket *s, const struct sio_event *e)
{
	struct buf b = BUF_INIT;

	(void)ctx;
	buf_putc(&b, '[');
	json_put_string(&b, e->name);
	buf_putf(&b, "%s%.*s]", e->args.n ? "," : "", (int)e->args.n, e->args.p);
	sio_socket_emit_binary(s, buf_slice(&b), e->attachments, e->attachment_count);
	buf_reset(&b);
	buf_putf(&b, "[%.*s]", (int)e->args.n, e->args.p);
	if (e->wants_ack)
		sio_socket_ack_binary(s, e->ack, buf_slice(&b), e->attachments, e->attachment_count);
	buf_fini(&b);
}

static void stop(void *loop, int signum)
{
	(void)signum;
	eio_loop_stop(loop);
}

int main(int argc, char **argv)
{
	struct sio_callbacks cb = { .on_event = on_event };
	struct sio_config c = sio_config_default();
	struct eio_loop *loop = eio_loop_new();
	struct sio_server *server;

	log_open("sio_echo", "info");
	c.transport.host = "127.0.0.1";
	c.transport.port = argc > 1 ? atoi(argv[1]) : 0;
	c.transport.cors_origins = "*";
	c.transport.tls_cert_file = argc > 3 ? argv[2] : NULL;
	c.transport.tls_key_file = argc > 3 ? argv[3] : NULL;
	if (!loop || !(server = sio_server_new(loop, &c, NULL, NULL)))
		return 1;
	sio_server_of(server, "/", &cb, NULL);
	eio_loop_on_signal(loop, SIGTERM, stop, loop);
	printf("port %d\n", sio_server_port(server));
	fflush(stdout);
	eio_loop_run(loop);
	sio_server_free(server);
	eio_loop_free(loop);
}
