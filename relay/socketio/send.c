/*
 * send: packets out.
 *
 * Room: relay/socketio. Calls packet and engineio.
 */
#include "send.h"
#include "log.h"

struct eio_frame *sio_send_frame(const struct sio_outgoing *o)
{
	struct buf b = BUF_INIT;
	struct eio_frame *f;

	buf_reserve(&b, o->nsp.n + o->json.n + 40);
	sio_packet_put_head(&b, o->type, o->attachment_count, o->nsp, o->id);
	buf_put_slice(&b, o->json);
	f = eio_frame_text(buf_slice(&b));
	buf_fini(&b);
	return f;
}

void sio_send_packet(struct sio_client *c, const struct sio_outgoing *o)
{
	struct eio_frame *f;

	if (c->over)
		return;
	log_trace(eio_session_sid(c->session), "out: type %d, %zu bytes, %zu attachments", o->type, o->json.n,
		  o->attachment_count);
	f = sio_send_frame(o);
	eio_session_send(c->session, f);
	eio_frame_unref(f);
	for (size_t i = 0; i < o->attachment_count; i++) {
		f = eio_frame_binary(o->attachments[i]);
		eio_session_send(c->session, f);
		eio_frame_unref(f);
	}
}
