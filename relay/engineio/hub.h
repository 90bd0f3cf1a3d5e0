/*
 * hub: what one server holds: its sessions by sid, the counts by address, the limits and the counters.
 *
 * Room: relay/engineio. Called by conn, ws, http, lws, lobby, accept, server.
 */
#ifndef EIO_HUB_H
#define EIO_HUB_H

#include "loop.h"
#include "request.h"
#include "session.h"

struct map;
struct lws_context;
struct lws_vhost;
struct tls;
struct hangup;

/* Open to the files above it; one per server. */
struct eio_hub {
	struct session_host host;
	struct eio_config config;          /* strings are the hub's copies */
	struct eio_loop *loop;
	struct names origins, proxies;
	struct map *sessions, *addresses;
	struct eio_session *all;           /* every session that has not ended */
	struct eio_timer *alarm;           /* rings when the wheel has something */
	uint64_t alarm_ms;
	uint64_t stood_ms;                 /* of the loop, as far as sessions know of it */
	bool closed_to_new;                /* draining: no new sessions */
	struct buf scratch;                /* for one answer or one gathered write */
	struct buf decoded;                /* the binary packet that is being handled */
	struct handshake request;          /* the request being read */
	struct lws_context *lws;           /* lws.c's */
	struct lws_vhost *vhost;
	struct tls *tls;                   /* lws.c's; NULL: the port speaks in clear */
	struct hangup *hangup;             /* lws.c's: peers of held polls that go */
	size_t begun;                      /* bytes of POSTs and messages that are not complete yet */
	struct eio_conn *fresh, **fresh_end;   /* WebSockets whose 101 has just left, oldest first (ws.c) */
	struct eio_timer *fresh_timer;
};

struct eio_hub *hub_new(struct eio_loop *l, const struct eio_config *c, const struct eio_callbacks *cb,
			void *ctx);
/* Ends every session at once; it is reported at the end of the pass. */
void hub_end_sessions(struct eio_hub *h);
/* The same, and reports it. */
void hub_end_all(struct eio_hub *h);
/* Also ends what sessions are left. The connections must be gone. */
void hub_free(struct eio_hub *h);

/* The session of a sid, or NULL. One whose deadline has passed, though the wheel has not come to it yet, is ended, not found. */
struct eio_session *hub_find(struct eio_hub *h, struct slice sid);
/*
 * A new session; takes the handshake, also when it fails: NULL when there are too many, in all or of its
 * address. Its transport is to be attached, then session_opened called.
 */
struct eio_session *hub_open(struct eio_hub *h, int version, bool websocket, struct handshake *shake);
/* Counts and logs what was refused to an address. */
void hub_refuse(struct eio_hub *h, const char *address, enum eio_refusal r);
/*
 * Whether the handshake being read (h->request) is welcome now, by the layer above and by the bounds of sessions. Asked before
 * a WebSocket is answered: stock clients do not notice before their timeout (20 s) that one ended which said no OPEN.
 */
bool hub_welcomes(struct eio_hub *h);

/*
 * Connections are counted by the peer's address (not those of trusted proxies), sessions by the address of
 * the request; IPv6 by its /64 (network.h). take: false, and not counted, when the peer has
 * max_connections_per_address of them already.
 */
bool hub_connection_take(struct eio_hub *h, const char *peer);
void hub_connection_give(struct eio_hub *h, const char *peer);

#endif
