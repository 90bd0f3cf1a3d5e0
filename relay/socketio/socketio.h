/*
 * socketio: a Socket.IO server (protocol revision 5, and 4 for Engine.IO 3 clients) over engineio.
 *
 * Room: relay/socketio. Knows no application; with engineio it builds as libsocketio.a, which stands alone.
 * Called by the application; calls engineio. One thread, as engineio.
 * Nouns and reasons are the reference server's. Source of protocol rules: Socket.IO protocol, revisions 5 and
 * 4 (https://github.com/socketio/socket.io-protocol).
 */
#ifndef SOCKETIO_H
#define SOCKETIO_H

#include "engineio.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SIO_ROOM_MAX 1024                  /* bytes of a room's name */

struct sio_server;
struct sio_namespace;
struct sio_socket;

struct sio_config {                        /* a limit of 0 admits nothing, where 0 is not said to mean something else */
	struct eio_config transport;
	unsigned connect_timeout_ms;       /* a client that joined no namespace in this time is closed */
	unsigned max_rooms;                /* rooms per socket */
	unsigned max_attachments;          /* binary attachments per packet */
	size_t max_attached;               /* bytes of a packet's attachments together; 0: 4 x max_payload */
	unsigned recovery_ms;              /* how long a session that was cut may come back; 0: no recovery */
	size_t recovery_bytes;             /* bytes of pushes kept for that, of each namespace */
};
/*
 * Where to begin: eio_config_default's transport and the reference server's 45 s for the first CONNECT; 100 rooms a
 * socket, 10 attachments a packet, no recovery.
 */
struct sio_config sio_config_default(void);

struct sio_event {                         /* an emitted event; all borrowed during the call */
	struct slice name;                 /* decoded event name; empty when it has a bad_text of its own */
	struct slice args;                 /* what follows it, untouched, no brackets: `{…},"x"`; may be empty */
	bool wants_ack;
	uint64_t ack;                      /* acknowledgement id, when wants_ack */
	bool bad_text;                     /* an escape gives U+0000 or a lone surrogate (JSON_BAD_TEXT) */
	const struct slice *attachments;   /* binary parts that {"_placeholder":true,"num":i} in args mean */
	size_t attachment_count;           /* 0: such an object is the client's own text; look before you index */
};

struct sio_callbacks {                     /* of one namespace */
	/*
	 * A client asks to connect: `auth` is its JSON payload (an object) or empty. The socket has an id and
	 * is pending: it hears nothing until sio_socket_accept; the answer (accept, refuse, close) may come
	 * later. NULL: everybody is accepted.
	 */
	void (*on_connect)(void *ctx, struct sio_socket *s, struct slice auth);
	/* Only for accepted sockets. */
	void (*on_event)(void *ctx, struct sio_socket *s, const struct sio_event *e);
	/*
	 * Once for each socket, pending or accepted; its rooms are still joined during the call. Behind it come its
	 * on_leave, room by room, then it is freed. `reason` is one of the reference's strings.
	 */
	void (*on_disconnect)(void *ctx, struct sio_socket *s, const char *reason);
	/*
	 * A socket entered a room as its new member (one that comes back: its old rooms, when it is accepted), or
	 * left one (also by disconnecting: after on_disconnect, so that what that frees must not be touched here;
	 * one that came back and ended before it was accepted leaves what it was not told to have entered).
	 * NULL allowed.
	 */
	void (*on_join)(void *ctx, struct sio_socket *s, struct slice room);
	void (*on_leave)(void *ctx, struct sio_socket *s, struct slice room);
};

struct sio_http {                          /* what the application adds below; members may be NULL */
	int (*on_handshake)(void *ctx);    /* see eio_callbacks */
	void (*on_request)(void *ctx, const struct eio_request *q, struct eio_response *r);
};

/* NULL with a logged line. `http` and ctx may be NULL. */
struct sio_server *sio_server_new(struct eio_loop *l, const struct sio_config *c, const struct sio_http *http,
				  void *ctx);
/* The port that was given to it, also for port 0. */
int sio_server_port(const struct sio_server *s);
/*
 * Adds a namespace ("/" or "/name"); connecting to any other is CONNECT_ERROR `Invalid namespace`. Owned by
 * the server. NULL with a logged line when no client could name it, or it is there already.
 */
struct sio_namespace *sio_server_of(struct sio_server *s, const char *name, const struct sio_callbacks *cb,
				    void *ctx);
/* See eio_server_renew_tls. */
int sio_server_renew_tls(struct sio_server *s, const char *cert_file, const char *key_file);
/* See the three of eio_server. */
void sio_server_stop_listening(struct sio_server *s);
void sio_server_drain(struct sio_server *s, unsigned timeout_ms, void (*done)(void *ctx), void *ctx);
void sio_server_free(struct sio_server *s);
/* What is refused, a counter each; socketio.3, LIMITS, tells the bounds and what the peer sees. */
enum sio_refusal {
	SIO_REFUSED_CONNECT_SLOW, SIO_REFUSED_PACKET, SIO_REFUSED_DEPTH, SIO_REFUSED_TURN,
	SIO_REFUSED_ATTACHMENTS, SIO_REFUSED_PLACEHOLDER, SIO_REFUSED_ATTACHED, SIO_REFUSED_MISSING,
	SIO_REFUSED_UNANNOUNCED, SIO_REFUSED_NAMESPACE, SIO_REFUSED_PAYLOAD, SIO_REFUSED_ACK, SIO_REFUSED_ROOMS,
	SIO_REFUSALS
};
/* Its name in the table and the figures; static. */
const char *sio_refusal_name(enum sio_refusal r);

struct sio_stats {
	struct eio_stats transport;
	uint64_t sockets, connects, connect_errors, events_in, acks_in, packets_bad;
	uint64_t pushes, deliveries;       /* calls of sio_push, receivers reached by them */
	uint64_t broadcasts_encoded;       /* encodings made for them: one each */
	uint64_t rooms;
	uint64_t away, recovered;          /* sessions that may come back, and those that did */
	uint64_t refused[SIO_REFUSALS];
};
void sio_server_stats(const struct sio_server *s, struct sio_stats *out);

/* ---- sockets ---- */

/* The Socket.IO id, which the client has as socket.id. Valid while the socket lives. */
const char *sio_socket_id(const struct sio_socket *s);
/* The accepted or pending socket of an id, or NULL. */
struct sio_socket *sio_namespace_find(struct sio_namespace *n, struct slice id);
/* Accepted sockets in the namespace. */
size_t sio_namespace_count(const struct sio_namespace *n);
/* Handshake data: address, query, headers. */
struct eio_session *sio_socket_session(const struct sio_socket *s);
/*
 * The refusal for which this room ended its connection: a sentence for the log, static; else NULL (the transport's:
 * eio_session_why).
 */
const char *sio_socket_why(const struct sio_socket *s);
void sio_socket_set_data(struct sio_socket *s, void *data);
void *sio_socket_data(const struct sio_socket *s);
/* Answers a pending socket: CONNECT with its id. Nothing happens when it is not pending. */
void sio_socket_accept(struct sio_socket *s);
/*
 * CONNECT_ERROR with the JSON object `{"message":…,"data":…}`; for what coming back cannot mend. The
 * socket is gone afterwards (on_disconnect comes first).
 */
void sio_socket_refuse(struct sio_socket *s, struct slice object);
/*
 * Server-side disconnect of the namespace (clients do not come back by themselves); with `close_transport`
 * the connection ends too. What the client sent before it heard of it is dropped.
 */
void sio_socket_disconnect(struct sio_socket *s, bool close_transport);
/* Ends the transport under the socket (clients come back by themselves). `code`: see eio_session_close. */
void sio_socket_close_transport(struct sio_socket *s, int code);
/* Sends `["name",…]` to this socket alone. */
void sio_socket_emit(struct sio_socket *s, struct slice event);
/* Answers acknowledgement `ack` with the JSON array `args` (`[{…}]`). */
void sio_socket_ack(struct sio_socket *s, uint64_t ack, struct slice args);
/*
 * The same two with binary attachments, which the JSON means by {"_placeholder":true,"num":i}. The bytes are
 * copied.
 */
void sio_socket_emit_binary(struct sio_socket *s, struct slice event, const struct slice *attachments,
			    size_t count);
void sio_socket_ack_binary(struct sio_socket *s, uint64_t ack, struct slice args,
			   const struct slice *attachments, size_t count);

enum sio_answer_outcome { SIO_ANSWER_GIVEN, SIO_ANSWER_TIMEOUT, SIO_ANSWER_GONE };
struct sio_answer {                        /* a client's acknowledgement; all borrowed during the call */
	enum sio_answer_outcome outcome;   /* the rest is empty unless GIVEN */
	struct slice args;                 /* as in sio_event */
	bool bad_text;
	const struct slice *attachments;
	size_t attachment_count;
};
typedef void sio_answer_fn(void *ctx, struct sio_socket *s, const struct sio_answer *a);
/*
 * Emits an event that asks for an acknowledgement; fn is called exactly once: when it comes, after timeout_ms
 * (0: never), or when the socket ends (also at once, when it is not accepted).
 */
void sio_socket_ask(struct sio_socket *s, struct slice event, unsigned timeout_ms, sio_answer_fn *fn,
		    void *ctx);
/* Emits an event that is dropped when the transport cannot take it now (volatile). */
void sio_socket_emit_volatile(struct sio_socket *s, struct slice event);
/* Back pressure, see eio_session_pause: counts, so that each pause needs its resume. */
void sio_socket_pause(struct sio_socket *s);
void sio_socket_resume(struct sio_socket *s);

/* ---- rooms ---- */

/*
 * 1 joined now, 0 was in it, -1: it is in max_rooms rooms, the name is longer than SIO_ROOM_MAX, or it has ended. join_r (may
 * be NULL): number of this membership, unique in the process.
 */
int sio_socket_join(struct sio_socket *s, struct slice room, uint64_t *join_r);
/* 1 left, 0 was not in it. */
int sio_socket_leave(struct sio_socket *s, struct slice room);
bool sio_socket_in(const struct sio_socket *s, struct slice room);
/* Number of the membership, or 0 when not in the room. */
uint64_t sio_socket_join_number(const struct sio_socket *s, struct slice room);
/* Walks the rooms of a socket; fn must not change them. */
void sio_socket_each_room(const struct sio_socket *s, void (*fn)(void *ctx, struct slice room, uint64_t join),
			  void *ctx);
/* Members of a room, those that were cut and may come back included. */
size_t sio_room_size(const struct sio_namespace *n, struct slice room);
/* Walks the members of a room; fn may emit, join, leave and disconnect. */
void sio_room_each(struct sio_namespace *n, struct slice room, void (*fn)(void *ctx, struct sio_socket *s),
		   void *ctx);
/*
 * Sends an event to the union of the rooms, once to each socket, except the socket of id `except` (empty:
 * none). Encoded once. Returns how many sockets it went to.
 */
size_t sio_push(struct sio_namespace *n, const struct slice *rooms, size_t room_count, struct slice except,
		struct slice event);

/*
 * The same with binary attachments, which the JSON means by {"_placeholder":true,"num":i}. The bytes are copied once,
 * for all.
 */
size_t sio_push_binary(struct sio_namespace *n, const struct slice *rooms, size_t room_count, struct slice except,
		       struct slice event, const struct slice *attachments, size_t count);
/* As sio_push, dropped for each socket whose transport cannot take it now (volatile); those count, too. */
size_t sio_push_volatile(struct sio_namespace *n, const struct slice *rooms, size_t room_count,
			 struct slice except, struct slice event);
/* How many were asked, and how many of them answered. */
typedef void sio_gathered_fn(void *ctx, size_t asked, size_t given);
/*
 * The same with a question: each socket's answer goes to `each` (as sio_socket_ask; NULL: nobody listens), then
 * `done` (may be NULL) hears once that no more will come; when nobody was asked, within this call.
 */
size_t sio_push_ask(struct sio_namespace *n, const struct slice *rooms, size_t room_count, struct slice except,
		    struct slice event, unsigned timeout_ms, sio_answer_fn *each, sio_gathered_fn *done, void *ctx);
/*
 * The same for what must not be missed: kept for those that were cut (sio_config, recovery_ms), and sent to
 * those who may come back with an offset as one more argument at its end, as the reference does. Clients take the
 * last text of any event for their offset: with recovery, no other event may end in a text, nor be a name alone, or
 * they cannot come back until the next kept one.
 */
size_t sio_push_kept(struct sio_namespace *n, const struct slice *rooms, size_t room_count, struct slice except,
		     struct slice event);
/*
 * The same for what may be heard twice, and carries no offset: who comes back hears it behind what he heard last, in its place
 * among the kept ones. What was sent to him since the last ping that he answered may have been lost: he hears that again.
 */
size_t sio_push_repeatable(struct sio_namespace *n, const struct slice *rooms, size_t room_count, struct slice except,
			   struct slice event);

/* ---- connection state recovery ---- */

/*
 * True from on_connect to sio_socket_replay when the client comes back within its time: the socket has its old
 * id and its old rooms (leave those it may no longer be in, before it is accepted). Accepting it tells the client
 * that it is recovered.
 */
bool sio_socket_returns(const struct sio_socket *s);
/*
 * Whether all that such a socket missed is still here. It is in on_connect; who accepts later asks, forgets one of which
 * something is gone, and closes its transport, so that its client begins anew.
 */
bool sio_socket_whole(const struct sio_socket *s);
/* Sends what an accepted socket missed; until then kept pushes wait. Nothing happens to one that is new. */
void sio_socket_replay(struct sio_socket *s);
/* When this socket ends its client begins anew. */
void sio_socket_forget(struct sio_socket *s);
/*
 * For a planned restart: appends everything that those who were cut may come back to, for sio_namespace_load in
 * the next process of the same machine; whoever is still connected is not in it (drain first).
 */
void sio_namespace_save(const struct sio_namespace *n, struct buf *b);
/*
 * Takes it over, `elapsed_ms` later, before anybody connected. 0, or -1: malformed, or nothing to take it; then
 * nothing of it was kept.
 */
int sio_namespace_load(struct sio_namespace *n, struct slice saved, uint64_t elapsed_ms);
/* One who was cut: the id that his socket had, and how long ago that was. */
struct sio_absence {
	const char *id;
	uint64_t ms;
};
/* Walks the rooms of all who were cut and are not forgotten, those who were taken over among them; fn changes nothing. */
void sio_namespace_each_away(const struct sio_namespace *n,
			     void (*fn)(void *ctx, const struct sio_absence *who, struct slice room), void *ctx);

#ifdef __cplusplus
}
#endif

#endif
