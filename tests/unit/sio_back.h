/*
 * sio_back: what the tests of connection state recovery share: a server with it, a client that joins room "r" and
 * one that comes back.
 */
#ifndef SIO_BACK_H
#define SIO_BACK_H

#include "sio_app.h"

static struct slice room = { "\"r\"", 3 };
static size_t queue_max;               /* 0: not bounded */

static inline int setup_recovery(void **state)
{
	struct sio_config c = { .max_rooms = 5, .max_attachments = 3, .recovery_ms = 120000 };

	c.recovery_bytes = *state ? *(const size_t *)*state : 4000;
	c.transport.max_payload = 1000;
	c.transport.send_queue_max = queue_max;
	c.transport.allow_v3 = true;
	server = sio_server_new(NULL, &c, NULL, NULL);
	root = sio_server_of(server, "/", &APP, "/");
	other = sio_server_of(server, "/other", &APP, "/other");
	accept_at_once = true;
	farewell = NULL;
	buf_reset(&heard);
	return 0;
}

static int teardown_recovery(void **state)
{
	struct sio_stats stats;

	(void)state;
	while (fake_sessions)
		fake_gone(fake_sessions, EIO_PEER_CLOSED);
	sio_server_stats(server, &stats);
	assert_int_equal(stats.sockets, 0);
	sio_server_free(server);
	assert_int_equal(fake_frames, 0);
	buf_fini(&heard);
	return 0;
}

struct known { char id[32], pid[32], offset[64]; };

/* The quoted text behind a mark in what was sent. */
static void take(const char *text, const char *mark, char *out)
{
	const char *at = strstr(text, mark);

	assert_non_null(at);
	sscanf(at + strlen(mark), "%31[^\"]", out);
}

static struct eio_session *join_room(struct known *k)
{
	struct eio_session *s = fake_open(4);

	fake_say(s, "0");
	take(s->sent.data, "\"sid\":\"", k->id);
	take(s->sent.data, "\"pid\":\"", k->pid);
	fake_say(s, "2[\"join\",\"r\"]");
	buf_reset(&s->sent);
	buf_reset(&heard);
	return s;
}

static void push(const char *text)
{
	sio_push_kept(root, &room, 1, SLICE_NONE, slice_of(text));
}

/* The client's memory: the offset of the last push. */
static void note_offset(struct eio_session *s, struct known *k)
{
	const char *at = NULL, *next = s->sent.data;

	while ((next = strstr(next, ",\"")))
		at = next++;
	assert_non_null(at);
	sscanf(at + 2, "%63[^\"]", k->offset);
	buf_reset(&s->sent);
}

static struct eio_session *back(const struct known *k)
{
	struct eio_session *s = fake_open(4);
	char text[200];

	if (k->offset[0])
		snprintf(text, sizeof(text), "0{\"pid\":\"%s\",\"offset\":\"%s\"}", k->pid, k->offset);
	else
		snprintf(text, sizeof(text), "0{\"pid\":\"%s\"}", k->pid);
	fake_say(s, text);
	return s;
}

/* What was sent, with each offset written as @. */
static void expect(struct eio_session *s, const struct known *k, const char *want)
{
	struct buf b = BUF_INIT;
	const char *at = s->sent.data ? s->sent.data : "";
	const char *dash = strrchr(k->offset, '-');
	size_t tag = dash ? (size_t)(dash - k->offset) : 0;

	while (*at) {
		if (tag && strncmp(at, k->offset, tag + 1) == 0) {
			buf_putc(&b, '@');
			at += strcspn(at, "\"");
		} else {
			buf_putc(&b, *at++);
		}
	}
	assert_string_equal(b.data ? b.data : "", want);
	buf_fini(&b);
	buf_reset(&s->sent);
}

static void expect_welcome(struct eio_session *s, const struct known *k, const char *rest)
{
	char want[400];

	snprintf(want, sizeof(want), "0{\"sid\":\"%s\",\"pid\":\"%s\"}\n%s", k->id, k->pid, rest);
	expect(s, k, want);
}

#define RECOVERY(test) cmocka_unit_test_setup_teardown(test, setup_recovery, teardown_recovery)

#endif
