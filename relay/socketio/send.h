/*
 * send: packets out.
 *
 * Room: relay/socketio. Called by client, socket, namespace, emit and gather.
 */
#ifndef SIO_SEND_H
#define SIO_SEND_H

#include "inside.h"
#include "packet.h"

struct sio_outgoing {
	enum sio_packet_type type;      /* of a binary pair, when there are attachments */
	struct slice nsp;
	const uint64_t *id;             /* NULL: none */
	struct slice json;              /* may be empty */
	const struct slice *attachments;
	size_t attachment_count;
};

/* The packet's text as a frame; the caller owns the reference. */
struct eio_frame *sio_send_frame(const struct sio_outgoing *o);
/* Queues a packet and its attachments, one behind the other. Nothing happens when the session is going. */
void sio_send_packet(struct sio_client *c, const struct sio_outgoing *o);

#endif
