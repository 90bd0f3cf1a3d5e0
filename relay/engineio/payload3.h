/*
 * payload3: polling payloads of Engine.IO 3, in their three forms, and the wrapping of JSONP (revision 4 too).
 *
 * Room: relay/engineio. Pure. Called by polling, post and ws.
 * Source: Engine.IO protocol, revision 3, "Payload"; lengths of text count UTF-16 units, as JavaScript does (which of
 * the forms a poll takes: polling.c).
 */
#ifndef EIO_PAYLOAD3_H
#define EIO_PAYLOAD3_H

#include "frame.h"
#include "packet.h"

/* `<length>:<packet>`; a binary message as "b4" and BASE64. */
void payload3_put_text(struct buf *b, const struct eio_frame *f);
/* 0x00 text or 0x01 binary, the length's digits as bytes, 0xff, the packet. For clients that take binary answers. */
void payload3_put_binary(struct buf *b, const struct eio_frame *f);

/* Walk a payload, as payload_next does: 1 and the next packet, 0 at the end, -1 when malformed. */
int payload3_next_text(struct slice *rest_r, struct eio_packet *p_r, struct buf *scratch);
int payload3_next_binary(struct slice *rest_r, struct eio_packet *p_r);

/* One binary WebSocket message: a number for the type, then the data. 0 or -1. */
int payload3_read_binary(struct slice bytes, struct eio_packet *p_r);

/* JSONP: `___eio[index]("payload");` */
void payload3_put_script(struct buf *b, int index, struct slice payload);
/* The payload of a JSONP form ("d=…"), decoded within the body's own bytes; empty when malformed. */
struct slice payload3_form(struct buf *body);

#endif
