/*
 * sio_chat: a chat with rooms in a hundred lines, on libsocketio.a alone; the tests of the room speak to it.
 *
 * CONNECT wants an auth object with `name` (or the query name=…, for old clients); without one it is refused.
 * Events:
 *   join "room" · leave "room"   acknowledged with the number of people in it
 *   say "room",…                 everybody in it hears `said` with the arguments behind it, the speaker too; also binary
 *   ask …                        asked back as `question`; the answer comes as `answered`
 *   kick · bye · drop            ended by the server: the namespace, with the transport, the transport alone
 * Every end is printed: `gone <name> <reason>`. Usage: sio_chat [port [ping_interval_ms ping_timeout_ms]]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "log.h"
#include "socketio.h"

#define NAMELESS "{\"message\":\"name is missing\",\"data\":{\"code\":\"nameless\"}}"

static struct eio_loop *loop;
static struct sio_namespace *root;

static void on_connect(void *ctx, struct sio_socket *s, struct slice auth)
{
	struct slice name;

	(void)ctx;
	if (!json_member(auth, "name", &name) && !eio_session_query(sio_socket_session(s), "name", &name)) {
		sio_socket_refuse(s, SLICE(NAMELESS));
		return;
	}
	sio_socket_set_data(s, mem_copy(name));
	sio_socket_accept(s);
}

static void on_disconnect(void *ctx, struct sio_socket *s, const char *reason)
{
	(void)ctx;
	if (!sio_socket_data(s))
		return;
	printf("gone %s %s\n", (char *)sio_socket_data(s), reason);
	fflush(stdout);
	free(sio_socket_data(s));
}

static void say(struct slice room, struct slice rest, const struct sio_event *e)
{
	struct buf b = BUF_INIT;

	buf_putf(&b, "[\"said\",%.*s]", (int)rest.n, rest.p);
	sio_push_binary(root, &room, 1, SLICE_NONE, buf_slice(&b), e->attachments, e->attachment_count);
	buf_fini(&b);
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
	struct slice rest = e->args, first = SLICE_NONE, second = SLICE_NONE;
	const char *end = e->args.p + e->args.n;
	struct buf b = BUF_INIT;

	(void)ctx;
	json_next(&rest, &first);
	json_next(&rest, &second);
	if (slice_is(e->name, "join"))
		sio_socket_join(s, first, NULL);
	else if (slice_is(e->name, "leave"))
		sio_socket_leave(s, first);
	else if (slice_is(e->name, "say") && second.n)
		say(first, (struct slice){ second.p, (size_t)(end - second.p) }, e);
	else if (slice_is(e->name, "ask"))
		sio_socket_ask(s, SLICE("[\"question\",6]"), 300, on_answer, NULL);
	else if (slice_is(e->name, "kick") || slice_is(e->name, "bye"))
		sio_socket_disconnect(s, slice_is(e->name, "bye"));
	else if (slice_is(e->name, "drop"))
		sio_socket_close_transport(s, 1013);
	buf_putf(&b, "[%zu]", sio_room_size(root, first));
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
	struct sio_config c = { .connect_timeout_ms = 1000, .max_rooms = 9, .max_attachments = 10, .transport = {
		.host = "127.0.0.1", .port = argc > 1 ? atoi(argv[1]) : 0, .path = "/socket.io/",
		.cors_origins = "*", .trusted_proxies = "", .ping_interval_ms = argc > 2 ? atoi(argv[2]) : 25000,
		.ping_timeout_ms = argc > 3 ? atoi(argv[3]) : 20000, .upgrade_timeout_ms = 10000,
		.header_timeout_ms = 20000, .body_timeout_ms = 30000, .max_payload = 1000000,
		.send_queue_max = 8 << 20,
		.max_connections = 1000, .max_connections_per_address = 1000, .allow_v3 = true } };
	struct sio_callbacks cb = { on_connect, on_event, on_disconnect, NULL, NULL };
	struct sio_server *server;

	loop = eio_loop_new();
	server = loop ? sio_server_new(loop, &c, NULL, NULL) : NULL;
	log_open("sio_chat", "info");
	if (!server)
		return 1;
	root = sio_server_of(server, "/", &cb, NULL);
	eio_loop_on_signal(loop, SIGTERM, on_signal, server);
	printf("port %d\n", sio_server_port(server));
	fflush(stdout);
	eio_loop_run(loop);
	sio_server_free(server);
	eio_loop_free(loop);
	return 0;
}
