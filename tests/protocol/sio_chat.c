/*
 * sio_chat: a chat with rooms in a hundred lines of code, on libsocketio.a alone; the tests of the room speak to it.
 *
 * CONNECT wants an auth object with `name` (or the query name=…, for old clients); without one it is refused.
 * Events: join "room", leave "room" (acknowledged with the number of people in it); say "room",… (all in it hear
 * `said` with the arguments behind it); ask (asked back as `question`, told by `answered`); kick, bye, drop (ended
 * by the server: the namespace, with the transport, the transport alone). Every end is printed: `gone NAME REASON`.
 * Usage: sio_chat [port [ping_interval_ms ping_timeout_ms]]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "log.h"
#include "socketio.h"

static struct eio_loop *loop;
static struct sio_namespace *root;

static void on_connect(void *ctx, struct sio_socket *s, struct slice auth)
{
	struct slice name;

	(void)ctx;
	if (json_member(auth, "name", &name) || eio_session_query(sio_socket_session(s), "name", &name)) {
		sio_socket_set_data(s, mem_copy(name));
		sio_socket_accept(s);
	} else {
		sio_socket_refuse(s, SLICE("{\"message\":\"name is missing\",\"data\":{\"code\":\"nameless\"}}"));
	}
}

static void on_disconnect(void *ctx, struct sio_socket *s, const char *reason)
{
	char *name = sio_socket_data(s);

	(void)ctx;
	if (name)
		printf("gone %s %s\n", name, reason);
	free(name);
}

static void on_answer(void *ctx, struct sio_socket *s, const struct sio_answer *a)
{
	struct buf b = BUF_INIT;

	(void)ctx;
	buf_putf(&b, "[\"answered\",%d,[%.*s]]", a->outcome, (int)a->args.n, a->args.p ? a->args.p : "");
	sio_socket_emit_binary(s, buf_slice(&b), a->attachments, a->attachment_count);
	buf_fini(&b);
}

static void on_event(void *ctx, struct sio_socket *s, const struct sio_event *e)
{
	struct slice rest = e->args, room = SLICE_NONE;
	struct buf b = BUF_INIT;

	(void)ctx;
	json_next_argument(&rest, &room);
	if (slice_is(e->name, "join"))
		sio_socket_join(s, room, NULL);
	else if (slice_is(e->name, "leave"))
		sio_socket_leave(s, room);
	else if (slice_is(e->name, "ask"))
		sio_socket_ask(s, SLICE("[\"question\",6]"), 300, on_answer, NULL);
	else if (slice_is(e->name, "kick") || slice_is(e->name, "bye"))
		sio_socket_disconnect(s, slice_is(e->name, "bye"));
	else if (slice_is(e->name, "drop"))
		sio_socket_close_transport(s, 1013);
	buf_putf(&b, "[\"said\"%.*s]", (int)rest.n, rest.p);
	if (slice_is(e->name, "say"))
		sio_push_binary(root, &room, 1, SLICE_NONE, buf_slice(&b), e->attachments, e->attachment_count);
	buf_reset(&b);
	buf_putf(&b, "[%zu]", sio_room_size(root, room));
	if (e->wants_ack)
		sio_socket_ack(s, e->ack, buf_slice(&b));
	buf_fini(&b);
}

static void stop(void *ctx)
{
	(void)ctx;
	eio_loop_stop(loop);
}

static void on_signal(void *server, int signum)
{
	(void)signum;
	sio_server_stop_listening(server);
	sio_server_drain(server, 2000, stop, NULL);
}

int main(int argc, char **argv)
{
	struct sio_callbacks cb = { on_connect, on_event, on_disconnect, NULL, NULL };
	struct sio_config c = sio_config_default();
	struct sio_server *server;

	log_open("sio_chat", "info");
	setvbuf(stdout, NULL, _IOLBF, 0);
	c.transport.host = "127.0.0.1";
	c.transport.port = argc > 1 ? atoi(argv[1]) : 0;
	c.transport.ping_interval_ms = argc > 2 ? atoi(argv[2]) : 25000;
	c.transport.ping_timeout_ms = argc > 3 ? atoi(argv[3]) : 20000;
	c.connect_timeout_ms = 1000;
	c.max_rooms = 9;
	loop = eio_loop_new();
	if (!loop || !(server = sio_server_new(loop, &c, NULL, NULL)))
		return 1;
	root = sio_server_of(server, "/", &cb, NULL);
	eio_loop_on_signal(loop, SIGTERM, on_signal, server);
	printf("port %d\n", sio_server_port(server));
	eio_loop_run(loop);
	sio_server_free(server);
	eio_loop_free(loop);
}
