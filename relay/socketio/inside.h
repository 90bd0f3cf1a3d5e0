/*
 * inside: the bodies of server, namespace, client and socket, for the files of this room alone.
 *
 * Room: relay/socketio. Calls among the files go one way: server > client > comeback > socket, namespace, gather,
 * membership > recovery, emit > acks, send, parts > packet, rooms, refusal. A lower file never calls a higher one: it
 * reads what that one has left in these structs.
 */
#ifndef SIO_INSIDE_H
#define SIO_INSIDE_H

#include "acks.h"
#include "ids.h"
#include "parts.h"
#include "rooms.h"
#include "socketio.h"

struct map;
struct sio_recovery;

struct sio_server {
	struct eio_loop *loop;
	struct eio_server *transport;
	struct sio_config config;
	struct sio_http http;
	void *http_ctx;
	struct sio_namespace *namespaces;
	size_t parts_bytes;                 /* of binary packets under way, all clients together */
	struct sio_stats stats;             /* transport and the gauge `rooms` are filled in when asked */
};

struct sio_namespace {
	struct sio_namespace *next;
	struct sio_server *server;
	char *name;
	struct sio_callbacks cb;
	void *ctx;
	struct map *ids;                    /* pending and open sockets by id */
	struct sio_rooms *rooms;
	struct sio_recovery *recovery;      /* NULL: none */
	size_t open;
	uint32_t bit;                       /* its own in what a client was kicked from; 0: others have all 32 */
	uint64_t next_ack;                  /* id of the next question, to one socket or to many */
};

struct sio_client {                         /* one per Engine.IO session, which holds it as its data */
	struct sio_server *server;
	struct eio_session *session;
	struct sio_socket *sockets;         /* pending and open, one per namespace */
	struct sio_socket *ended;           /* freed with the next packet: a callback may still hold one */
	struct eio_timer *deadline;         /* to have joined a namespace; NULL once it has */
	struct sio_parts *parts;            /* binary packet under way */
	struct eio_timer *parts_deadline;   /* for its next attachment; NULL without one */
	uint32_t kicked;                    /* namespaces that we put it out of, by their bits */
	uint32_t kicked_ms;                 /* when that was last; it may wrap */
	const char *reason;                 /* why we ended the transport; NULL: it knows itself */
	const char *why;                    /* the refusal behind it, static; NULL: none */
	unsigned pauses;
	uint8_t asked;                      /* how often it named a session it had */
	bool closing;                       /* nothing more is heard from it */
	bool over;                          /* the session is going: nothing may be sent */
};

enum sio_socket_state { SIO_SOCKET_PENDING, SIO_SOCKET_OPEN, SIO_SOCKET_ENDED };

struct sio_back {                           /* how far a session got; numbers are recovery's */
	uint64_t last;                      /* the last push that was sent to it */
	uint64_t left;                      /* the same when it left a room: what it had not heard there then is not found */
	uint64_t cut;                       /* the last push of all when it was cut */
	uint64_t until_ms;                  /* until when it may come back */
	uint64_t looked;                    /* pushes looked through for it since it was cut */
	uint64_t again, again_ms;           /* the last repeatable push that was sent to it, and when */
	uint64_t lost;                      /* since it was cut: the first push that may not have arrived; UINT64_MAX: all did */
};

struct sio_socket {
	struct sio_peer peer;               /* first, so that a peer is its socket */
	struct sio_client *client;
	struct sio_namespace *nsp;
	struct sio_socket *next;
	struct sio_acks acks;
	void *data;
	enum sio_socket_state state;
	unsigned pauses;
	bool held;                          /* one of them is until it is accepted (sio_client_open) */
	uint64_t auth_hash;                 /* of what its CONNECT carried */
	uint64_t has;                       /* returns: the last push that its client says it has */
	struct sio_back back;
	bool may_return;                    /* it is told a pid, and offsets */
	bool returns;                       /* a session that came back, and was not sent yet what it missed */
	bool forgotten;                     /* not to be recovered */
	char pid[IDS_SID_LEN + 1];          /* empty: never to be recovered */
	char id[];
};

#endif
