// objects: relay/socketio/*.o shared/buf.o shared/map.o shared/siphash.o shared/network.o shared/arena.o shared/ids.o shared/json*.o shared/log.o
/*
 * A conversation of any packets with the Socket.IO room, over a transport of plain memory.
 *
 * The input is a run of messages, each a byte (bit 0: which of two sessions, bit 1: binary, bit 2: close it
 * afterwards, bit 3: time passes) and a text up to the next newline. The application joins, leaves, kicks and
 * answers by event names. The text R comes back with the pid and offset that were heard last.
 */
#include <stdio.h>
#include "tests/unit/sio_fake.h"

static struct sio_namespace *root;

static void on_connect(void *ctx, struct sio_socket *s, struct slice auth)
{
	(void)ctx;
	if (auth.n % 3 == 1)
		sio_socket_refuse(s, SLICE("{}"));
	else
		sio_socket_accept(s);
}

static void on_answer(void *ctx, struct sio_socket *s, const struct sio_answer *a)
{
	(void)ctx;
	if (a->args.n == 1)
		sio_socket_disconnect(s, true);
}

static void on_member(void *ctx, struct sio_socket *s)
{
	struct slice room = *(struct slice *)ctx;

	if (room.n % 2)
		sio_socket_disconnect(s, room.n % 3 == 0);
	else
		sio_socket_leave(s, room);
}

static void on_event(void *ctx, struct sio_socket *s, const struct sio_event *e)
{
	struct slice room = e->args;

	(void)ctx;
	switch (e->name.n ? e->name.p[0] : 0) {
	case 'j':
		sio_socket_join(s, room, NULL);
		break;
	case 'l':
		sio_socket_leave(s, room);
		break;
	case 'e':
		sio_room_each(root, room, on_member, &room);
		break;
	case 'q':
		sio_push_kept(root, &room, 1, SLICE_NONE, SLICE("[\"q\"]"));
		break;
	case 'g':
		sio_push_ask(root, &room, 1, SLICE_NONE, SLICE("[\"g\"]"), 5, on_answer, NULL, NULL);
		break;
	case 'p':
		sio_push(root, &room, 1, SLICE_NONE, SLICE("[\"p\"]"));
		break;
	case 'a':
		sio_socket_ask(s, SLICE("[\"a\"]"), 5, on_answer, NULL);
		break;
	case 'k':
		sio_socket_disconnect(s, false);
		break;
	case 's':
		sio_socket_pause(s);
		break;
	}
	if (e->wants_ack)
		sio_socket_ack_binary(s, e->ack, SLICE("[]"), e->attachments, e->attachment_count);
}

static void on_disconnect(void *ctx, struct sio_socket *s, const char *reason)
{
	struct slice room = SLICE("1");

	(void)ctx;
	(void)reason;
	sio_push(root, &room, 1, slice_of(sio_socket_id(s)), SLICE("[\"bye\"]"));
}

static void on_room(void *ctx, struct sio_socket *s, struct slice room)
{
	(void)ctx;
	if (room.n == 3)
		sio_socket_disconnect(s, false);
}

static const struct sio_callbacks APP = { on_connect, on_event, on_disconnect, on_room, on_room };

/* What a client remembers of the server, to come back with. */
static char pid[32], offset[64];

static void remember(const struct buf *sent)
{
	const char *at = sent->len ? strstr(sent->data, "\"pid\":\"") : NULL;

	if (at)
		sscanf(at, "\"pid\":\"%31[^\"]", pid);
	at = sent->len ? strstr(sent->data, "[\"q\",\"") : NULL;
	if (at)
		sscanf(at, "[\"q\",\"%63[^\"]", offset);
}

static struct slice returning(struct buf *b)
{
	buf_putf(b, offset[0] ? "0{\"pid\":\"%s\",\"offset\":\"%s\"}" : "0{\"pid\":\"%s\"}", pid, offset);
	return buf_slice(b);
}

static void say(struct eio_session **sessions, unsigned char how, struct slice text)
{
	struct eio_session **s = &sessions[how & 1];
	struct buf b = BUF_INIT;

	if (!*s)
		*s = fake_open(how & 1 ? 3 : 4);
	fake_server.cb.on_message(fake_server.ctx, *s, slice_is(text, "R") ? returning(&b) : text, how & 2);
	buf_fini(&b);
	if (how & 8)
		fake_tick(10);
	remember(&(*s)->sent);
	buf_reset(&(*s)->sent);
	if ((how & 4) || (*s)->closing) {
		fake_gone(*s, EIO_PEER_CLOSED);
		*s = NULL;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sio_config c = {
		.connect_timeout_ms = 20, .max_rooms = 3, .max_attachments = 3, .max_attached = 20,
		.recovery_ms = 40, .recovery_bytes = 500,
	};
	struct sio_server *server = sio_server_new(NULL, &c, NULL, NULL);
	struct eio_session *sessions[2] = { NULL, NULL };
	struct slice in = { (const char *)data, size };
	struct sio_stats stats;

	pid[0] = offset[0] = '\0';
	root = sio_server_of(server, "/", &APP, NULL);
	sio_server_of(server, "/n", &APP, NULL);
	while (in.n) {
		const char *end = memchr(in.p, '\n', in.n);
		size_t n = end ? (size_t)(end - in.p) : in.n;

		say(sessions, (unsigned char)in.p[0], (struct slice){ in.p + (n > 0), n - (n > 0) });
		in = (struct slice){ in.p + n + (end != NULL), in.n - n - (end != NULL) };
	}
	while (fake_sessions)
		fake_gone(fake_sessions, EIO_SHUTDOWN);
	sio_server_stats(server, &stats);
	if (stats.sockets || (stats.rooms && !stats.away))
		abort();
	sio_server_free(server);
	if (fake_frames)
		abort();
	return 0;
}
