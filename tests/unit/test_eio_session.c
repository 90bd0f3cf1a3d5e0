// objects: relay/engineio/session.o relay/engineio/refusal.o relay/engineio/session_receive.o relay/engineio/queue.o relay/engineio/frame.o relay/engineio/packet.o relay/engineio/wheel.o relay/engineio/handshake.o shared/buf.o shared/ids.o shared/log.o
/*
 * session: the state machine with transports that only note what is asked of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "eio_fake.h"

static void messages_and_order(void **state)
{
	struct eio_session *s = begin(4, true);
	(void)state;

	hear(s, "4hola");
	heard("msg<hola> ");
	send(s, "a");
	send(s, "b");
	heard("");                         /* nothing leaves before the pass ends */
	pass();
	heard("4a 4b ");
	writable = false;
	struct eio_frame *f = eio_frame_text(SLICE("v"));
	eio_session_send_volatile(s, f);
	eio_frame_unref(f);
	writable = true;
	pass();
	heard("");
	finish(s);
}

static void heartbeat_of_revision_4(void **state)
{
	struct eio_session *s = begin(4, true);
	(void)state;

	wait_ms(280);
	heard("");
	wait_ms(60);
	heard("2 ");
	hear(s, "3");
	hear(s, "3");                      /* a pong nobody asked for moves nothing */
	wait_ms(340);
	heard("2 ");
	wait_ms(240);
	heard("poll-release-1006 ws-release-1006 end close-2 ");
	assert_int_equal(host.stats.refused[EIO_REFUSED_PONG], 1);
}

static void the_pong_behind_a_long_upload(void **state)
{
	struct eio_session *s = begin(4, true);
	(void)state;

	wait_ms(320);
	heard("2 ");
	wait_ms(120);
	hear(s, "6");
	wait_ms(160);                      /* 280 after the ping, and still welcome */
	heard("");
	hear(s, "6");                      /* no second time */
	wait_ms(80);
	heard("poll-release-1006 ws-release-1006 end close-2 ");
	s = begin(4, true);
	hear(s, "6");                      /* nothing is awaited yet */
	wait_ms(320);
	heard("2 ");
	hear(s, "6");
	hear(s, "3");
	wait_ms(320);
	heard("2 ");
	wait_ms(120);
	hear(s, "6");                      /* once for each ping */
	wait_ms(120);
	heard("");
	finish(s);
}

static void heartbeat_of_revision_3(void **state)
{
	struct eio_session *s = begin(3, true);
	(void)state;

	for (int i = 0; i < 3; i++) {
		wait_ms(400);
		hear(s, "2hi");
		heard("3hi ");
	}
	wait_ms(540);
	heard("poll-release-1006 ws-release-1006 end close-2 ");
}

static void directions_of_the_heartbeat(void **state)
{
	(void)state;
	hear(begin(4, true), "2");
	heard("poll-release-1002 ws-release-1002 end close-3 ");
	hear(begin(3, true), "3");
	heard("poll-release-1002 ws-release-1002 end close-3 ");
}

static void packets_that_close(void **state)
{
	(void)state;
	hear(begin(4, true), "0{}");
	heard("poll-release-1002 ws-release-1002 end close-3 ");
	hear(begin(4, true), "5");
	heard("poll-release-1002 ws-release-1002 end close-3 ");
	hear(begin(4, true), "1");
	heard("poll-release-1000 ws-release-1000 end close-0 ");
	struct eio_session *s = begin(4, true);
	hear(s, "6");
	heard("");
	finish(s);
}

static void the_pong_deadline_stands_still(void **state)
{
	struct eio_session *s = begin(4, true);
	(void)state;

	wait_ms(320);
	heard("2 ");
	eio_session_pause(s);
	eio_session_pause(s);
	wait_ms(5000);
	heard("pause ");
	eio_session_resume(s);
	wait_ms(150);
	heard("resume ");
	hear(s, "3");
	wait_ms(250);
	heard("");
	eio_session_pause(s);
	wait_ms(3000);
	heard("pause 2 ");
	eio_session_resume(s);
	wait_ms(260);
	heard("resume poll-release-1006 ws-release-1006 end close-2 ");
	s = begin(3, true);
	eio_session_pause(s);
	wait_ms(3000);
	eio_session_resume(s);
	wait_ms(400);
	heard("pause resume ");
	finish(s);
}

static void closing_writes_what_is_queued(void **state)
{
	struct eio_session *s = begin(4, true);
	(void)state;

	writable = false;
	send(s, "a");
	eio_session_close(s, EIO_FORCED, 1001);
	eio_session_close(s, EIO_SHUTDOWN, 1002);
	send(s, "late");
	hear(s, "4ignored");
	pass();
	heard("");
	writable = true;
	s->transport->flush(s);
	pass();
	heard("4a poll-release-1001 ws-release-1001 end close-4 ");
}

static void closing_has_an_end(void **state)
{
	struct eio_session *s = begin(4, true);
	(void)state;

	writable = false;
	send(s, "a");
	eio_session_close(s, EIO_SHUTDOWN, 1001);
	wait_ms(5100);
	heard("poll-release-1001 ws-release-1001 end close-6 ");
	s = begin(4, false);
	writable = false;
	send(s, "a");
	eio_session_close(s, EIO_FORCED, 1001);
	wait_ms(14000);
	heard("");                          /* whoever was about to upgrade may still come */
	wait_ms(1200);
	heard("poll-release-1001 ws-release-1001 end close-4 ");
}

static void the_bound_of_the_queue(void **state)
{
	struct eio_session *s = begin(4, true);
	char big[3000], text[300];
	(void)state;

	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	memset(text, 'y', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	writable = false;
	send(s, big);                      /* one alone is never too much */
	pass();
	heard("");
	assert_int_equal(eio_session_queued(s), 2999 + 1 + 4 + QUEUE_FRAME_COST);
	send(s, "a");
	heard("poll-release-1006 ws-release-1006 end ");
	pass();
	heard("close-5 ");
	assert_int_equal(host.stats.refused[EIO_REFUSED_QUEUE], 1);
	s = begin(4, true);
	writable = false;
	for (int i = 0; i < 30; i++)       /* small ones take more than their bytes */
		send(s, "");
	pass();
	heard("poll-release-1006 ws-release-1006 end close-5 ");
	writable = true;
	s = begin(4, true);
	for (int i = 0; i < 100; i++)      /* a burst to a peer that reads is no fault of its */
		send(s, text);
	pass();
	assert_int_equal(s->state, SESSION_WEBSOCKET);
	finish(s);
	s = begin(4, true);
	for (int i = 0; i < 2; i++)
		send(s, text);
	dead = true;
	send(s, text);
	pass();
	heard("poll-release-0 ws-release-0 end close-0 ");
}

/* A poll takes what comes until the pass ends: what may be dropped is, instead of being too much. */
static void what_may_be_dropped_is_not_too_much(void **state)
{
	struct eio_session *s = begin(4, true);
	char text[300];
	struct eio_frame *f;
	(void)state;

	memset(text, 'y', sizeof text);
	f = eio_frame_text((struct slice){ text, sizeof text });
	gathers = true;
	for (int i = 0; i < 20; i++)
		eio_session_send_volatile(s, f);
	gathers = false;
	eio_frame_unref(f);
	assert_int_equal(s->state, SESSION_WEBSOCKET);
	assert_true(eio_session_queued(s) > sizeof text && eio_session_queued(s) <= 1000);
	finish(s);
}

/* What it asked for waits as long as it may, and is forgotten with the last of it. */
static void what_was_asked_for_is_spared(void **state)
{
	struct eio_session *s = begin(4, true);
	char big[3000];
	(void)state;

	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	writable = false;
	eio_session_spare(s, 2 * sizeof big + 20);
	send(s, big);
	send(s, big);
	send(s, "a");
	pass();
	assert_int_equal(s->state, SESSION_WEBSOCKET);
	writable = true;
	s->transport->flush(s);
	said[0] = '\0';
	assert_int_equal(eio_session_queued(s), 0);
	assert_int_equal(s->queue.spared, 0);
	writable = false;
	send(s, big);
	send(s, "a");
	pass();
	heard("poll-release-1006 ws-release-1006 end close-5 ");
}

static size_t waiting(void)
{
	return queue_held() + host.leaving;
}

/* Of what all queues hold a share that shrinks with what is left; a little for everybody, whatever is left. */
static void the_bound_of_all_queues(void **state)
{
	struct eio_session *s = begin(4, true), *other;
	struct slice page = { mem_zero(1, 200000), 200000 };
	struct eio_frame *f = eio_frame_text(page), *small = eio_frame_text((struct slice){ page.p, 60000 });
	(void)state;

	config.send_queue_max = 8 << 20;
	config.send_queues_max = 1900000;
	other = session_new(&host, 4, true, mem_zero(1, sizeof(struct handshake)));
	session_opened(other);
	pass();
	assert_int_equal(waiting(), 0);
	writable = false;
	eio_session_send(s, f);            /* as big as its share */
	eio_session_send(other, f);        /* its bytes are there once, but count in each share */
	pass();
	assert_int_equal(s->state, SESSION_WEBSOCKET);
	assert_true(waiting() >= 200000 + 2 * QUEUE_FRAME_COST && waiting() < 200100);
	said[0] = '\0';
	host.leaving = 300000;             /* less is left: who holds that much takes nothing more */
	send(other, "a");
	pass();
	heard("poll-release-1006 ws-release-1006 end close-5 ");
	assert_int_equal(host.stats.refused[EIO_REFUSED_QUEUE], 1);
	assert_int_equal(host.stats.refused[EIO_REFUSED_QUEUE], 1);
	assert_true(waiting() > 500000);
	writable = true;                   /* who reads gets rid of it first */
	send(s, "a");
	assert_int_equal(eio_session_queued(s), 1 + 1 + 2 + QUEUE_FRAME_COST);
	host.leaving = 2000000;            /* nothing is left */
	gathers = true;
	eio_session_send(s, small);
	eio_session_send_volatile(s, f);
	pass();
	assert_int_equal(s->state, SESSION_WEBSOCKET);
	gathers = writable = false;
	eio_session_send(s, small);
	pass();
	assert_int_equal(host.stats.refused[EIO_REFUSED_QUEUE], 2);
	host.leaving = 0;
	assert_int_equal(waiting(), 0);
	eio_frame_unref(f);
	eio_frame_unref(small);
	free((char *)page.p);
	assert_int_equal(host.stats.sessions, 0);
}

static void upgrade_and_its_failures(void **state)
{
	struct eio_session *s = begin(4, false);
	(void)state;

	session_probed(s);
	assert_int_equal(s->state, SESSION_PROBING);
	session_probe_failed(s);
	assert_int_equal(s->state, SESSION_POLLING);
	session_probed(s);
	pass();
	writable = false;
	send(s, "a");
	pass();
	session_upgraded(s);
	assert_string_equal(s->transport->name, "websocket");
	writable = true;
	pass();
	heard("poll-release-0 4a ");
	assert_int_equal(host.stats.upgrades, 1);
	assert_int_equal(host.stats.upgrade_failures, 1);
	finish(s);
}

static void ending_twice_is_ending_once(void **state)
{
	struct eio_session *s = begin(4, true);
	(void)state;

	send(s, "a");
	session_end(s, EIO_TRANSPORT_ERROR, 0);
	session_end(s, EIO_FORCED, 1000);
	eio_session_close(s, EIO_FORCED, 1000);
	send(s, "b");
	session_violated(s, EIO_REFUSED_PACKET, 1002);
	pass();
	heard("poll-release-0 ws-release-0 end close-1 ");
	assert_int_equal(host.stats.sessions_closed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_and_order), cmocka_unit_test(heartbeat_of_revision_4),
		cmocka_unit_test(heartbeat_of_revision_3), cmocka_unit_test(directions_of_the_heartbeat),
		cmocka_unit_test(the_pong_behind_a_long_upload), cmocka_unit_test(packets_that_close), cmocka_unit_test(the_pong_deadline_stands_still),
		cmocka_unit_test(closing_writes_what_is_queued), cmocka_unit_test(closing_has_an_end),
		cmocka_unit_test(the_bound_of_the_queue), cmocka_unit_test(what_may_be_dropped_is_not_too_much),
		cmocka_unit_test(what_was_asked_for_is_spared), cmocka_unit_test(the_bound_of_all_queues),
		cmocka_unit_test(upgrade_and_its_failures),
		cmocka_unit_test(ending_twice_is_ending_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
