/*
 * post: see post.h.
 *
 * Room: relay/engineio.
 */
#include "json.h"
#include "payload3.h"
#include "post.h"
#include "session_receive.h"

#define PACKETS_MAX 32768          /* of one payload; each costs more to handle than its two bytes say */
#define PARTING_MS 50              /* a close packet waits so long for the poll sent before it */

static int answer_post(struct eio_conn *c)
{
	struct conn_answer a = { .status = 200, .type = "text/html", .body = SLICE("ok") };

	if (c->session)
		c->session->post = NULL;
	c->session = NULL;
	c->ended = c->parting = false;
	return conn_answer(c, &a);
}

int post_begin(struct eio_conn *c, struct eio_session *s, size_t length)
{
	if (s->post && s->post->parting) {
		session_end(s, EIO_PEER_CLOSED, 0);
		return conn_answer_fault(c, EIO_REFUSED_SID, REQUEST_SID_UNKNOWN);
	}
	if (s->post) {
		session_refuse(s, EIO_REFUSED_SECOND_POST, EIO_TRANSPORT_ERROR, 0);
		return conn_answer_fault(c, EIO_REFUSALS, REQUEST_BAD);
	}
	s->post = c;
	c->session = s;
	c->role = CONN_BODY;
	c->expected = length;
	conn_begun_drop(c);
	conn_deadline(c, c->hub->config.body_timeout_ms, EIO_REFUSED_BODY_SLOW);
	return 0;
}

int post_body(struct eio_conn *c, const void *p, size_t n)
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

/* False when something is wrong with the body: the session is ended then. */
static bool check_body(struct eio_conn *c)
{
	struct eio_session *s = c->session;

	c->rest = c->jsonp >= 0 ? payload3_form(&c->in) : buf_slice(&c->in);
	enum eio_refusal refusal = judge_body(c, c->rest);
	if (refusal == EIO_REFUSALS)
		return true;
	s->post = NULL;
	c->session = NULL;
	session_violated(s, refusal, 1007);
	return false;
}

/*
 * Who leaves sends the close packet right behind a poll, on another connection, and is owed that poll's noop. The loop
 * may meet them the other way round: then the packet waits until the poll is there, for a moment.
 */
static bool awaits_poll(const struct eio_conn *c, const struct eio_packet *p)
{
	const struct eio_session *s = c->session;

	return p->type == PACKET_CLOSE && s->state == SESSION_POLLING && !s->poll && conn_begun_may_stay(c);
}

static int hold_parting(struct eio_conn *c)
{
	c->parting = true;
	int rc = conn_hold(c, CONN_HELD);
	conn_deadline(c, PARTING_MS, EIO_REFUSALS);
	return rc;
}

int post_go_on(struct eio_conn *c)
{
	struct eio_packet p;
	struct slice behind = c->rest;

	c->role = CONN_IDLE;        /* the body is whole: whoever ends the session leaves the answer to us */
	if (c->parting && c->session)
		session_end(c->session, EIO_PEER_CLOSED, 1000);
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
	return conn_hold(c, CONN_HELD);
}

int post_done(struct eio_conn *c)
{
	conn_body_done(c);
	if (c->role != CONN_BODY)
		return 0;
	c->role = CONN_IDLE;
	conn_deadline(c, WHEEL_NEVER, EIO_REFUSALS);
	if (check_body(c))
		return post_go_on(c);
	conn_begun_drop(c);
	return conn_answer_fault(c, EIO_REFUSALS, REQUEST_BAD);
}
