/*
 * session: see session.h. Life, queue and heartbeat of a session; what its packets mean is in
 * session_receive.c.
 *
 * Room: relay/engineio.
 */
#include <stdlib.h>

#include "frame.h"
#include "log.h"
#include "refusal.h"
#include "session.h"

#define WS_GRACE_MS 5000           /* a closing WebSocket has this long to take what is queued */
#define POLL_GRACE_MS 15000        /* a closing poller has this long to come and fetch it */
#define SPARED_MAX (4u << 20)      /* bytes that eio_session_spare grants together */

static const char *const state_names[] = { "polling", "probing", "websocket", "closing", "closed" };
static const char *const reason_names[] = {
	[EIO_PEER_CLOSED] = "the peer closed", [EIO_TRANSPORT_ERROR] = "transport error",
	[EIO_PING_TIMEOUT] = "ping timeout", [EIO_PARSE_ERROR] = "parse error", [EIO_FORCED] = "from above",
	[EIO_SLOW] = "too slow", [EIO_SHUTDOWN] = "shutting down",
};

static void set_state(struct eio_session *s, enum session_state state)
{
	log_trace(s->sid, "%s -> %s", state_names[s->state], state_names[state]);
	s->state = state;
}

/* ---- the queue ---- */

struct eio_frame *session_peek(const struct eio_session *s)
{
	return queue_peek(&s->queue);
}

void session_pop(struct eio_session *s)
{
	s->host->stats.bytes_out += queue_pop(&s->queue);
}

void session_dirty(struct eio_session *s)
{
	if (s->dirty_link || s->state == SESSION_CLOSED)
		return;
	s->dirty_next = s->host->dirty;
	s->dirty_link = &s->host->dirty;
	if (s->dirty_next)
		s->dirty_next->dirty_link = &s->dirty_next;
	s->host->dirty = s;
}

static void session_clean(struct eio_session *s)
{
	if (!s->dirty_link)
		return;
	*s->dirty_link = s->dirty_next;
	if (s->dirty_next)
		s->dirty_next->dirty_link = s->dirty_link;
	s->dirty_link = NULL;
}

static bool fits(const struct eio_session *s, size_t size)
{
	const struct eio_config *c = s->host->config;
	size_t whole = s->queue.size + size, most = c->send_queue_max * s->transport->queues;

	return (s->queue.count == 0 || whole <= most + s->queue.spared) &&
	       queue_may_hold(whole, s->host->leaving, c->send_queues_max);
}

/*
 * False when the frame does not fit. A burst within one pass is not the peer's fault: what a WebSocket can take, it
 * gets first; a poll gets nothing before the end of the pass.
 */
static bool queue_has_room(struct eio_session *s, size_t size)
{
	if (s->queue.count && !fits(s, size))
		s->transport->flush(s);
	return fits(s, size);
}

static void send_frame(struct eio_session *s, struct eio_frame *f)
{
	bool room = queue_has_room(s, queue_cost(f));

	if (s->state == SESSION_CLOSED)
		return;             /* the flush met a dead peer */
	if (!room) {
		log_debug(s->sid, "too slow: %zu bytes wait", s->queue.size);
		session_refuse(s, EIO_REFUSED_QUEUE, EIO_SLOW, EIO_CUT);
		return;
	}
	queue_put(&s->queue, f);
	s->host->stats.frames_queued++;
	session_dirty(s);
}

void session_send_packet(struct eio_session *s, char type, struct slice data)
{
	struct eio_frame *f = frame_packet(type, data);

	send_frame(s, f);
	eio_frame_unref(f);
}

void eio_session_send(struct eio_session *s, struct eio_frame *f)
{
	if (s->state >= SESSION_CLOSING)
		return;
	s->host->stats.messages_out++;
	send_frame(s, f);
}

void eio_session_send_volatile(struct eio_session *s, struct eio_frame *f)
{
	if (s->state < SESSION_CLOSING && s->transport->ready(s) && queue_has_room(s, queue_cost(f)))
		eio_session_send(s, f);
}

void eio_session_spare(struct eio_session *s, size_t size)
{
	size_t left = SPARED_MAX - s->queue.spared;

	size += QUEUE_FRAME_COST;
	s->queue.spared += size < left ? size : left;
}

size_t eio_session_queued(const struct eio_session *s)
{
	return s->queue.size;
}

/* ---- the heartbeat ---- */

static void on_timer(struct wheel_entry *e);

static void arm(struct eio_session *s, uint64_t delay_ms)
{
	s->due_ms = *s->host->now_ms + delay_ms;
	wheel_set(&s->host->wheel, &s->timer, s->due_ms, on_timer);
}

/* Revision 4: the server pings and waits for a pong. Revision 3: the client pings, the server only waits. */
void session_alive(struct eio_session *s)
{
	const struct eio_config *c = s->host->config;

	s->awaiting_pong = s->version == 3;
	if (s->version == 3 && s->paused)
		wheel_cancel(&s->timer);
	else
		arm(s, (uint64_t)c->ping_interval_ms + (s->version == 3 ? c->ping_timeout_ms : 0));
}

static void heartbeat_ping(struct eio_session *s)
{
	uint64_t late = *s->host->now_ms - s->due_ms, timeout = s->host->config->ping_timeout_ms;

	session_send_packet(s, PACKET_PING, SLICE_NONE);
	if (s->state == SESSION_CLOSED)
		return;
	s->awaiting_pong = true;
	s->ping_ms = *s->host->now_ms;
	s->extended = false;
	if (!s->paused)             /* unread it cannot answer in time; the wheel's tick is not the peer's */
		arm(s, late <= WHEEL_TICK_MS && late < timeout ? timeout - late : timeout);
}

void session_heard(struct eio_session *s)
{
	if (s->version == 3) {
		session_alive(s);
	} else if (s->awaiting_pong && !s->extended && !s->paused) {
		s->extended = true;
		arm(s, s->host->config->ping_timeout_ms);
	}
}

static void heartbeat_missed(struct eio_session *s)
{
	session_refuse(s, EIO_REFUSED_PONG, EIO_PING_TIMEOUT, EIO_CUT);
}

bool session_overdue(struct eio_session *s)
{
	if (s->state >= SESSION_CLOSING || s->paused || !s->awaiting_pong || *s->host->now_ms < s->due_ms)
		return false;
	heartbeat_missed(s);
	return true;
}

static void on_timer(struct wheel_entry *e)
{
	struct eio_session *s = (struct eio_session *)((char *)e - offsetof(struct eio_session, timer));

	if (s->state == SESSION_CLOSING)
		session_end(s, s->reason, s->close_code);
	else if (s->awaiting_pong)
		heartbeat_missed(s);
	else
		heartbeat_ping(s);
}

/* A POST that was withheld when the session left polling waits for the same word. */
static void read_on(struct eio_session *s)
{
	s->paused = false;
	s->transport->pause(s, false);
	if (s->post && s->transport != s->host->polling)
		s->host->polling->pause(s, false);
}

void eio_session_pause(struct eio_session *s)
{
	if (s->paused || s->state >= SESSION_CLOSING)
		return;
	s->paused = true;
	if (s->awaiting_pong)
		wheel_cancel(&s->timer);
	s->transport->pause(s, true);
}

void eio_session_resume(struct eio_session *s)
{
	if (!s->paused || s->state >= SESSION_CLOSING)
		return;
	read_on(s);
	if (s->awaiting_pong && s->version == 4)
		arm(s, s->host->config->ping_timeout_ms);
	else if (s->version == 3)
		session_alive(s);
}

/* ---- the upgrade ---- */

void session_probed(struct eio_session *s)
{
	if (s->state != SESSION_POLLING)
		return;
	set_state(s, SESSION_PROBING);
	session_dirty(s);           /* a held poll gets its noop, or the client would wait for ever */
}

void session_probe_failed(struct eio_session *s)
{
	s->host->stats.upgrade_failures++;
	if (s->state == SESSION_PROBING)
		set_state(s, SESSION_POLLING);
}

void session_upgraded(struct eio_session *s)
{
	if (s->state == SESSION_CLOSING)
		arm(s, WS_GRACE_MS);
	else
		set_state(s, SESSION_WEBSOCKET);
	s->transport = s->host->websocket;
	s->host->stats.upgrades++;
	s->host->polling->release(s, 0);
	if (s->paused)
		s->transport->pause(s, true);
	session_dirty(s);
}

/* ---- birth and end ---- */

static void send_open(struct eio_session *s)
{
	const struct eio_config *c = s->host->config;
	struct buf b = BUF_INIT;

	buf_putf(&b, "{\"sid\":\"%s\",\"upgrades\":[%s],\"pingInterval\":%u,\"pingTimeout\":%u", s->sid,
		 s->state == SESSION_POLLING ? "\"websocket\"" : "", c->ping_interval_ms, c->ping_timeout_ms);
	if (s->version == 4)
		buf_putf(&b, ",\"maxPayload\":%zu", c->max_payload);
	buf_putc(&b, '}');
	session_send_packet(s, PACKET_OPEN, buf_slice(&b));
	buf_fini(&b);
}

struct eio_session *session_new(struct session_host *h, int version, bool websocket, struct handshake *shake)
{
	struct eio_session *s = mem_zero(1, sizeof *s);

	s->host = h;
	s->version = (uint8_t)version;
	s->state = websocket ? SESSION_WEBSOCKET : SESSION_POLLING;
	s->transport = websocket ? h->websocket : h->polling;
	s->handshake = shake;
	ids_sid(s->sid);
	return s;
}

void session_opened(struct eio_session *s)
{
	struct session_host *h = s->host;

	h->stats.sessions_opened++;
	h->stats.sessions++;
	s->proved_ms = *h->now_ms;
	send_open(s);
	session_alive(s);
	log_debug(s->sid, "open, %s, revision %d, from %s", s->transport->name, s->version,
		  s->handshake->address);
	if (h->cb.on_open)
		h->cb.on_open(h->ctx, s);
}

void session_end(struct eio_session *s, enum eio_reason reason, int code)
{
	struct session_host *h = s->host;

	if (s->state == SESSION_CLOSED)
		return;
	if (s->state != SESSION_CLOSING)
		s->reason = reason;  /* who began to close gave the reason */
	wheel_cancel(&s->timer);
	set_state(s, SESSION_CLOSED);
	queue_fini(&s->queue);
	session_clean(s);
	h->polling->release(s, code);
	h->websocket->release(s, code);
	h->stats.sessions--;
	h->stats.sessions_closed++;
	h->on_end(h, s);
	s->ended_next = h->ended;
	h->ended = s;
}

void session_refuse(struct eio_session *s, enum eio_refusal refusal, enum eio_reason reason, int code)
{
	const char *text = refusal_note(&s->host->stats, s->handshake->address, refusal);

	if (s->state < SESSION_CLOSING)
		s->why = text;
	session_end(s, reason, code);
}

void session_violated(struct eio_session *s, enum eio_refusal refusal, int code)
{
	if (s->state >= SESSION_CLOSING)
		return;
	s->host->stats.parse_errors++;
	session_refuse(s, refusal, EIO_PARSE_ERROR, code);
}

const char *eio_session_why(const struct eio_session *s)
{
	return s->why;
}

void eio_session_close(struct eio_session *s, enum eio_reason reason, int code)
{
	if (s->state >= SESSION_CLOSING)
		return;
	bool websocket = s->state == SESSION_WEBSOCKET;
	s->reason = reason;
	s->close_code = code;
	if (s->paused)              /* a closing session reads its peer's goodbye */
		read_on(s);
	/* who is upgrading stays welcome: it polls no more, and hears the goodbye only over there */
	set_state(s, SESSION_CLOSING);
	arm(s, websocket ? WS_GRACE_MS : POLL_GRACE_MS);
	session_dirty(s);
}

/* ---- the end of a pass ---- */

bool session_reap(struct session_host *h)
{
	bool did = h->ended != NULL;

	while (h->ended) {
		struct eio_session *s = h->ended;

		h->ended = s->ended_next;
		log_debug(s->sid, "closed: %s%s%s", reason_names[s->reason], s->why ? ", " : "",
			  s->why ? s->why : "");
		if (h->cb.on_close)
			h->cb.on_close(h->ctx, s, s->reason);
		handshake_free(s->handshake);
		free(s);
	}
	return did;
}

bool session_flush(struct session_host *h)
{
	bool did = h->dirty != NULL;

	while (h->dirty) {
		struct eio_session *s = h->dirty;

		session_clean(s);
		s->transport->flush(s);
	}
	return did;
}
