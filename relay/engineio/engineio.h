/*
 * engineio: an Engine.IO server (protocol revisions 4 and 3; polling, WebSocket, upgrade) on libwebsockets
 * and libev.
 *
 * Room: relay/engineio, the transport. Knows no Socket.IO and no application. This is its one public header.
 * Called by socketio (and by programs that want the loop); calls libwebsockets and libev, which nobody else
 * includes.
 * One thread: every function must be called from the loop's thread, and every callback comes from it.
 * Source of protocol rules: Engine.IO protocol, revisions 4 and 3
 * (https://github.com/socketio/engine.io-protocol).
 */
#ifndef ENGINEIO_H
#define ENGINEIO_H

#include "buf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the loop ---- */

struct eio_loop;
struct eio_timer;
struct eio_watch;

/* One per process. NULL with a logged line. */
struct eio_loop *eio_loop_new(void);
void eio_loop_free(struct eio_loop *l);
/* Runs until eio_loop_stop. */
void eio_loop_run(struct eio_loop *l);
void eio_loop_stop(struct eio_loop *l);
/* Monotonic milliseconds, taken once per loop pass; a time in which the process stood still does not count. */
uint64_t eio_loop_now_ms(const struct eio_loop *l);
/*
 * repeat_ms 0: calls fn once, delay_ms from now by eio_loop_now_ms, which stands still while the process does. Else after
 * delay_ms and then every repeat_ms by the machine's clock; a call missed while the process stood still comes at once. The
 * timer is owned by the caller and ended by eio_timer_free, also from inside fn.
 */
struct eio_timer *eio_timer_new(struct eio_loop *l, uint64_t delay_ms, uint64_t repeat_ms,
				void (*fn)(void *ctx), void *ctx);
/* Sets a timer again (from now). */
void eio_timer_again(struct eio_timer *t, uint64_t delay_ms, uint64_t repeat_ms);
void eio_timer_free(struct eio_timer *t);
/* Calls fn while fd is readable. The fd stays the caller's. */
struct eio_watch *eio_watch_new(struct eio_loop *l, int fd, void (*fn)(void *ctx), void *ctx);
void eio_watch_free(struct eio_watch *w);
/*
 * Calls fn(ctx, signum) in the loop, not in a handler, for a UNIX signal. Lives as long as the loop. 0 or
 * -1.
 */
int eio_loop_on_signal(struct eio_loop *l, int signum, void (*fn)(void *ctx, int signum), void *ctx);
/*
 * Calls fn at the end of each pass, before sent frames are flushed to the kernel, and again in the same pass while that made
 * something happen. At most 16 (more abort); they live as long as the loop.
 */
void eio_loop_on_settle(struct eio_loop *l, void (*fn)(void *ctx), void *ctx);

/* ---- frames: a message encoded once, shared by reference ---- */

struct eio_frame;

/*
 * A counted message: the bytes are copied once and carry their WebSocket header ready made (RFC 6455 §5.2),
 * so that a broadcast writes the same bytes to each member. new: the caller owns one reference. ref returns
 * its argument.
 */
struct eio_frame *eio_frame_text(struct slice text);
struct eio_frame *eio_frame_binary(struct slice bytes);
struct eio_frame *eio_frame_ref(struct eio_frame *f);
void eio_frame_unref(struct eio_frame *f);
/* The message that it was made from; borrowed from the frame. */
struct slice eio_frame_message(const struct eio_frame *f);

/* ---- the server ---- */

struct eio_server;
struct eio_session;

struct eio_config {                        /* a limit of 0 admits nothing */
	const char *host;                  /* address to bind, "0.0.0.0", "::", … */
	int port;                          /* 0: a free one */
	const char *aside_host;            /* a second address, where nothing is served but on_request; NULL: none */
	int aside_port;                    /* not the same as port; never 0 */
	const char *path;                  /* "/socket.io/"; begins with a slash */
	const char *cors_origins;          /* "*" or a comma list; blanks around entries are ignored */
	const char *trusted_proxies;       /* comma list: whose X-Forwarded-For is believed, from its end on */
	unsigned ping_interval_ms, ping_timeout_ms, upgrade_timeout_ms;
	unsigned header_timeout_ms, body_timeout_ms;
	size_t max_payload;                /* bytes of a POST body or a WebSocket message, inclusive */
	/* bytes that wait, 40 more for each packet, four times as many for who polls; over it EIO_SLOW */
	size_t send_queue_max;
	size_t send_queues_max;            /* the same of all sessions, shared out: see socketio.3, LIMITS */
	unsigned max_connections, max_connections_per_address;
	bool allow_v3;                     /* also serve Engine.IO 3 clients */
	/* PEM files: TLS 1.2 and later, and nothing else on the port. NULL or empty: no TLS. */
	const char *tls_cert_file, *tls_key_file;
};
/*
 * Where to begin: the reference server's times, path and 1,000,000 bytes of max_payload; every IPv4 address, a
 * free port, both protocol versions, no pages of other origins, no proxies, no TLS, and for what the reference server
 * does not bound: 20 s for a request's head, 30 s for its body, 8 MiB of queue, 512 MiB of all
 * queues, 1,000 connections.
 */
struct eio_config eio_config_default(void);

enum eio_reason {                          /* why a session ended */
	EIO_PEER_CLOSED,                   /* close packet, WebSocket close or TCP end: "transport close" */
	EIO_TRANSPORT_ERROR,               /* "transport error" */
	EIO_PING_TIMEOUT,                  /* "ping timeout" */
	EIO_PARSE_ERROR,                   /* malformed packet or protocol violation: "parse error" */
	EIO_FORCED,                        /* eio_session_close by the layer above: "forced close" */
	EIO_SLOW,                          /* queue bound passed, or its share of all queues */
	EIO_SHUTDOWN                       /* the server is going away */
};

struct eio_request {                       /* an HTTP request outside `path`; borrowed during the call */
	struct slice method, path, query;  /* GET, HEAD or empty; decoded; the decoded arguments joined with & */
	const char *address;
	bool aside;                        /* it came by aside_host */
};
struct eio_response {                      /* filled by the callback */
	int status;                        /* 200 … */
	const char *content_type;          /* static */
	const char *retry_after;           /* static or NULL */
	bool same_origin;                  /* not for pages of other origins, whatever cors_origins says */
	struct buf body;                   /* freed by engineio */
};

struct eio_callbacks {
	/*
	 * A handshake may be refused: 0 go on, or 503 (answered with Retry-After and a JSON text). NULL:
	 * always go on.
	 */
	int (*on_handshake)(void *ctx);
	/* A session is open: its OPEN packet is queued. */
	void (*on_open)(void *ctx, struct eio_session *s);
	/* One message. `bytes` is borrowed. Text is valid UTF-8. The callback may close the session. */
	void (*on_message)(void *ctx, struct eio_session *s, struct slice bytes, bool binary);
	/*
	 * Last word on a session, exactly once after on_open; it is freed after the callback returns.
	 * Nothing may be sent in it.
	 */
	void (*on_close)(void *ctx, struct eio_session *s, enum eio_reason reason);
	/*
	 * Any request outside `path`. NULL: 404. Of a method other than GET and HEAD the status is 405, whatever is filled in,
	 * but for another origin's OPTIONS, which is answered as a preflight unless `same_origin`.
	 */
	void (*on_request)(void *ctx, const struct eio_request *q, struct eio_response *r);
};

/*
 * Binds and listens; serving begins when the loop runs. NULL with a logged line that says what is wrong (a
 * taken port, a path without its slash, limits that admit nobody).
 */
struct eio_server *eio_server_new(struct eio_loop *l, const struct eio_config *c,
				  const struct eio_callbacks *cb, void *ctx);
/* The port in use. */
int eio_server_port(const struct eio_server *s);
/*
 * For a server with TLS: reads certificate and key again, perhaps from other files. 0: new connections get
 * them, those that live go on; or -1 with a logged line: all stays as it was (also when it has no TLS).
 */
int eio_server_renew_tls(struct eio_server *s, const char *cert_file, const char *key_file);
/* What is wrong with such a pair of files; all but FINE leave a line in error_r. CERT and KEY name the file at fault. */
enum eio_tls_fault { EIO_TLS_FINE, EIO_TLS_CERT, EIO_TLS_KEY };
enum eio_tls_fault eio_tls_check(const char *cert_file, const char *key_file, char *error_r, size_t error_size);
/* Stops listening at once; sessions live on. */
void eio_server_stop_listening(struct eio_server *s);
/*
 * Ends every session with EIO_SHUTDOWN (WebSockets EIO_CUT, close packet to polls), spread over passes, at once those
 * that are left after timeout_ms; then, after the last on_close, calls done(ctx). A second call does nothing.
 */
void eio_server_drain(struct eio_server *s, unsigned timeout_ms, void (*done)(void *ctx), void *ctx);
/* At once, without a word to anybody; `done` of a drain under way is not called. NULL is allowed. */
void eio_server_free(struct eio_server *s);

/* What is refused, a counter each; socketio.3, LIMITS, tells the bounds and what the peer sees. */
enum eio_refusal {
	EIO_REFUSED_CONNECTIONS, EIO_REFUSED_CONNECTIONS_ADDRESS, EIO_REFUSED_DESCRIPTORS,
	EIO_REFUSED_SESSIONS, EIO_REFUSED_SESSIONS_ADDRESS, EIO_REFUSED_BUSY,
	EIO_REFUSED_HEAD, EIO_REFUSED_HEAD_SLOW, EIO_REFUSED_IDLE,
	EIO_REFUSED_METHOD, EIO_REFUSED_LINE, EIO_REFUSED_PIPELINED, EIO_REFUSED_CODING, EIO_REFUSED_NO_LENGTH,
	EIO_REFUSED_LENGTH,
	EIO_REFUSED_BODY_LARGE, EIO_REFUSED_BODY_SLOW, EIO_REFUSED_QUERY, EIO_REFUSED_ORIGIN,
	EIO_REFUSED_TRANSPORT, EIO_REFUSED_SID, EIO_REFUSED_HANDSHAKE_METHOD, EIO_REFUSED_REQUEST,
	EIO_REFUSED_VERSION, EIO_REFUSED_UPGRADE,
	EIO_REFUSED_SECOND_POLL, EIO_REFUSED_SECOND_POST, EIO_REFUSED_SECOND_WEBSOCKET,
	EIO_REFUSED_PAYLOAD, EIO_REFUSED_PACKETS, EIO_REFUSED_UNFINISHED,
	EIO_REFUSED_PROBE, EIO_REFUSED_PROBE_SLOW,
	EIO_REFUSED_FRAME, EIO_REFUSED_MESSAGE_LARGE, EIO_REFUSED_MESSAGE_SLOW, EIO_REFUSED_UTF8,
	EIO_REFUSED_PACKET, EIO_REFUSED_TURN, EIO_REFUSED_QUEUE, EIO_REFUSED_PONG,
	EIO_REFUSALS
};
/* Its name in the table and the figures; static. */
const char *eio_refusal_name(enum eio_refusal r);

struct eio_stats {                         /* counters since start, and gauges */
	uint64_t sessions, sessions_opened, sessions_closed, connections, connections_accepted;
	uint64_t requests, bad_requests;
	uint64_t messages_in, messages_out, bytes_in, bytes_out, frames_encoded, frames_queued;
	uint64_t upgrades, upgrade_failures, parse_errors;
	uint64_t tls_begun, tls_completed; /* handshakes */
	uint64_t tls_clear;                /* peers who did not speak TLS to a port that does */
	uint64_t bytes_waiting;            /* what send_queues_max bounds */
	uint64_t capacity;                 /* connections this process can hold */
	uint64_t refused[EIO_REFUSALS];
};
void eio_server_stats(const struct eio_server *s, struct eio_stats *out);

/* ---- sessions ---- */

/*
 * Engine.IO sid: between one client and the server only, never shown to others. Valid while the session
 * lives.
 */
const char *eio_session_sid(const struct eio_session *s);
int eio_session_version(const struct eio_session *s);              /* 3 or 4 */
const char *eio_session_address(const struct eio_session *s);      /* behind trusted proxies: forwarded */
/* A decoded query argument of the handshake: 1 and the value, or 0. */
int eio_session_query(const struct eio_session *s, const char *name, struct slice *value_r);
/* Walks all query arguments of the handshake. */
void eio_session_each_query(const struct eio_session *s,
			    void (*fn)(void *ctx, struct slice name, struct slice value), void *ctx);
/*
 * A header of the handshake, name in lower case: authorization, cookie, origin, user-agent,
 * x-forwarded-for, host, referer. 1 and the value, or 0.
 */
int eio_session_header(const struct eio_session *s, const char *name, struct slice *value_r);
/* Whether Python's client opened it, as far as its handshake tells. */
bool eio_session_of_python(const struct eio_session *s);
/*
 * Revision 4: all that was sent before then (the loop's clock) has arrived, for a ping that was sent then was answered, or the
 * session began.
 */
uint64_t eio_session_proved_ms(const struct eio_session *s);
/* What ended it, when it was refused something: a sentence for the log, static; else NULL. */
const char *eio_session_why(const struct eio_session *s);
void eio_session_set_data(struct eio_session *s, void *data);
void *eio_session_data(const struct eio_session *s);

/*
 * Queues a message; takes its own reference of the frame. Written at the end of the pass, or at once where the queue
 * would otherwise pass its bound. Sending to a session that is closing does nothing. When the queue's bound is passed the
 * session is closed with EIO_SLOW (its on_close comes from the loop, not from inside this call).
 */
void eio_session_send(struct eio_session *s, struct eio_frame *f);
/* Like send, but dropped when the transport cannot take it now (volatile). */
void eio_session_send_volatile(struct eio_session *s, struct eio_frame *f);
/*
 * For those who are to come back: the connection ends without a close frame, which is what this code means to the peer
 * (RFC 6455, 7.4.1: never in a frame). Java's client does not see a close frame before its ping time-out, C++'s does not
 * reconnect after 1000, and .NET's takes none for an end.
 */
#define EIO_CUT 1006
/*
 * Ends a session from above. What is queued is still written first. `code` is the WebSocket close code (1000 normal, 1003,
 * 1007, 1008 …, or EIO_CUT); polls get a close packet. on_close follows from the loop with `reason`.
 */
void eio_session_close(struct eio_session *s, enum eio_reason reason, int code);
/*
 * Stops reading from the peer (a POST's answer is withheld) and starts again; the pong deadline stands
 * still meanwhile.
 */
void eio_session_pause(struct eio_session *s);
void eio_session_resume(struct eio_session *s);
/*
 * The peer asked for so many bytes itself: they do not count against send_queue_max, until all that waits for it is
 * written. Called before they are sent; of what the peer does not fetch 4 MiB at most are spared.
 */
void eio_session_spare(struct eio_session *s, size_t size);
/* Bytes waiting to be written, as send_queue_max counts them. */
size_t eio_session_queued(const struct eio_session *s);

#ifdef __cplusplus
}
#endif

#endif
