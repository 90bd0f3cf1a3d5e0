/*
 * frame: what transports need of eio_frame beyond engineio.h.
 *
 * Room: relay/engineio. Pure. Called by server, session, queue, polling, ws, payload3.
 * A frame is one Engine.IO packet. Its WebSocket bytes are ready made; the polling form is derived on demand.
 */
#ifndef EIO_FRAME_H
#define EIO_FRAME_H

#include "engineio.h"

/* A text packet of any Engine.IO type ('0' open, '2' ping, …). The caller owns one reference. */
struct eio_frame *frame_packet(char type, struct slice data);
/* It takes a place in a queue, or gives one back: true when it is in no other. */
bool frame_enter_queue(struct eio_frame *f);
bool frame_leave_queue(struct eio_frame *f);
bool frame_is_binary(const struct eio_frame *f);
/* Packet type ('4' for messages) and its data without the type. */
char frame_type(const struct eio_frame *f);
struct slice frame_data(const struct eio_frame *f);
/* The whole WebSocket frame for protocol revision 4 (of text also for 3). */
struct slice frame_wire(const struct eio_frame *f);
/*
 * Length of the WebSocket frame for the revision, and the bytes put into `out`. `base64`: for a client that cannot take
 * binary frames, a text frame like the packet of a polling payload (the reference's parsers; no protocol text says it).
 */
size_t frame_wire_len(const struct eio_frame *f, int version, bool base64);
void frame_put_wire(const struct eio_frame *f, int version, bool base64, struct buf *out);
/* Bytes of its encoding. */
size_t frame_size(const struct eio_frame *f);
/* The packet as one part of a revision 4 polling payload ("4text", "bBASE64"). */
void frame_put_polling(const struct eio_frame *f, struct buf *out);
/* Encodings made since start. */
uint64_t frame_encoded_count(void);

#endif
