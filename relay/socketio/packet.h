/*
 * packet: Socket.IO packets as text, both ways.
 *
 * Room: relay/socketio. Called by client, socket, send and parts.
 * Pure: no I/O, no state. The JSON in a packet is checked once, whole, and then only pointed at.
 */
#ifndef SIO_PACKET_H
#define SIO_PACKET_H

#include "buf.h"

enum sio_packet_type {
	SIO_CONNECT, SIO_DISCONNECT, SIO_EVENT, SIO_ACK, SIO_CONNECT_ERROR, SIO_BINARY_EVENT, SIO_BINARY_ACK
};

enum sio_packet_fault { SIO_PACKET_OK, SIO_PACKET_MALFORMED, SIO_PACKET_DEEP, SIO_PACKET_BAD_UTF8 };

#define SIO_NAME_MAX 512                      /* bytes of a namespace */
#define SIO_QUERY_MAX 8192                    /* of the query behind it, with its mark (Engine.IO 3 clients: a token) */
#define SIO_ACK_MAX 9007199254740992ull       /* 2^53: ids are doubles in the reference */

struct sio_packet {                           /* slices borrow from the parsed text */
	enum sio_packet_type type;
	unsigned attachments;                 /* announced; 0 for the types that have none */
	struct slice nsp;                     /* "/" when left out; may carry a query (Engine.IO 3 clients) */
	bool has_id;
	uint64_t id;
	struct slice data;                    /* the JSON value without blanks around it; empty: none */
	struct slice name;                    /* events: first element, raw JSON (string or number) */
	struct slice args;                    /* events: what follows; ACK: all; without brackets */
	bool bad_text;                        /* json.h, JSON_BAD_TEXT */
};

/*
 * Reads one packet and holds it to the reference decoder's rules (payload kinds, reserved event names),
 * strictly: an EVENT has its array and an ACK its id. Anything wrong is a fault, for which the transport is
 * closed.
 * Source: Socket.IO protocol, "Packet encoding" (revisions 4 and 5 write the same text).
 */
enum sio_packet_fault sio_packet_parse(struct slice text, struct sio_packet *p);
/* Lets a parsed packet point into a copy of its text. */
void sio_packet_rebase(struct sio_packet *p, struct slice old_text, const char *copy);
/*
 * The decoded event name: in the packet, or in `scratch` when it has escapes. Empty when they are bad text.
 */
struct slice sio_packet_name(const struct sio_packet *p, struct buf *scratch);
/*
 * True when every {"_placeholder":true,"num":i} in the packet names one of its attachments. Of keys that come twice each
 * counts: readers differ in which one they take.
 */
bool sio_packet_placeholders(const struct sio_packet *p);

/* Appends everything that stands before the JSON. `attachments` counts for binary types; `id` NULL: none. */
void sio_packet_put_head(struct buf *b, enum sio_packet_type type, size_t attachments, struct slice nsp,
			 const uint64_t *id);
/* Turns a namespace's query (`a=1&b=2`, percent-encoded) into a JSON object. -1: not valid text. */
int sio_packet_put_query(struct buf *b, struct slice query);

#endif
