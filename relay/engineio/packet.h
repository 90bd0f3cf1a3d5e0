/*
 * packet: Engine.IO 4 packets and polling payloads.
 *
 * Room: relay/engineio. Pure. Called by post, ws, payload3, frame.
 * Source: Engine.IO protocol, revision 4, "Packet types" and "Payload encoding".
 */
#ifndef EIO_PACKET_H
#define EIO_PACKET_H

#include "buf.h"

#define PACKET_OPEN '0'
#define PACKET_CLOSE '1'
#define PACKET_PING '2'
#define PACKET_PONG '3'
#define PACKET_MESSAGE '4'
#define PACKET_UPGRADE '5'
#define PACKET_NOOP '6'
#define PACKET_BINARY 'b'           /* a message, BASE64 behind it */
#define PAYLOAD_SEPARATOR '\x1e'

/* One packet; data is borrowed from what it was read from. */
struct eio_packet {
	char type;                  /* '0' … '6' */
	bool binary;                /* a message of bytes */
	struct slice data;          /* behind the type */
};

/* Reads one text packet ("4hello"). 0, or -1 when it is empty or of no known type. */
int packet_read(struct slice text, struct eio_packet *p_r);
/*
 * The same of a packet whose message may be bytes in BASE64 ("b…", in revision 3 "b4…"), which are decoded into `scratch`.
 * So they stand in payloads, and in text frames of clients that cannot take binary ones.
 */
int packet_read_text(struct slice text, int version, struct eio_packet *p_r, struct buf *scratch);
/*
 * Walks a polling payload: start with *rest_r = the body. 1 and the next packet, 0 at the end, -1 when
 * malformed (an empty body and an empty part are malformed). Binary data are decoded into `scratch`, which
 * is reset by each call.
 */
int payload_next(struct slice *rest_r, struct eio_packet *p_r, struct buf *scratch);

/* RFC 4648 §4, with padding. */
void packet_put_base64(struct buf *out, struct slice bytes);
/*
 * Appends what the text means. 0, or -1 when it is not BASE64 with its padding. Line breaks are passed over: Android's
 * Base64.DEFAULT, which the Java client writes polled binary with, sets one behind every 76 characters and at the end.
 */
int packet_base64_decode(struct slice text, struct buf *out);

#endif
