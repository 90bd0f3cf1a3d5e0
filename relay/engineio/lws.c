/*
 * lws: see lws.h. The only callback switch of the house.
 *
 * Room: relay/engineio.
 * Settings follow what was measured of libwebsockets 4.1 on Debian 12; the comments give the reason of each.
 */
#include <libwebsockets.h>
#include <sys/resource.h>

#include "conn.h"
#include "hangup.h"
#include "http.h"
#include "log.h"
#include "lws.h"
#include "offer.h"
#include "polling.h"
#include "post.h"
#include "tls.h"
#include "ws.h"

#define NOFILE_WANTED 65536        /* never "infinity": lws takes 2,560 for more than ten million */
#define LOG_BURST 5                /* lines of lws a second: peers can provoke them at will */

/*
 * Descriptors that are never given to connections: listener, epoll, log, those refused in words, and two for each
 * worker on the bus. A sixteenth of all, within these bounds.
 */
#define RESERVED_FDS_MIN 64
#define RESERVED_FDS_MAX 1024

static int on_http(struct eio_conn *c, enum lws_callback_reasons reason, void *in, size_t len)
{
	/* lws goes on reading and sets timeouts of its own: the end must not be put off, nor a request be served */
	if (c->role == CONN_DEAD && reason != LWS_CALLBACK_HTTP_DROP_PROTOCOL && reason != LWS_CALLBACK_CLOSED_HTTP)
		return -1;
	switch (reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return http_upgrade(c);       /* `in` may point into freed memory: not touched */
	case LWS_CALLBACK_HTTP:
		return http_request(c);
	case LWS_CALLBACK_HTTP_BODY:
		return post_body(c, in, len);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return post_done(c);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return polling_writable(c);
	case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
		conn_left(c);
		polling_left(c);
		conn_request_done(c);
		return 0;
	case LWS_CALLBACK_CLOSED_HTTP:
		polling_gone(c);
		return 0;
	default:
		return 0;
	}
}

static int on_websocket(struct eio_conn *c, enum lws_callback_reasons reason, void *in, size_t len)
{
	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		ws_established(c);            /* frames behind the request follow at once */
		return 0;
	case LWS_CALLBACK_RECEIVE:
		ws_receive(c, in, len);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return ws_writable(c);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		ws_peer_closed(c);
		return 0;
	case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
		ws_dropped(c);
		return 0;
	case LWS_CALLBACK_CLOSED:
		ws_gone(c);
		return 0;
	default:
		return 0;
	}
}

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct eio_conn *c = wsi ? lws_get_opaque_user_data(wsi) : NULL;

	switch (reason) {
	case LWS_CALLBACK_RAW_ADOPT:          /* a CONNECT request */
	case LWS_CALLBACK_RAW_RX:
		return -1;
	case LWS_CALLBACK_WSI_DESTROY:        /* the last word on each, also on those that never spoke */
		if (c) {
			lws_set_opaque_user_data(wsi, NULL);
			if (c->fresh_ms || (c->session && (c->session->ws == c || c->session->probe == c)))
				ws_gone(c);
			else
				polling_gone(c);
			if (c->role == CONN_IDLE && !c->asked)
				conn_refuse(c, EIO_REFUSED_HEAD);
			conn_free(c);
		}
		return 0;
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		return tls_attach(((struct eio_hub *)lws_context_user(lws_get_context(wsi)))->tls, user);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
	case LWS_CALLBACK_HTTP:
	case LWS_CALLBACK_HTTP_BODY:
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
	case LWS_CALLBACK_HTTP_WRITEABLE:
	case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
	case LWS_CALLBACK_CLOSED_HTTP:
		return c ? on_http(c, reason, in, len) : -1;
	default:
		return c ? on_websocket(c, reason, in, len) : 0;
	}
}

static void on_log(int level, const char *line)
{
	static struct log_limit limit;
	enum log_level ours = level & LLL_ERR ? LOG_LEVEL_WARN : LOG_LEVEL_INFO;

	if (log_limited(&limit, ours, LOG_BURST))
		log_line(ours, "lws", "%.*s", (int)strcspn(line, "\n"), line);
}

/* rx: allocated per WebSocket; a longer message is read in pieces. With 0 user data some callbacks do not come. */
#define PROTOCOL(rx) { .name = offer_name, .callback = on_lws, .per_session_data_size = 16, \
		       .rx_buffer_size = (rx), .tx_packet_size = 65536 }
static struct lws_protocols clear_protocols[] = { PROTOCOL(448), { 0 } };
/*
 * A whole TLS record: lws 4.1 goes round for ever over what is left of one that it may not deliver (flow control,
 * or a connection that it closes while output waits).
 */
static struct lws_protocols tls_protocols[] = { PROTOCOL(16384), { 0 } };

/* No WebSocket pings of lws's own: Engine.IO has its heartbeat. */
static const lws_retry_bo_t no_validity_pings;

unsigned lwsio_capacity(unsigned wanted)
{
	struct rlimit limit;
	rlim_t needed = (rlim_t)wanted + RESERVED_FDS_MAX;
	rlim_t target = needed > NOFILE_WANTED ? needed : NOFILE_WANTED;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return wanted;
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < target)
		target = limit.rlim_max;
	limit.rlim_cur = target;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		getrlimit(RLIMIT_NOFILE, &limit);
	rlim_t reserved = limit.rlim_cur / 16;
	if (reserved < RESERVED_FDS_MIN)
		reserved = RESERVED_FDS_MIN;
	if (reserved > RESERVED_FDS_MAX)
		reserved = RESERVED_FDS_MAX;
	if (limit.rlim_cur <= reserved)
		return 0;
	unsigned fits = (unsigned)(limit.rlim_cur - reserved);
	return fits < wanted ? fits : wanted;
}

/* The certificate is no business of lws's: it is asked of tls.c in each handshake. */
static int open_tls(struct eio_hub *h, struct lws_context_creation_info *info)
{
	const struct eio_config *c = &h->config;

	if (!c->tls_cert_file || !c->tls_cert_file[0])
		return 0;
	h->tls = tls_new(c->tls_cert_file, c->tls_key_file);
	info->protocols = tls_protocols;
	info->options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
	return h->tls ? 0 : -1;
}

int lwsio_open(struct eio_hub *h)
{
	void *loops[1] = { eio_loop_ev(h->loop) };
	unsigned header_ms = h->config.header_timeout_ms, body_ms = h->config.body_timeout_ms;
	unsigned seconds = (header_ms > body_ms ? header_ms : body_ms) / 1000 + 5;   /* ours come first */
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,     /* accept.c listens */
		.protocols = clear_protocols,
		.foreign_loops = loops,
		.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.retry_and_idle_policy = &no_validity_pings,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.pt_serv_buf_size = 65536,
		.max_http_header_data = 8192,
		.alpn = "http/1.1",                        /* HTTP/2 would ignore flow control */
		.timeout_secs = seconds,
		.timeout_secs_ah_idle = seconds,
		.keepalive_timeout = (int)(CONN_KEEPALIVE_MS / 1000 + 5),
		.user = h,
	};

	h->hangup = hangup_new(h->loop, polling_hung_up);
	if (!h->hangup || open_tls(h, &info) < 0)
		return -1;
	lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
	h->lws = lws_create_context(&info);
	if (!h->lws) {
		log_error("lws", "no context (is the package libwebsockets-evlib-ev installed?)");
		return -1;
	}
	h->vhost = lws_create_vhost(h->lws, &info);
	if (!h->vhost) {
		log_error("lws", "no virtual host");
		lwsio_close(h);
		return -1;
	}
	return 0;
}

void lwsio_close(struct eio_hub *h)
{
	if (h->lws)
		lws_context_destroy(h->lws);
	h->lws = NULL;
	h->vhost = NULL;
	tls_free(h->tls);
	h->tls = NULL;
	hangup_free(h->hangup);
	h->hangup = NULL;
}

int lwsio_take(struct eio_hub *h, int fd, const char *peer, bool counted, uint64_t waited_ms)
{
	uint64_t whole_ms = h->config.header_timeout_ms;
	struct lws *wsi = lws_adopt_socket_vhost(h->vhost, fd);   /* NULL: lws has closed the descriptor */

	if (wsi) {
		struct eio_conn *c = conn_new(h, wsi, peer, counted);

		conn_deadline(c, waited_ms < whole_ms ? whole_ms - waited_ms : 0, EIO_REFUSED_HEAD_SLOW);
		return 0;
	}
	if (h->tls)
		hub_refuse(h, peer, EIO_REFUSED_HEAD);    /* its hello, to be exact */
	h->host.stats.connections--;
	if (counted)
		hub_connection_give(h, peer);
	return -1;
}
