/*
 * polling: see polling.h.
 *
 * Room: relay/engineio.
 */
#include "frame.h"
#include "json.h"
#include "log.h"
#include "payload3.h"
#include "polling.h"
#include "session_receive.h"

#define PACKETS_MAX 32768          /* of one payload; each costs more to handle than its two bytes say */
#define PARTING_MS 50              /* a close packet waits so long for the poll sent before it */

int polling_refuse(struct eio_conn *c, enum eio_refusal refusal, enum request_fault fault)
{
	struct conn_answer a = { .status = request_fault_status(fault), .type = "application/json",
				 .body = slice_of(request_fault_text(fault)) };

	c->hub->host.stats.bad_requests++;
	if (refusal != EIO_REFUSALS)
		conn_refuse(c, refusal);
	return conn_answer(c, &a);
}

/* The answer is withheld until conn_wake: the value for lws. */
static int hold(struct eio_conn *c, enum conn_role role)
{
	c->role = role;
	return conn_hold(c) < 0 ? -1 : 0;
}

/* ---- GET ---- */

static bool has_something(const struct eio_session *s)
{
	return s->queue.count || s->state == SESSION_PROBING || s->state >= SESSION_CLOSING;
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

/* Everything that waits, or else the goodbye or a noop. */
static void put_payload(struct buf *b, const struct eio_conn *c, bool binary)
{
	struct eio_session *s = c->session;
	struct eio_frame *f;

	if (c->ended) {
		put_plain(b, c, binary, c->last_packet);
		return;
	}
	while ((f = session_peek(s))) {
		put_packet(b, c, binary, f);
		session_pop(s);
	}
	/* the goodbye goes alone: clients handle it before the messages in front of it */
	if (b->len == 0)
		put_plain(b, c, binary, s->state == SESSION_CLOSING ? PACKET_CLOSE : PACKET_NOOP);
}

/* Writes the answer of a poll: the value for lws. */
static int write_payload(struct eio_conn *c)
{
	bool binary = c->version == 3 && !c->base64 && c->jsonp < 0 && c->session && !c->session->base64 &&
		      queue_has_binary(&c->session->queue);
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
	} else if (rc == 0 && lws_partial_buffered(c->wsi)) {
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
	if (s->poll) {
		session_refuse(s, EIO_REFUSED_SECOND_POLL, EIO_TRANSPORT_ERROR, 0);
		return polling_refuse(c, EIO_REFUSALS, REQUEST_BAD);
	}
	s->poll = c;
	c->session = s;
	if (s->post && s->post->parting)
		conn_wake(s->post);
	return has_something(s) || c->in_upgrade || conn_was_kept_back(c) ? answer_poll(c) : hold(c, CONN_POLL);
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

/* ---- POST ---- */

static int answer_post(struct eio_conn *c)
{
	struct conn_answer a = { .status = 200, .type = "text/html", .body = SLICE("ok") };

	if (c->session)
		c->session->post = NULL;
	c->session = NULL;
	c->ended = c->parting = false;
	return conn_answer(c, &a);
}

int polling_post(struct eio_conn *c, struct eio_session *s, size_t length)
{
	if (s->post) {
		session_refuse(s, EIO_REFUSED_SECOND_POST, EIO_TRANSPORT_ERROR, 0);
		return polling_refuse(c, EIO_REFUSALS, REQUEST_BAD);
	}
	s->post = c;
	c->session = s;
	c->role = CONN_BODY;
	c->expected = length;
	conn_begun_drop(c);
	conn_deadline(c, c->hub->config.body_timeout_ms, EIO_REFUSED_BODY_SLOW);
	return 0;
}

int polling_body(struct eio_conn *c, const void *p, size_t n)
{
	if (c->role != CONN_BODY)
		return 0;           /* it was refused: the rest is read away */
	if (c->in.len + n > c->expected)
		return -1;
	if (conn_begun_put(c, p, n, n == c->expected) == 0)
		return 0;
	conn_refuse(c, EIO_REFUSED_UNFINISHED);
	return -1;
}

static int next_packet(struct eio_conn *c, struct slice *rest_r, struct eio_packet *p_r)
{
	if (c->version == 4)
		return payload_next(rest_r, p_r, &c->hub->decoded);
	if (c->octets)
		return payload3_next_binary(rest_r, p_r);
	return payload3_next_text(rest_r, p_r, &c->hub->decoded);
}

/* The whole payload must be well formed before any of it is handled. EIO_REFUSALS, or what is refused. */
static enum eio_refusal judge_body(struct eio_conn *c, struct slice body)
{
	struct eio_packet p;
	unsigned count = 0;
	int found = 0;

	if (body.n == 0)
		return EIO_REFUSED_PAYLOAD;
	if (!c->octets && !json_is_utf8(body))
		return EIO_REFUSED_UTF8;
	while ((found = next_packet(c, &body, &p)) == 1) {
		if (c->octets && !p.binary && !json_is_utf8(p.data))
			return EIO_REFUSED_UTF8;
		if (++count > PACKETS_MAX)
			return EIO_REFUSED_PACKETS;
	}
	return found == 0 ? EIO_REFUSALS : EIO_REFUSED_PAYLOAD;
}

/* 0, or what was wrong with the body; the session is ended then. */
static enum request_fault check_body(struct eio_conn *c)
{
	struct eio_session *s = c->session;

	c->rest = c->jsonp >= 0 ? payload3_form(&c->in) : buf_slice(&c->in);
	if (!s)
		return REQUEST_SID_UNKNOWN;
	enum eio_refusal refusal = judge_body(c, c->rest);
	if (refusal == EIO_REFUSALS)
		return REQUEST_FINE;
	s->post = NULL;
	c->session = NULL;
	session_violated(s, refusal, 1007);
	return REQUEST_BAD;
}

/*
 * Who leaves sends the close packet right behind a poll, on another connection, and is owed that poll's noop. The loop
 * may meet them the other way round: then the packet waits until the poll is there, for a moment.
 */
static bool awaits_poll(const struct eio_conn *c, const struct eio_packet *p)
{
	const struct eio_session *s = c->session;

	return p->type == PACKET_CLOSE && s->state == SESSION_POLLING && !s->poll && !c->parting && conn_begun_may_stay(c);
}

static int hold_parting(struct eio_conn *c)
{
	c->parting = true;
	int rc = hold(c, CONN_HELD);
	conn_deadline(c, PARTING_MS, EIO_REFUSALS);
	return rc;
}

/*
 * Handles packets until none is left or the session is paused: then they wait in the held connection, and this is called
 * again when it goes on. The value for lws.
 */
static int handle_body(struct eio_conn *c)
{
	struct eio_packet p;
	struct slice behind = c->rest;

	c->role = CONN_IDLE;        /* the body is whole: whoever ends the session leaves the answer to us */
	while (c->session && !c->session->paused && next_packet(c, &behind, &p) == 1) {
		if (awaits_poll(c, &p))
			return hold_parting(c);
		c->rest = behind;
		session_receive(c->session, &p);
	}
	if (!c->session || !c->session->paused) {
		conn_begun_drop(c);
		return answer_post(c);
	}
	if (c->rest.n == 0) {
		conn_begun_drop(c);
	} else if (!conn_begun_may_stay(c)) {
		conn_refuse(c, EIO_REFUSED_UNFINISHED);
		return -1;
	}
	return hold(c, CONN_HELD);
}

int polling_body_done(struct eio_conn *c)
{
	conn_body_done(c);
	if (c->role != CONN_BODY)
		return 0;
	c->role = CONN_IDLE;
	conn_deadline(c, WHEEL_NEVER, EIO_REFUSALS);
	enum request_fault fault = check_body(c);
	if (fault == REQUEST_FINE)
		return handle_body(c);
	conn_begun_drop(c);
	return polling_refuse(c, fault == REQUEST_SID_UNKNOWN ? EIO_REFUSED_SID : EIO_REFUSALS, fault);
}

/* ---- both ---- */

int polling_writable(struct eio_conn *c)
{
	if (c->role == CONN_POLL && (c->ended || (c->session && has_something(c->session))))
		return answer_poll(c);
	if (c->role == CONN_HELD && (c->ended || !c->session || !c->session->paused))
		return handle_body(c);
	return c->role == CONN_POLL || c->role == CONN_HELD ? hold(c, c->role) : 0;
}

void polling_gone(struct eio_conn *c)
{
	struct eio_session *s = c->session;
	bool done = (c->role == CONN_HELD && c->rest.n == 0) || (c->role == CONN_LEAVING && !lws_partial_buffered(c->wsi));
	enum eio_reason reason = c->parting ? EIO_PEER_CLOSED : EIO_TRANSPORT_ERROR;

	c->session = NULL;
	if (!s)
		return;
	if (s->poll == c)
		s->poll = NULL;
	if (s->post == c)
		s->post = NULL;
	if (!done)
		session_end(s, reason, 0);
}

static void polling_flush(struct eio_session *s)
{
	if (s->poll && s->poll->role == CONN_POLL && has_something(s))
		conn_wake(s->poll);
}

static bool polling_ready(const struct eio_session *s)
{
	return s->poll && s->poll->role == CONN_POLL;
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
		c->last_packet = noop ? PACKET_NOOP : PACKET_CLOSE;
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
	polling_refuse(c, EIO_REFUSALS, REQUEST_BAD);
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
	.flush = polling_flush,
	.ready = polling_ready,
	.pause = polling_pause,
	.release = polling_release,
};
