/*
 * session: one Engine.IO session: its state, its queue, its heartbeat. The one state machine of the room.
 *
 * Room: relay/engineio. Called by server, hub, conn, polling, post, ws, http, session_receive.
 * What applications may know of it is in engineio.h.
 */
#ifndef EIO_SESSION_H
#define EIO_SESSION_H

#include "engineio.h"
#include "handshake.h"
#include "ids.h"
#include "packet.h"
#include "queue.h"
#include "transport.h"
#include "wheel.h"

/*
 * state       reads              writes                 leaves by
 * POLLING     POST               held GET               2probe, 5 without a probe, close, end
 * PROBING     POST               held GET, noops to it  5, probe gone, close, end
 * WEBSOCKET   frames             frames                 close, end
 * CLOSING     nothing            the rest, goodbye      end; a probing WebSocket may still take over the rest
 * CLOSED      nothing            nothing                on_close, then freed
 */
enum session_state { SESSION_POLLING, SESSION_PROBING, SESSION_WEBSOCKET, SESSION_CLOSING, SESSION_CLOSED };

/* What all sessions of a server share; embedded in the hub. Borrowed by sessions. */
struct session_host {
	const struct eio_config *config;
	struct eio_callbacks cb;
	void *ctx;
	const uint64_t *now_ms;
	struct wheel wheel;
	struct eio_stats stats;
	const struct eio_transport *polling, *websocket;
	/* A session has ended: its sid is unknown from now on. Called once, before on_close. */
	void (*on_end)(struct session_host *h, struct eio_session *s);
	struct eio_session *dirty, *ended;
	size_t leaving;                    /* bytes of writes that the kernel has not taken whole (conn.c) */
};

struct eio_conn;

/* Open to the transports, which keep their connections in it. */
struct eio_session {
	struct session_host *host;
	char sid[IDS_SID_LEN + 1];
	uint8_t version;
	enum session_state state;
	bool paused, awaiting_pong;
	bool extended;                     /* the wait for this pong */
	bool base64;                       /* revision 3: the handshake asked for payloads of text */
	enum eio_reason reason;
	const char *why;                   /* the refusal that ended it, static; NULL: none */
	int close_code;
	uint64_t ping_ms, proved_ms;       /* revision 4: when the last ping was sent; eio_session_proved_ms */
	uint32_t noop_ms;                  /* PROBING: when the last noop was sent; the low bits of the clock */
	const struct eio_transport *transport;

	struct eio_conn *poll;             /* GET that waits for packets, or whose answer is still leaving */
	struct eio_conn *post;             /* POST that arrives or whose answer is withheld */
	struct eio_conn *ws;               /* the WebSocket that carries the session */
	struct eio_conn *probe;            /* the WebSocket that may take over */

	struct queue queue;
	struct wheel_entry timer;          /* next ping, pong deadline, or end of the closing grace */
	uint64_t due_ms;                   /* when the timer is meant to ring; the wheel may be a tick later */
	struct eio_session *dirty_next, **dirty_link, *ended_next;
	struct eio_session *all_prev, *all_next;   /* the hub's list */
	struct handshake *handshake;
	void *data;
};

/* Takes the handshake. Nothing is queued, counted or told yet: session_opened, when the transport is attached. */
struct eio_session *session_new(struct session_host *h, int version, bool websocket, struct handshake *shake);
/* Counts it, queues OPEN, starts the heartbeat and tells the layer above. */
void session_opened(struct eio_session *s);

/* Queues a packet that is no message. */
void session_send_packet(struct eio_session *s, char type, struct slice data);
/* The peer gave its sign of life (a pong; in revision 3 a ping): the heartbeat begins anew. */
void session_alive(struct eio_session *s);
/*
 * It said something else. Revision 4: its pong may lie behind a long upload, and gets the whole time anew, once for each
 * ping (as the reference server from engine.io 6.6 on). Revision 3: its ping may, and any packet is a sign of life
 * (engine.io 3, Socket.onPacket).
 */
void session_heard(struct eio_session *s);
/* Ends a session whose deadline has passed, though the wheel has not come to it yet: true when it did. */
bool session_overdue(struct eio_session *s);
/* "2probe" was heard on the probing WebSocket. */
void session_probed(struct eio_session *s);
/* The probing WebSocket went away; polling goes on. */
void session_probe_failed(struct eio_session *s);
/* "5" was heard on it: the session is on WebSocket from now on; what waits goes there. */
void session_upgraded(struct eio_session *s);

/*
 * Ends it at once: queue dropped, peer told by `code`, on_close from the next reap. Further calls do
 * nothing.
 */
void session_end(struct eio_session *s, enum eio_reason reason, int code);
/* The same for a refusal, which is counted. */
void session_refuse(struct eio_session *s, enum eio_refusal refusal, enum eio_reason reason, int code);
/* The transport broke one of the protocol's rules: counted, then ended with EIO_PARSE_ERROR. */
void session_violated(struct eio_session *s, enum eio_refusal refusal, int code);

/* The oldest frame in the queue, or NULL; stays the queue's. */
struct eio_frame *session_peek(const struct eio_session *s);
/* Drops the oldest frame. */
void session_pop(struct eio_session *s);
/* Makes the transport's flush run before the loop sleeps. */
void session_dirty(struct eio_session *s);

/* End of a pass: reports and frees ended sessions; writes dirty ones. Both say whether there was any. */
bool session_reap(struct session_host *h);
bool session_flush(struct session_host *h);

#endif
