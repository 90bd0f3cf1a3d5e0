/*
 * conn: one TCP connection: what it is doing for whom, its deadline, and the few things that may be done to
 * it.
 *
 * Room: relay/engineio. Called by polling, post, ws, http, lws, accept.
 * It outlives requests (keep-alive) and sessions. It is found by lws_get_opaque_user_data and freed by lws.c alone, in
 * the last callback that lws makes for a connection.
 */
#ifndef EIO_CONN_H
#define EIO_CONN_H

#include <libwebsockets.h>

#include "hub.h"

#define CONN_BEGUN_MAX 67108864
#define CONN_BEGUN_FREE 4096       /* bytes that nobody is refused */
#define CONN_KEEPALIVE_MS 30000    /* an idle connection is cut after this time */

/*
 * role       is                                                            session
 * IDLE       between requests, or reading one's headers                    -
 * POLL       a held GET                                                    s->poll
 * LEAVING    a GET whose answer is still being written                     s->poll
 * BODY       a POST that arrives                                           s->post
 * HELD       a POST whose answer is withheld                               s->post
 * PROBE      a WebSocket that may take over a polling session              s->probe
 * WEBSOCKET  a WebSocket that carries a session                            s->ws
 * GOODBYE    a WebSocket that is told to go; nothing it says is heard      -
 * DEAD       being killed; nothing is written or heard                     -
 */
enum conn_role {
	CONN_IDLE, CONN_POLL, CONN_LEAVING, CONN_BODY, CONN_HELD,
	CONN_PROBE, CONN_WEBSOCKET, CONN_GOODBYE, CONN_DEAD
};

/* In an order without holes: there are many. */
struct eio_conn {
	struct lws *wsi;
	struct eio_hub *hub;
	struct eio_session *session;
	enum conn_role role;
	bool counted;                      /* by its address */
	bool aside;                        /* it came by the second address */
	bool probed;                       /* PROBE: 2probe was heard */
	bool hung_up;                      /* POLL: its peer did; it is not answered, and soon cut */
	bool ended;                        /* POLL: its session has ended, last_packet is the answer */
	bool head_only;                    /* the request is HEAD */
	bool in_upgrade;                   /* answered from within lws's question about an upgrade */
	bool wants_close;                  /* the answer is the connection's last */
	bool last_request;                 /* the client said so: lws closes, the answer has to say it */
	bool awaited;                      /* the hub's hangup knows its descriptor */
	bool asked;                        /* a request of it was whole */
	bool skipping;                     /* a body was announced, and its end not seen by us */
	uint64_t read_bytes;               /* bytes read of its socket when the last head or body was whole */
	char last_packet;
	uint8_t version;                   /* of the request */
	bool base64;                       /* the request asked for no binary */
	bool octets;                       /* BODY: application/octet-stream */
	bool parting;                      /* HELD: its next packet is a close that waits for the client's poll */
	int jsonp;
	enum eio_refusal late;             /* what it is refused when the deadline passes */
	size_t expected;                   /* BODY: declared length */
	struct buf in;                     /* BODY, WebSocket message: so far; by conn_begun_… */
	size_t leaving;                    /* of writes that lws could not end yet, counted in the hub's host too */
	struct slice rest;                 /* HELD: of `in`, what is not handled yet */
	struct eio_conn *fresh_next;       /* a WebSocket that is not written to yet (ws.c) */
	uint64_t fresh_ms;                 /* since when; 0: it may be written to */
	struct handshake *shake;           /* of a WebSocket, between its checks and its 101 */
	char *allow_origin;                /* for the answer's CORS header, or NULL */
	struct wheel_entry deadline;
	unsigned short close_code;         /* GOODBYE: still to be said */
	char sid[IDS_SID_LEN + 1];         /* the session it asked for, until its 101; empty: a new one */
	char peer[ADDRESS_LEN];
	char asker[ADDRESS_LEN];           /* of the request in hand, if there is one: who it came from; else the peer */
};

/* The port that a socket is bound to; 0 when it cannot be told. */
int conn_local_port(int fd);
/* For an accepted descriptor's wsi; `counted` says whether hub_connection_take was done for it. */
struct eio_conn *conn_new(struct eio_hub *h, struct lws *wsi, const char *peer, bool counted);
/* The wsi is gone. Its session must have been told before. */
void conn_free(struct eio_conn *c);

/*
 * Arms the connection's one deadline; WHEEL_NEVER disarms. When it passes, `late` is refused (EIO_REFUSALS: nothing is
 * counted) and the connection ended: a BODY with a 408, a PROBE with a close frame and without its session, a WEBSOCKET
 * with its session. Not late are a POST that is HELD and a POLL whose peer is there: they are woken; nor a WEBSOCKET that
 * we do not read (paused): it gets its time anew.
 */
void conn_deadline(struct eio_conn *c, uint64_t delay_ms, enum eio_refusal late);
/* Who may read the answer to the request in hand (request_origin); it is kept until the next, a poll may be long. */
void conn_allow_origin(struct eio_conn *c, struct slice origin);
/* Counts and logs what was refused to who asks by it. */
void conn_refuse(struct eio_conn *c, enum eio_refusal r);
/* Gone in the next pass, without another word. Safe from anywhere. */
void conn_kill(struct eio_conn *c);

/*
 * put: collects a POST's body or a message in fragments; -1 when all connections together hold too much that is not whole:
 * a peer cannot make us keep a megabyte for each of its connections. The less is left of CONN_BEGUN_MAX, the less each may
 * hold, but always CONN_BEGUN_FREE. `whole`: these bytes complete it and are consumed at once, so they are never refused.
 * may_stay: the same question for what is whole and cannot be handled yet. take: the caller owns the bytes.
 */
int conn_begun_put(struct eio_conn *c, const void *p, size_t n, bool whole);
bool conn_begun_may_stay(const struct eio_conn *c);
struct buf conn_begun_take(struct eio_conn *c);
void conn_begun_drop(struct eio_conn *c);

/*
 * A request's head, or a body, is whole. conn_request is false when the request has a body and lay behind another one
 * in the same read: libwebsockets 4.1 then takes its head for its body and reads what follows for ever again
 * (lws_http_action reads what it kept back from its start). No client has to send such (RFC 9112 §9.3.2). How much
 * was read since the last request tells: less than a head.
 */
bool conn_request(struct eio_conn *c);
void conn_body_done(struct eio_conn *c);
/* The transaction is over: of a body that was refused, or of none (Content-Length: 0), no other end is told. */
void conn_request_done(struct eio_conn *c);

/* Looks whether lws has got rid of what was written; whenever it calls. */
void conn_left(struct eio_conn *c);

/* ---- HTTP ---- */

struct conn_answer {
	int status;
	const char *type;                  /* Content-Type; NULL: no body */
	const char *extra;                 /* whole header lines, static; or NULL */
	struct slice body;
};
/* Writes a whole answer and ends the transaction: the value for the lws callback, 0 or -1, in an upgrade 1 (lws ends it). */
int conn_answer(struct eio_conn *c, const struct conn_answer *a);
/* `{"code":3,…}` with its status, counted (EIO_REFUSALS: it was before). */
int conn_answer_fault(struct eio_conn *c, enum eio_refusal refusal, enum request_fault fault);
/*
 * Lets a request wait for its answer, POLL or HELD, until conn_wake (libwebsockets: nothing read, no timeout; a poll
 * gives its headers back). A poll's peer is watched meanwhile (hangup.h). 0 or -1.
 */
int conn_hold(struct eio_conn *c, enum conn_role role);
/*
 * True when the request in hand may come out of bytes that lws read together with the request before: held, it would
 * keep the connection "writable" and the loop awake. Such a poll is answered by a noop. True also, rarely, when it is
 * another connection that has such bytes.
 */
bool conn_was_kept_back(const struct eio_conn *c);
/* Makes LWS_CALLBACK_HTTP_WRITEABLE come for a held request. */
void conn_wake(struct eio_conn *c);

/* ---- WebSocket ---- */

/* Writes ready-made frames. 0, or -1: the peer is gone and the connection dead (conn_kill was done). */
int conn_write(struct eio_conn *c, struct slice bytes);
/* A close frame, or with EIO_CUT the end, as soon as it can be written; nothing else is written or heard any more. */
void conn_goodbye(struct eio_conn *c, int code);

#endif
