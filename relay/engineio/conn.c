/*
 * conn: see conn.h.
 *
 * Room: relay/engineio.
 * Bytes leave by LWS_WRITE_RAW and LWS_WRITE_HTTP_FINAL alone, whole answers and whole frames: the only
 * kinds of write that libwebsockets 4.1 gets right when an earlier one is still buffered.
 */
#include <linux/tcp.h>             /* the libc's struct tcp_info is older */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "conn.h"
#include "hangup.h"
#include "log.h"
#include "share.h"

#define HEAD_MIN 16                /* bytes of the smallest request */
#define COUNT_TRIES 100            /* each a few microseconds: more than a peer's segments can fall between */
#define GOODBYE_MS 6000            /* lws itself waits 5 s for the peer's close frame */

int conn_local_port(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof a;

	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return 0;
	return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
					     : ((struct sockaddr_in *)&a)->sin_port);
}

struct eio_conn *conn_new(struct eio_hub *h, struct lws *wsi, const char *peer, bool counted)
{
	struct eio_conn *c = mem_zero(1, sizeof *c);

	c->hub = h;
	c->wsi = wsi;
	c->counted = counted;
	c->aside = h->config.aside_host && conn_local_port(lws_get_socket_fd(wsi)) == h->config.aside_port;
	memcpy(c->peer, peer, strnlen(peer, sizeof c->peer - 1));
	memcpy(c->asker, c->peer, sizeof c->asker);
	lws_set_opaque_user_data(wsi, c);
	conn_deadline(c, h->config.header_timeout_ms, EIO_REFUSED_HEAD_SLOW);
	return c;
}

void conn_free(struct eio_conn *c)
{
	struct eio_hub *h = c->hub;

	wheel_cancel(&c->deadline);
	if (c->counted)
		hub_connection_give(h, c->peer);
	h->host.stats.connections--;
	conn_begun_drop(c);
	h->host.leaving -= c->leaving;
	handshake_free(c->shake);
	free(c->allow_origin);
	free(c);
}

void conn_allow_origin(struct eio_conn *c, struct slice origin)
{
	free(c->allow_origin);
	c->allow_origin = origin.n ? mem_copy(origin) : NULL;
}

static void on_deadline(struct wheel_entry *e);

void conn_refuse(struct eio_conn *c, enum eio_refusal r)
{
	hub_refuse(c->hub, c->session ? c->session->handshake->address : c->asker, r);
}

void conn_deadline(struct eio_conn *c, uint64_t delay_ms, enum eio_refusal late)
{
	c->late = late;
	if (delay_ms == WHEEL_NEVER)
		wheel_cancel(&c->deadline);
	else
		wheel_set(&c->hub->host.wheel, &c->deadline, *c->hub->host.now_ms + delay_ms, on_deadline);
}

void conn_kill(struct eio_conn *c)
{
	wheel_cancel(&c->deadline);
	c->role = CONN_DEAD;
	c->close_code = 0;
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
	lws_cancel_service(c->hub->lws);
}

static bool may_hold(const struct eio_conn *c, size_t len)
{
	return share_fits(len, c->hub->begun, CONN_BEGUN_MAX, CONN_BEGUN_FREE);
}

bool conn_begun_may_stay(const struct eio_conn *c)
{
	return may_hold(c, c->in.len);
}

int conn_begun_put(struct eio_conn *c, const void *p, size_t n, bool whole)
{
	if (!whole && !may_hold(c, c->in.len + n))
		return -1;
	c->hub->begun += n;
	buf_put(&c->in, p, n);
	return 0;
}

struct buf conn_begun_take(struct eio_conn *c)
{
	struct buf whole = c->in;

	c->hub->begun -= whole.len;
	c->in = BUF_INIT;
	return whole;
}

void conn_begun_drop(struct eio_conn *c)
{
	struct buf whole = conn_begun_take(c);

	buf_fini(&whole);
}

void conn_left(struct eio_conn *c)
{
	if (!c->leaving || lws_partial_buffered(c->wsi))
		return;
	c->hub->host.leaving -= c->leaving;
	c->leaving = 0;
}

/* lws keeps a copy of what the kernel does not take, and does not say of how much: the whole counts until all is gone. */
static int write_out(struct eio_conn *c, unsigned char *p, size_t n, enum lws_write_protocol how)
{
	conn_left(c);
	int rc = lws_write(c->wsi, p, n, how);
	if (lws_partial_buffered(c->wsi)) {
		c->leaving += n;
		c->hub->host.leaving += n;
	}
	return rc < 0 ? -1 : 0;
}

static bool bytes_received(int fd, uint64_t *bytes_r)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof info;
	bool fine = getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0;

	*bytes_r = info.tcpi_bytes_received;
	return fine;
}

/*
 * By the kernel's counts of what it received and of what is unread, which are two: both are of one moment when nothing came
 * between them. False when they could not be had so; bytes_r is then rather too much than too little.
 */
static bool bytes_read(const struct eio_conn *c, uint64_t *bytes_r)
{
	int fd = lws_get_socket_fd(c->wsi), unread = 0;
	uint64_t before, after = 0;
	bool fine = bytes_received(fd, &after), same = false;

	for (int i = 0; fine && !same && i < COUNT_TRIES; i++) {
		before = after;
		fine = ioctl(fd, FIONREAD, &unread) == 0 && bytes_received(fd, &after);
		same = before == after;
	}
	*bytes_r = after - (uint64_t)unread;
	return fine && same;
}

/* ---- HTTP ---- */

bool conn_request(struct eio_conn *c)
{
	uint64_t bytes;
	bool counted = bytes_read(c, &bytes);
	bool has_body = lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0 ||
			lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0;
	bool behind = c->asked && (c->skipping || !counted || bytes - c->read_bytes < HEAD_MIN);

	c->asked = true;
	c->read_bytes = bytes;
	c->skipping |= has_body;
	return !behind || !has_body;
}

void conn_body_done(struct eio_conn *c)
{
	c->skipping = false;
	(void)bytes_read(c, &c->read_bytes);
}

void conn_request_done(struct eio_conn *c)
{
	if (c->skipping)
		conn_body_done(c);
}

static const char *status_text(int status)
{
	switch (status) {
	case 200: return "OK";
	case 204: return "No Content";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 408: return "Request Timeout";
	case 411: return "Length Required";
	case 413: return "Payload Too Large";
	case 501: return "Not Implemented";
	case 503: return "Service Unavailable";
	default: return "Status";
	}
}

static void put_answer(struct buf *b, const struct eio_conn *c, const struct conn_answer *a)
{
	buf_reset(b);
	buf_putf(b, "HTTP/1.1 %d %s\r\n", a->status, status_text(a->status));
	if (a->type)
		buf_putf(b, "Content-Type: %s\r\n", a->type);
	if (a->status != 204)
		buf_putf(b, "Content-Length: %zu\r\n", a->body.n);
	buf_puts(b, "Cache-Control: no-store\r\n");
	if (c->allow_origin)
		buf_putf(b, "Access-Control-Allow-Origin: %s\r\n", c->allow_origin);
	if (c->allow_origin && c->allow_origin[0] != '*')
		buf_puts(b, "Access-Control-Allow-Credentials: true\r\nVary: Origin\r\n");
	if (a->extra)
		buf_puts(b, a->extra);
	if (c->wants_close || c->last_request)
		buf_puts(b, "Connection: close\r\n");
	buf_puts(b, "\r\n");
	if (!c->head_only)
		buf_put_slice(b, a->body);
}

static int write_answer(struct eio_conn *c, const struct conn_answer *a)
{
	struct buf *b = &c->hub->scratch;

	put_answer(b, c, a);
	memcpy(c->asker, c->peer, sizeof c->asker);    /* the next request may be another's */
	return write_out(c, (unsigned char *)b->data, b->len, LWS_WRITE_HTTP_FINAL);
}

/*
 * Where there is something to say to who is late, it is said: a POST gets its 408, a WebSocket its close frame. A held
 * POST is not late: it was us who let it wait. Nor is a held poll, whose noop is due.
 */
static void on_deadline(struct wheel_entry *e)
{
	struct eio_conn *c = (struct eio_conn *)((char *)e - offsetof(struct eio_conn, deadline));
	struct conn_answer late = { .status = 408, .type = "application/json",
				    .body = SLICE("{\"message\":\"Request timeout\"}") };
	struct eio_session *s = c->session;

	if (c->role == CONN_WEBSOCKET && s && s->paused) {       /* it is us who do not read */
		conn_deadline(c, c->hub->config.body_timeout_ms, c->late);
		return;
	}
	if (c->role == CONN_WEBSOCKET && s) {
		session_refuse(s, c->late, EIO_TRANSPORT_ERROR, 1008);
		return;
	}
	if (c->role == CONN_HELD || (c->role == CONN_POLL && !c->hung_up)) {
		conn_wake(c);
		return;
	}
	if (c->late != EIO_REFUSALS)
		conn_refuse(c, c->late);
	if (c->role == CONN_PROBE && s) {
		s->probe = NULL;
		conn_goodbye(c, 1008);
		session_probe_failed(s);
		return;
	}
	if (c->role == CONN_BODY) {
		c->wants_close = true;
		write_answer(c, &late);
	}
	conn_kill(c);
}

int conn_answer(struct eio_conn *c, const struct conn_answer *a)
{
	c->role = CONN_IDLE;
	conn_deadline(c, CONN_KEEPALIVE_MS, EIO_REFUSED_IDLE);
	if (write_answer(c, a) < 0) {
		c->role = CONN_DEAD;
		return -1;
	}
	if (c->wants_close)
		return -1;
	if (c->in_upgrade)
		return 1;           /* lws completes the transaction itself */
	return lws_http_transaction_completed(c->wsi) ? -1 : 0;
}

int conn_answer_fault(struct eio_conn *c, enum eio_refusal refusal, enum request_fault fault)
{
	struct conn_answer a = { .status = request_fault_status(fault), .type = "application/json",
				 .body = slice_of(request_fault_text(fault)) };

	c->hub->host.stats.bad_requests++;
	if (refusal != EIO_REFUSALS)
		conn_refuse(c, refusal);
	return conn_answer(c, &a);
}

bool conn_was_kept_back(const struct eio_conn *c)
{
	return lws_service_adjust_timeout(lws_get_context(c->wsi), 1, 0) == 0;
}

int conn_hold(struct eio_conn *c, enum conn_role role)
{
	c->role = role;
	conn_deadline(c, WHEEL_NEVER, EIO_REFUSALS);
	lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
	lws_rx_flow_control(c->wsi, 0);
	/*
	 * A POST keeps them: bytes behind its body would make lws attach new ones when it wakes, and with those it is never
	 * told that it is writable, and read from for ever once its peer is gone.
	 */
	if (role == CONN_HELD)
		return 0;
	if (lws_http_headers_detach(c->wsi) < 0)
		return -1;
	c->awaited |= hangup_await(c->hub->hangup, lws_get_socket_fd(c->wsi), c, c->awaited);
	return 0;
}

void conn_wake(struct eio_conn *c)
{
	/* in this order: a flow-controlled HTTP connection is never told that it is writable */
	lws_rx_flow_control(c->wsi, 1);
	lws_callback_on_writable(c->wsi);
}

/* ---- WebSocket ---- */

int conn_write(struct eio_conn *c, struct slice bytes)
{
	if (c->role == CONN_DEAD || c->role == CONN_GOODBYE)
		return -1;
	/* RAW does not touch the bytes, in spite of its prototype */
	if (write_out(c, (unsigned char *)bytes.p, bytes.n, LWS_WRITE_RAW) == 0)
		return 0;
	conn_kill(c);
	return -1;
}

void conn_goodbye(struct eio_conn *c, int code)
{
	if (c->role == CONN_DEAD || c->role == CONN_GOODBYE)
		return;
	c->role = CONN_GOODBYE;
	c->session = NULL;
	c->close_code = (unsigned short)code;
	conn_begun_drop(c);
	lws_rx_flow_control(c->wsi, 1);        /* its close frame is to be read */
	lws_callback_on_writable(c->wsi);
	conn_deadline(c, GOODBYE_MS, EIO_REFUSALS);
}
