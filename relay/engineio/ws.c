/*
 * ws: see ws.h.
 *
 * Room: relay/engineio.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "frame.h"
#include "json.h"
#include "payload3.h"
#include "session_receive.h"
#include "tls.h"
#include "ws.h"

#define GATHER_MAX 65536           /* bytes of several frames that leave in one write */

/*
 * A WebSocket is not written to for this long after its 101: many clients begin to listen only when they have
 * been told that it is open, and lose a first frame that arrives in the same read.
 */
#define FRESH_MS 5
#define FRESH_BYTES 65536          /* unless more than this waits */

/* The words by which a WebSocket takes over a polling session. */
#define WORD_PROBE "2probe"
#define WORD_PROBED "3probe"
#define WORD_UPGRADE "5"

static const struct slice frame_probed = { "\x81\x06" WORD_PROBED, 8 };

/* ---- the first moment ---- */

static void fresh_leave(struct eio_conn *c)
{
	struct eio_hub *h = c->hub;
	struct eio_conn **at = &h->fresh;

	if (!c->fresh_ms)
		return;
	while (*at != c)
		at = &(*at)->fresh_next;
	*at = c->fresh_next;
	if (h->fresh_end == &c->fresh_next)
		h->fresh_end = at;
	c->fresh_ms = 0;
}

static void on_fresh(void *ctx)
{
	struct eio_hub *h = ctx;
	uint64_t now = eio_loop_now_ms(h->loop);

	while (h->fresh && h->fresh->fresh_ms + FRESH_MS <= now) {
		struct eio_conn *c = h->fresh;

		fresh_leave(c);
		if (c->session)
			session_dirty(c->session);
	}
	if (h->fresh)
		eio_timer_again(h->fresh_timer, h->fresh->fresh_ms + FRESH_MS - now, 0);
}

static void fresh_enter(struct eio_conn *c)
{
	struct eio_hub *h = c->hub;

	if (!h->fresh_timer)
		h->fresh_timer = eio_timer_new(h->loop, FRESH_MS, 0, on_fresh, h);
	else if (!h->fresh)
		eio_timer_again(h->fresh_timer, FRESH_MS, 0);
	c->fresh_ms = eio_loop_now_ms(h->loop);
	c->fresh_next = NULL;
	*h->fresh_end = c;
	h->fresh_end = &c->fresh_next;
}

/* ---- coming ---- */

static void open_session(struct eio_conn *c)
{
	struct handshake *shake = c->shake;

	c->shake = NULL;
	struct eio_session *s = hub_open(c->hub, c->version, true, shake);
	if (!s) {
		conn_goodbye(c, EIO_CUT);
		return;
	}
	s->ws = c;
	c->session = s;
	c->role = CONN_WEBSOCKET;
	conn_deadline(c, WHEEL_NEVER, EIO_REFUSALS);
	fresh_enter(c);
	session_opened(s);
}

void ws_established(struct eio_conn *c)
{
	if (c->role == CONN_DEAD)
		return;
	if (!c->sid[0]) {
		open_session(c);
		return;
	}
	struct eio_session *s = hub_find(c->hub, slice_of(c->sid));
	if (!s || s->state != SESSION_POLLING || s->probe) {
		conn_refuse(c, EIO_REFUSED_SECOND_WEBSOCKET);
		conn_goodbye(c, 1008);
		return;
	}
	s->probe = c;
	c->session = s;
	c->probed = false;
	c->role = CONN_PROBE;
	conn_deadline(c, c->hub->config.upgrade_timeout_ms, EIO_REFUSED_PROBE_SLOW);
}

/*
 * The probe, then the upgrade, and nothing else: the polling session lives on without this WebSocket otherwise. The
 * upgrade alone is taken, as the reference takes it: SocketIOClient 4 of .NET and elephant.io send no probe, and poll no more.
 */
static void receive_probe(struct eio_conn *c, struct slice message, bool binary)
{
	struct eio_session *s = c->session;

	if (!binary && !c->probed && slice_is(message, WORD_PROBE)) {
		c->probed = true;
		if (conn_write(c, frame_probed) == 0)
			session_probed(s);
		return;
	}
	s->probe = NULL;
	if (!binary && slice_is(message, WORD_UPGRADE)) {
		s->ws = c;
		c->role = CONN_WEBSOCKET;
		conn_deadline(c, WHEEL_NEVER, EIO_REFUSALS);
		session_upgraded(s);
		return;
	}
	conn_refuse(c, EIO_REFUSED_PROBE);
	conn_goodbye(c, 1002);
	session_probe_failed(s);
}

static void receive_packet(struct eio_conn *c, struct slice message, bool binary)
{
	struct eio_session *s = c->session;
	struct eio_packet p = { .type = PACKET_MESSAGE, .binary = true, .data = message };

	if (!binary && !json_is_utf8(message)) {
		session_violated(s, EIO_REFUSED_UTF8, 1007);
		return;
	}
	if (binary ? s->version == 3 && payload3_read_binary(message, &p) < 0
		   : packet_read_text(message, s->version, &p, &c->hub->decoded) < 0) {
		session_violated(s, EIO_REFUSED_PACKET, 1002);
		return;
	}
	session_receive(s, &p);
}

static void receive_message(struct eio_conn *c, struct slice message, bool binary)
{
	if (c->role == CONN_PROBE)
		receive_probe(c, message, binary);
	else if (c->role == CONN_WEBSOCKET)
		receive_packet(c, message, binary);
}

/* Too large (1009), or one too many that is not complete. */
static void refuse_message(struct eio_conn *c, enum eio_refusal refusal, int code)
{
	struct eio_session *s = c->session;

	if (s && s->ws == c) {
		session_refuse(s, refusal, EIO_TRANSPORT_ERROR, code);
		return;
	}
	conn_refuse(c, refusal);
	if (s)
		s->probe = NULL;
	conn_goodbye(c, code);
	if (s)
		session_probe_failed(s);
}

void ws_receive(struct eio_conn *c, const void *p, size_t n)
{
	bool final = lws_is_final_fragment(c->wsi);

	if (c->role != CONN_WEBSOCKET && c->role != CONN_PROBE)
		return;
	/* what is announced counts, so that a lie is met at its first piece */
	if (c->in.len + n + lws_remaining_packet_payload(c->wsi) > c->hub->config.max_payload) {
		refuse_message(c, EIO_REFUSED_MESSAGE_LARGE, 1009);
		return;
	}
	bool binary = lws_frame_is_binary(c->wsi);
	/* a fragment may be empty: what tells that a message has begun is its deadline */
	if (c->role == CONN_WEBSOCKET && final)
		conn_deadline(c, WHEEL_NEVER, EIO_REFUSALS);
	else if (c->role == CONN_WEBSOCKET && !wheel_armed(&c->deadline))
		conn_deadline(c, c->hub->config.body_timeout_ms, EIO_REFUSED_MESSAGE_SLOW);
	if (final && c->in.len == 0) {
		receive_message(c, (struct slice){ p, n }, binary);
		return;
	}
	if (conn_begun_put(c, p, n, false) < 0) {
		refuse_message(c, EIO_REFUSED_UNFINISHED, EIO_CUT);
		return;
	}
	if (!final)
		return;
	struct buf whole = conn_begun_take(c);
	receive_message(c, buf_slice(&whole), binary);
	buf_fini(&whole);
}

/* ---- going ---- */

/* Takes frames off the queue into one write; a lone or large one leaves out of its own bytes. */
static int write_some(struct eio_session *s)
{
	struct buf *b = &s->ws->hub->scratch;
	struct eio_frame *f = session_peek(s);
	bool base64 = s->ws->base64;
	size_t len = frame_wire_len(f, s->version, base64);
	bool ready_made = !frame_is_binary(f) || (s->version == 4 && !base64);

	if ((s->queue.count == 1 || len >= GATHER_MAX) && ready_made) {
		int rc = conn_write(s->ws, frame_wire(f));

		session_pop(s);
		return rc;
	}
	buf_reset(b);
	do {
		frame_put_wire(f, s->version, base64, b);
		session_pop(s);
		f = session_peek(s);
	} while (f && b->len + frame_wire_len(f, s->version, base64) <= GATHER_MAX);
	return conn_write(s->ws, buf_slice(b));
}

static void ws_flush(struct eio_session *s)
{
	struct eio_conn *c = s->ws;

	if (!c || (c->fresh_ms && s->queue.size <= FRESH_BYTES))
		return;
	while (s->queue.count && !lws_partial_buffered(c->wsi)) {
		if (write_some(s) < 0) {
			s->ws = NULL;
			c->session = NULL;
			session_end(s, EIO_PEER_CLOSED, 0);
			return;
		}
	}
	if (s->queue.count || c->leaving)      /* what leaves is counted until lws calls */
		lws_callback_on_writable(c->wsi);
	if (!s->queue.count && s->state == SESSION_CLOSING)
		session_end(s, s->reason, s->close_code);
}

static int say_goodbye(struct eio_conn *c)
{
	int code = c->close_code;

	c->close_code = 0;          /* a second -1 would cut off the peer's answer */
	if (code == EIO_CUT) {
		/* our side alone: closed with something of its unread, what we wrote last could be lost */
		tls_say_closed(lws_get_ssl(c->wsi));
		shutdown(lws_get_socket_fd(c->wsi), SHUT_WR);
		return 0;
	}
	lws_close_reason(c->wsi, (enum lws_close_status)code, NULL, 0);
	return -1;
}

int ws_writable(struct eio_conn *c)
{
	conn_left(c);
	if (c->close_code)
		return say_goodbye(c);
	if (c->role == CONN_WEBSOCKET && c->session)
		c->session->transport->flush(c->session);
	return 0;
}

/* ---- ending ---- */

/* The connection serves nobody any more; its session hears of it. */
static void leave(struct eio_conn *c)
{
	struct eio_session *s = c->session;

	c->session = NULL;
	if (!s)
		return;
	if (s->probe == c) {
		s->probe = NULL;
		session_probe_failed(s);
	}
	if (s->ws == c) {
		s->ws = NULL;
		session_end(s, EIO_PEER_CLOSED, 0);
	}
}

void ws_peer_closed(struct eio_conn *c)
{
	if (c->role == CONN_WEBSOCKET || c->role == CONN_PROBE)
		c->role = CONN_GOODBYE;     /* nothing is written behind its close frame, nothing heard */
	c->close_code = 0;
	leave(c);
}

/* Whether the peer's side of the connection is still open. Over TLS its goodbye may come before its FIN. */
static bool peer_is_there(const struct eio_conn *c)
{
	struct tcp_info info;
	socklen_t len = sizeof info;

	return getsockopt(lws_get_socket_fd(c->wsi), IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	       info.tcpi_state == TCP_ESTABLISHED && !tls_peer_closed(lws_get_ssl(c->wsi));
}

void ws_dropped(struct eio_conn *c)
{
	struct eio_session *s = c->session;
	bool refused = s && (c->role == CONN_WEBSOCKET || c->role == CONN_PROBE) && peer_is_there(c);

	if (refused && c->role == CONN_WEBSOCKET) {
		s->ws = NULL;               /* lws says the close frame by itself */
		c->session = NULL;
		session_refuse(s, EIO_REFUSED_FRAME, EIO_TRANSPORT_ERROR, 0);
	} else if (refused) {
		conn_refuse(c, EIO_REFUSED_FRAME);
	}
	ws_peer_closed(c);
}

void ws_gone(struct eio_conn *c)
{
	c->role = CONN_DEAD;
	fresh_leave(c);
	leave(c);
}

static bool ws_ready(const struct eio_session *s)
{
	return s->ws && !s->ws->fresh_ms && !lws_partial_buffered(s->ws->wsi);
}

static void ws_pause(struct eio_session *s, bool on)
{
	if (s->ws)
		lws_rx_flow_control(s->ws->wsi, !on);
}

static void ws_release(struct eio_session *s, int code)
{
	struct eio_conn *ws = s->ws, *probe = s->probe;

	s->ws = s->probe = NULL;
	if (ws)
		conn_goodbye(ws, code ? code : 1000);
	if (probe)
		conn_goodbye(probe, code ? code : 1000);
}

const struct eio_transport eio_websocket = {
	.name = "websocket",
	.queues = 1,
	.flush = ws_flush,
	.ready = ws_ready,
	.pause = ws_pause,
	.release = ws_release,
};
