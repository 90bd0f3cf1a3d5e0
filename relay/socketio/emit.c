/*
 * emit: what the application says to one open socket: events, questions, answers.
 *
 * Room: relay/socketio. Called by the application through socketio.h; calls acks and send.
 * A socket that is pending or ended hears nothing.
 */
#include "inside.h"
#include "send.h"

static struct sio_outgoing packet_for(const struct sio_socket *s, enum sio_packet_type type,
				      struct slice json)
{
	return (struct sio_outgoing){ .type = type, .nsp = slice_of(s->nsp->name), .json = json };
}

void sio_socket_emit(struct sio_socket *s, struct slice event)
{
	sio_socket_emit_binary(s, event, NULL, 0);
}

void sio_socket_emit_binary(struct sio_socket *s, struct slice event, const struct slice *attachments,
			    size_t count)
{
	struct sio_outgoing o = packet_for(s, count ? SIO_BINARY_EVENT : SIO_EVENT, event);

	o.attachments = attachments;
	o.attachment_count = count;
	if (s->state == SIO_SOCKET_OPEN)
		sio_send_packet(s->client, &o);
}

void sio_socket_emit_volatile(struct sio_socket *s, struct slice event)
{
	struct sio_outgoing o = packet_for(s, SIO_EVENT, event);
	struct eio_frame *f;

	if (s->state != SIO_SOCKET_OPEN || s->client->over)
		return;
	f = sio_send_frame(&o);
	eio_session_send_volatile(s->client->session, f);
	eio_frame_unref(f);
}

void sio_socket_ask(struct sio_socket *s, struct slice event, unsigned timeout_ms, sio_answer_fn *fn,
		    void *ctx)
{
	struct sio_outgoing o = packet_for(s, SIO_EVENT, event);
	uint64_t id;

	if (s->state != SIO_SOCKET_OPEN) {
		fn(ctx, s, &(struct sio_answer){ .outcome = SIO_ANSWER_GONE });
		return;
	}
	id = s->nsp->next_ack++;
	sio_acks_add(&s->acks, s->nsp->server->loop, id, timeout_ms, s, fn, ctx);
	o.id = &id;
	sio_send_packet(s->client, &o);
}

void sio_socket_ack(struct sio_socket *s, uint64_t ack, struct slice args)
{
	sio_socket_ack_binary(s, ack, args, NULL, 0);
}

void sio_socket_ack_binary(struct sio_socket *s, uint64_t ack, struct slice args,
			   const struct slice *attachments, size_t count)
{
	struct sio_outgoing o = packet_for(s, count ? SIO_BINARY_ACK : SIO_ACK, args);

	o.id = &ack;
	o.attachments = attachments;
	o.attachment_count = count;
	if (s->state == SIO_SOCKET_OPEN)
		sio_send_packet(s->client, &o);
}
