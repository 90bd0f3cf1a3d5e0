/*
 * parts: a binary packet that waits for its attachments.
 *
 * Room: relay/socketio. Called by client.
 * Pure: no I/O. Owns copies of the packet's text and of each attachment, never more than the bytes allowed at the
 * start, nor more than its share of what all together may hold.
 */
#ifndef SIO_PARTS_H
#define SIO_PARTS_H

#include "packet.h"

#define SIO_PARTS_TOTAL_MAX 67108864   /* bytes of packets under way, of one server; shared out (share.h) */
#define SIO_PARTS_SMALL 4096           /* and so much in any case, so that those who hold little are never refused */

struct sio_parts;

/*
 * Begins with a packet that announces attachments; copies its text. `total` counts the bytes of all packets under way, and
 * must outlive the parts; bytes_max bounds the attachments alone. NULL: the text is above its share.
 */
struct sio_parts *sio_parts_new(const struct sio_packet *p, struct slice text, size_t bytes_max, size_t *total);
/* NULL is allowed. */
void sio_parts_free(struct sio_parts *w);
/*
 * One attachment: 1 the packet is whole, 0 more to come, -1 over a bound. The bytes are copied. The last one needs no share:
 * it does not wait.
 */
int sio_parts_add(struct sio_parts *w, struct slice bytes);
const struct sio_packet *sio_parts_packet(const struct sio_parts *w);
/* The attachments so far; borrowed until the parts are freed. */
const struct slice *sio_parts_attachments(const struct sio_parts *w, size_t *count_r);

#endif
