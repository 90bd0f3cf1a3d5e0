/*
 * sio_app: an application on the Socket.IO room, for its unit tests, over the transport of sio_fake.
 *
 * It writes what it is told into `heard`, one fact a line, and does what an event's name says.
 */
#ifndef SIO_APP_H
#define SIO_APP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "sio_fake.h"

static struct sio_server *server;
static struct sio_namespace *root, *other;
static struct sio_socket *last;         /* newest socket that asked to connect */
static struct buf heard;
static bool accept_at_once = true;
static const char *farewell;            /* pushed to room r when somebody disconnects */

static void on_answer(void *ctx, struct sio_socket *s, const struct sio_answer *a)
{
	(void)s;
	buf_putf(&heard, "%s %d %.*s +%zu\n", (char *)ctx, a->outcome, (int)a->args.n,
		 a->args.p ? a->args.p : "",
		 a->attachment_count);
}

static void on_connect(void *ctx, struct sio_socket *s, struct slice auth)
{
	buf_putf(&heard, "%s connect %.*s\n", (char *)ctx, (int)auth.n, auth.p ? auth.p : "");
	last = s;
	if (accept_at_once)
		sio_socket_accept(s);
}

static void close_member(void *ctx, struct sio_socket *s)
{
	(void)ctx;
	sio_socket_disconnect(s, false);
}

static void on_event(void *ctx, struct sio_socket *s, const struct sio_event *e)
{
	char args[256];
	struct slice room = { args, 0 };

	snprintf(args, sizeof(args), "%.*s", (int)e->args.n, e->args.p ? e->args.p : "");
	buf_putf(&heard, "%s event %.*s %s%s", (char *)ctx, (int)e->name.n, e->name.p ? e->name.p : "", args,
		 e->bad_text ? " bad" : "");
	for (size_t i = 0; i < e->attachment_count; i++)
		buf_putf(&heard, " <%.*s>", (int)e->attachments[i].n, e->attachments[i].p);
	buf_puts(&heard, "\n");
	room.n = strlen(args);
	if (e->wants_ack)
		sio_socket_ack_binary(s, e->ack, SLICE("[\"ok\"]"), e->attachments, e->attachment_count);
	if (slice_is(e->name, "join"))
		sio_socket_join(s, room, NULL);
	else if (slice_is(e->name, "leave"))
		sio_socket_leave(s, room);
	else if (slice_is(e->name, "kick"))
		sio_socket_disconnect(s, false);
	else if (slice_is(e->name, "kick all"))
		sio_room_each(root, room, close_member, NULL);
	else if (slice_is(e->name, "close"))
		sio_socket_disconnect(s, true);
	else if (slice_is(e->name, "drop"))
		sio_socket_close_transport(s, 1013);
	else if (slice_is(e->name, "ask"))
		sio_socket_ask(s, SLICE("[\"q\"]"), 100, on_answer, "answer");
	else if (slice_is(e->name, "binary"))
		sio_socket_emit_binary(s, SLICE("[\"b\",{\"_placeholder\":true,\"num\":0}]"), e->attachments,
				       e->attachment_count);
}

static void on_disconnect(void *ctx, struct sio_socket *s, const char *reason)
{
	struct slice room = SLICE("\"r\"");

	buf_putf(&heard, "%s disconnect %s%s\n", (char *)ctx, reason, sio_socket_in(s, room) ? " in r" : "");
	sio_socket_disconnect(s, true);
	sio_socket_emit(s, SLICE("[\"never\"]"));
	sio_socket_ask(s, SLICE("[\"never\"]"), 0, on_answer, "late");
	if (sio_socket_join(s, SLICE("late"), NULL) != -1)
		buf_puts(&heard, "joined after the end\n");
	if (farewell)
		sio_push_kept(root, &room, 1, SLICE_NONE, slice_of(farewell));
	if (s == last)
		last = NULL;
}

static void on_join(void *ctx, struct sio_socket *s, struct slice room)
{
	(void)s;
	buf_putf(&heard, "%s join %.*s\n", (char *)ctx, (int)room.n, room.p);
}

static void on_leave(void *ctx, struct sio_socket *s, struct slice room)
{
	(void)s;
	buf_putf(&heard, "%s leave %.*s\n", (char *)ctx, (int)room.n, room.p);
}

static const struct sio_callbacks APP = { on_connect, on_event, on_disconnect, on_join, on_leave };

static inline int setup(void **state)
{
	struct sio_config c = { .connect_timeout_ms = 1000, .max_rooms = 2, .max_attachments = 3 };

	(void)state;
	c.transport.max_payload = 25;
	c.transport.body_timeout_ms = 500;
	c.transport.allow_v3 = true;
	server = sio_server_new(NULL, &c, NULL, NULL);
	root = sio_server_of(server, "/", &APP, "/");
	other = sio_server_of(server, "/other", &APP, "/other");
	accept_at_once = true;
	farewell = NULL;
	buf_reset(&heard);
	return 0;
}

static inline int teardown(void **state)
{
	struct sio_stats stats;

	(void)state;
	while (fake_sessions)
		fake_gone(fake_sessions, EIO_PEER_CLOSED);
	sio_server_stats(server, &stats);
	assert_int_equal(stats.sockets, 0);
	assert_int_equal(stats.rooms, 0);
	assert_int_equal(sio_namespace_count(root) + sio_namespace_count(other), 0);
	sio_server_free(server);
	assert_int_equal(fake_frames, 0);
	assert_null(fake_timers);
	buf_fini(&heard);
	return 0;
}

/* What was sent to the session since the last look. */
static inline void expect_sent(struct eio_session *s, const char *text)
{
	assert_string_equal(s->sent.data ? s->sent.data : "", text);
	buf_reset(&s->sent);
}

static inline void expect_heard(const char *text)
{
	assert_string_equal(heard.data ? heard.data : "", text);
	buf_reset(&heard);
}

static struct eio_session *joined(void)
{
	struct eio_session *s = fake_open(4);

	fake_say(s, "0");
	buf_reset(&s->sent);
	buf_reset(&heard);
	return s;
}

static inline struct eio_session *in_room(void)
{
	struct eio_session *s = joined();

	fake_say(s, "2[\"join\",\"r\"]");
	buf_reset(&heard);
	return s;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
