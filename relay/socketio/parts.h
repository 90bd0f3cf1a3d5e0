/*
 * parts: a binary packet that waits for its attachments.
 *
 * Room: relay/socketio. Called by client; calls packet. Pure: no I/O.
 * Owns copies of the packet's text and of each attachment, never more than the bytes allowed at the start.
 */
#ifndef SIO_PARTS_H
#define SIO_PARTS_H

#include "packet.h"

struct sio_parts;

/* Begins with a packet that announces attachments; copies its text. */
struct sio_parts *sio_parts_new(const struct sio_packet *p, struct slice text, size_t bytes_max);
/* NULL is allowed. */
void sio_parts_free(struct sio_parts *w);
/* One attachment: 1 the packet is whole, 0 more to come, -1 over the bound. The bytes are copied. */
int sio_parts_add(struct sio_parts *w, struct slice bytes);
const struct sio_packet *sio_parts_packet(const struct sio_parts *w);
/* The attachments so far; borrowed until the parts are freed. */
const struct slice *sio_parts_attachments(const struct sio_parts *w, size_t *count_r);

#endif
