/*
 * sio_keep: connection state recovery and questions to many, on libsocketio alone, for tests/protocol.
 *
 *   sio_keep [PORT [FILE]]     prints "port N"; SIGTERM: drains, leaves FILE for the next one, ends
 *
 * Events: join ROOM; say ROOM WHAT (kept: ["said",WHAT]); whisper ROOM WHAT (volatile); small ROOM WHAT (plain);
 * ask ROOM (["question",ROOM] to all, then ["gathered",asked,given] to the one who asked).
 */
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>

#include "json.h"
#include "log.h"
#include "socketio.h"

static struct eio_loop *loop;
static struct sio_namespace *root;
static const char *file;

static void on_connect(void *ctx, struct sio_socket *s, struct slice auth)
{
	bool returns = sio_socket_returns(s);

	(void)ctx;
	(void)auth;
	sio_socket_accept(s);
	/* what ends in a text, or has no argument, clients take for their offset */
	sio_socket_emit(s, returns ? SLICE("[\"welcome\",\"back\",{}]") : SLICE("[\"welcome\",\"new\",{}]"));
	sio_socket_replay(s);
}

static void on_gathered(void *ctx, size_t asked, size_t given)
{
	struct sio_socket *s = sio_namespace_find(root, slice_of(ctx));
	struct buf b = BUF_INIT;

	buf_putf(&b, "[\"gathered\",%zu,%zu]", asked, given);
	if (s)
		sio_socket_emit(s, buf_slice(&b));
	buf_fini(&b);
	free(ctx);
}

static void on_event(void *ctx, struct sio_socket *s, const struct sio_event *e)
{
	struct slice rest = e->args, room = SLICE_NONE, what = SLICE_NONE;
	struct buf b = BUF_INIT;

	(void)ctx;
	json_next_argument(&rest, &room);
	json_next_argument(&rest, &what);
	buf_putf(&b, "[\"said\",{\"text\":%.*s}]", (int)what.n, what.p ? what.p : "");
	if (slice_is(e->name, "join"))
		sio_socket_join(s, room, NULL);
	else if (slice_is(e->name, "say"))
		sio_push_kept(root, &room, 1, SLICE_NONE, buf_slice(&b));
	else if (slice_is(e->name, "whisper"))
		sio_push_volatile(root, &room, 1, SLICE_NONE, buf_slice(&b));
	else if (slice_is(e->name, "small"))
		sio_push(root, &room, 1, SLICE_NONE, buf_slice(&b));
	else if (slice_is(e->name, "ask"))
		sio_push_ask(root, &room, 1, SLICE_NONE, SLICE("[\"question\"]"), 500, NULL, on_gathered,
			     mem_copy(slice_of(sio_socket_id(s))));
	if (e->wants_ack)
		sio_socket_ack(s, e->ack, SLICE("[]"));
	buf_fini(&b);
}

static void leave(void *ctx)
{
	struct buf b = BUF_INIT;
	FILE *out = file ? fopen(file, "we") : NULL;

	(void)ctx;
	sio_namespace_save(root, &b);
	if (out) {
		fwrite(b.data, 1, b.len, out);
		fclose(out);
	}
	buf_fini(&b);
	eio_loop_stop(loop);
}

static void arrive(void)
{
	static char bytes[1 << 20];
	FILE *in = file ? fopen(file, "re") : NULL;

	if (!in)
		return;
	sio_namespace_load(root, (struct slice){ bytes, fread(bytes, 1, sizeof(bytes), in) }, 0);
	fclose(in);
	remove(file);
}

static void on_signal(void *server, int signum)
{
	(void)signum;
	sio_server_stop_listening(server);
	sio_server_drain(server, 2000, leave, NULL);
}

int main(int argc, char **argv)
{
	struct sio_config c = sio_config_default();
	struct sio_callbacks cb = { on_connect, on_event, NULL, NULL, NULL };
	struct sio_server *server;

	c.transport.host = "127.0.0.1";
	c.transport.port = argc > 1 ? atoi(argv[1]) : 0;
	c.transport.cors_origins = "*";
	c.max_attachments = 1;
	c.recovery_ms = 3000;
	c.recovery_bytes = 20000;
	file = argc > 2 ? argv[2] : NULL;
	log_open("sio_keep", "info");
	loop = eio_loop_new();
	server = loop ? sio_server_new(loop, &c, NULL, NULL) : NULL;
	if (!server)
		return 1;
	root = sio_server_of(server, "/", &cb, NULL);
	arrive();
	eio_loop_on_signal(loop, SIGTERM, on_signal, server);
	printf("port %d\n", sio_server_port(server));
	fflush(stdout);
	eio_loop_run(loop);
	sio_server_free(server);
	eio_loop_free(loop);
	return 0;
}
