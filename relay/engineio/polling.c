/*
 * polling: see polling.h.
 *
 * Room: relay/engineio.
 */
#include "frame.h"
#include "payload3.h"
#include "polling.h"
#include "post.h"

#define HANGUP_MS 50               /* a held poll's client that hung up is gone after this time */
#define PACKETS_PYTHON 16           /* that its client takes in one payload (python-engineio, Payload.max_decode_packets) */
#define NOOP_MS 100                /* from noop to noop while a client probes, as in the reference: it may poll on */

/* ---- GET ---- */

/* How long until a probing client's poll gets the next noop. */
static uint32_t noop_wait_ms(const struct eio_session *s)
{
	uint32_t since_ms = (uint32_t)*s->host->now_ms - s->noop_ms;

	return since_ms < NOOP_MS ? NOOP_MS - since_ms : 0;
}

static bool has_something(const struct eio_session *s)
{
	return s->queue.count || s->state >= SESSION_CLOSING ||
	       (s->state == SESSION_PROBING && noop_wait_ms(s) == 0);
}

/* A poll is held that can still be answered. */
static bool polls(const struct eio_session *s)
{
	return s && s->poll && s->poll->role == CONN_POLL && !s->poll->hung_up;
}

/* A held poll is woken for its noop. */
static void await_noop(const struct eio_session *s)
{
	if (s->state == SESSION_PROBING)
		conn_deadline(s->poll, noop_wait_ms(s), EIO_REFUSALS);
}

static int hold_poll(struct eio_conn *c)
{
	int rc = conn_hold(c, CONN_POLL);

	if (rc == 0 && polls(c->session))
		await_noop(c->session);
	return rc;
}

static void put_packet(struct buf *b, const struct eio_conn *c, bool binary, const struct eio_frame *f)
{
	if (c->version == 3) {
		(binary ? payload3_put_binary : payload3_put_text)(b, f);
		return;
	}
	if (b->len)
		buf_putc(b, PAYLOAD_SEPARATOR);
	frame_put_polling(f, b);
}

static void put_plain(struct buf *b, const struct eio_conn *c, bool binary, char type)
{
	struct eio_frame *f = frame_packet(type, SLICE_NONE);

	put_packet(b, c, binary, f);
	eio_frame_unref(f);
}

/*
 * What a poll is told when its session ends: Python's client takes the packet `close` for a word never to come back
 * (python-socketio, _handle_eio_disconnect), so it gets a noop, and hears of the end by its next poll.
 */
static char goodbye_of(const struct eio_session *s)
{
	return handshake_of_python(s->handshake) ? PACKET_NOOP : PACKET_CLOSE;
}

/* Everything that waits, or as much as the client takes at once, or else the goodbye or a noop. */
static void put_payload(struct buf *b, const struct eio_conn *c, bool binary)
{
	struct eio_session *s = c->session;
	struct eio_frame *f;
	size_t left;

	if (c->ended) {
		put_plain(b, c, binary, c->last_packet);
		return;
	}
	for (left = handshake_of_python(s->handshake) ? PACKETS_PYTHON : SIZE_MAX; left && (f = session_peek(s)); left--) {
		put_packet(b, c, binary, f);
		session_pop(s);
	}
	/* the goodbye goes alone: clients handle it before the messages in front of it */
	if (b->len)
		return;
	put_plain(b, c, binary, s->state == SESSION_CLOSING ? goodbye_of(s) : PACKET_NOOP);
	if (s->state == SESSION_PROBING)
		s->noop_ms = (uint32_t)*s->host->now_ms;
}

/*
 * Whether the payload of revision 3 counts bytes: where something in it is binary, as the reference does; and for Python's
 * client always, which counts characters of a text payload (python-engineio 3, Payload.decode) where JavaScript counts two
 * for one above U+FFFF, and would lose what lies behind an emoji.
 */
static bool counts_bytes(const struct eio_conn *c)
{
	const struct eio_session *s = c->session;

	return c->version == 3 && !c->base64 && c->jsonp < 0 && s && !s->base64 &&
	       (queue_has_binary(&s->queue) || handshake_of_python(s->handshake));
}

/* Writes the answer of a poll: the value for lws. */
static int write_payload(struct eio_conn *c)
{
	bool binary = counts_bytes(c);
	struct buf body = BUF_INIT, script = BUF_INIT;
	struct conn_answer a = { .status = 200,
				 .type = binary ? "application/octet-stream" : "text/plain; charset=UTF-8" };

	put_payload(&body, c, binary);
	a.body = buf_slice(&body);
	if (c->jsonp >= 0) {
		payload3_put_script(&script, c->jsonp, a.body);
		a.type = "text/javascript; charset=UTF-8";
		a.body = buf_slice(&script);
	}
	c->session = NULL;
	c->ended = false;
	/* lws's time for a request, which a held poll has left behind already: a slow reader is the heartbeat's */
	lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
	int rc = conn_answer(c, &a);
	buf_fini(&body);
	buf_fini(&script);
	return rc;
}

static int answer_poll(struct eio_conn *c)
{
	struct eio_session *s = c->session;
	bool goodbye = s && s->state == SESSION_CLOSING && s->queue.count == 0;
	int rc = write_payload(c);

	if (!s)
		return rc;
	s->poll = NULL;
	if (c->role == CONN_DEAD) {
		session_end(s, EIO_TRANSPORT_ERROR, 0);
	} else if (lws_partial_buffered(c->wsi)) {   /* also when lws is to end the connection behind it */
		c->role = CONN_LEAVING;
		c->session = s;
		s->poll = c;
		conn_deadline(c, WHEEL_NEVER, EIO_REFUSALS);
	}
	if (goodbye)
		session_end(s, s->reason, 0);
	return rc;
}

int polling_get(struct eio_conn *c, struct eio_session *s)
{
	if (s->poll && s->poll->hung_up) {
		session_end(s, EIO_TRANSPORT_ERROR, 0);
		return conn_answer_fault(c, EIO_REFUSED_SID, REQUEST_SID_UNKNOWN);
	}
	if (s->poll) {
		session_refuse(s, EIO_REFUSED_SECOND_POLL, EIO_TRANSPORT_ERROR, 0);
		return conn_answer_fault(c, EIO_REFUSALS, REQUEST_BAD);
	}
	s->poll = c;
	c->session = s;
	if (s->post && s->post->parting)
		conn_wake(s->post);
	return has_something(s) || c->in_upgrade || conn_was_kept_back(c) ? answer_poll(c) : hold_poll(c);
}

void polling_left(struct eio_conn *c)
{
	if (c->role != CONN_LEAVING || lws_partial_buffered(c->wsi))
		return;
	c->session->poll = NULL;
	c->session = NULL;
	c->role = CONN_IDLE;
	conn_deadline(c, CONN_KEEPALIVE_MS, EIO_REFUSED_IDLE);
}

/* ---- both ---- */

int polling_writable(struct eio_conn *c)
{
	if (c->role == CONN_POLL && (c->ended || (polls(c->session) && has_something(c->session))))
		return answer_poll(c);
	if (c->hung_up)
		return -1;      /* woken in the turn in which it hung up: reading again, it would keep the loop awake */
	if (c->role == CONN_HELD && (c->ended || c->parting || !c->session || !c->session->paused))
		return post_go_on(c);
	if (c->role == CONN_POLL)
		return hold_poll(c);
	return c->role == CONN_HELD ? conn_hold(c, c->role) : 0;
}

void polling_gone(struct eio_conn *c)
{
	struct eio_session *s = c->session;
	bool done = (c->role == CONN_HELD && c->rest.n == 0) || (c->role == CONN_LEAVING && !lws_partial_buffered(c->wsi));
	enum eio_reason reason = c->parting ? EIO_PEER_CLOSED : EIO_TRANSPORT_ERROR;

	c->session = NULL;
	if (!s)
		return;
	/* what it had sent is still to be handled: its ping will end it */
	done |= s->poll == c && c->role != CONN_LEAVING && s->post && s->post->role == CONN_HELD && s->post->rest.n > 0;
	if (s->poll == c)
		s->poll = NULL;
	if (s->post == c)
		s->post = NULL;
	/* what went over to WebSocket does not die with a POST that broke off behind it; of a withheld one the rest would be lost */
	if (!done && (s->transport == s->host->polling || c->role == CONN_HELD))
		session_end(s, reason, 0);
}

/* What it sent before, on other connections, may still lie unread: the loop calls whom it likes first. */
void polling_hung_up(void *conn)
{
	struct eio_conn *c = conn;

	if (c->role != CONN_POLL || !c->session)
		return;
	c->hung_up = true;
	conn_deadline(c, HANGUP_MS, EIO_REFUSALS);
}

static void polling_flush(struct eio_session *s)
{
	if (!polls(s))
		return;
	if (has_something(s))
		conn_wake(s->poll);
	else
		await_noop(s);
}

static bool polling_ready(const struct eio_session *s)
{
	return polls(s);
}

static void polling_pause(struct eio_session *s, bool on)
{
	if (!on && s->post && s->post->role == CONN_HELD)
		conn_wake(s->post);
}

static void release_poll(struct eio_session *s)
{
	struct eio_conn *c = s->poll;

	s->poll = NULL;
	c->session = NULL;
	if (c->role == CONN_POLL) {
		c->ended = true;
		/*
		 * the reference's last words: a noop when it was the client who left, or who went over to
		 * WebSocket
		 */
		bool noop = s->state != SESSION_CLOSED || s->reason == EIO_PEER_CLOSED;
		c->last_packet = noop ? PACKET_NOOP : goodbye_of(s);
		conn_wake(c);
	} else if (s->state == SESSION_CLOSED && s->reason != EIO_FORCED && s->reason != EIO_SHUTDOWN) {
		conn_kill(c);
	} else {
		c->role = CONN_IDLE;        /* the answer goes on leaving, for nobody */
		conn_deadline(c, CONN_KEEPALIVE_MS, EIO_REFUSED_IDLE);
	}
}

/* A POST whose body is still arriving is answered in the middle of it and cut. */
static void refuse_now(struct eio_conn *c)
{
	c->wants_close = true;
	conn_answer_fault(c, EIO_REFUSALS, REQUEST_BAD);
	conn_kill(c);
}

static void polling_release(struct eio_session *s, int code)
{
	struct eio_conn *c = s->post;

	(void)code;
	if (s->poll)
		release_poll(s);
	if (!c || s->state != SESSION_CLOSED)
		return;             /* a POST that was under way at an upgrade is still handled */
	s->post = NULL;
	c->session = NULL;
	if (c->role == CONN_HELD) {
		c->ended = true;
		conn_wake(c);
	} else if (c->role == CONN_BODY) {
		refuse_now(c);
	}
}

const struct eio_transport eio_polling = {
	.name = "polling",
	.queues = 4,    /* nothing leaves between two polls, however fast the client is */
	.flush = polling_flush,
	.ready = polling_ready,
	.pause = polling_pause,
	.release = polling_release,
};
