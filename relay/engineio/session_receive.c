/*
 * session_receive: see session_receive.h.
 *
 * Room: relay/engineio. Calls session and, through its callbacks, the layer above.
 * Source: Engine.IO protocol, "Packet types" and "Heartbeat", revisions 4 and 3.
 */
#include "log.h"
#include "session_receive.h"

/*
 * Clients of microcontrollers (Links2004's SocketIOclient) say the end of an upgrade, some its probe too, on the WebSocket that
 * they began with; python-engineio passes over both.
 */
static bool is_needless_upgrade(const struct eio_session *s, const struct eio_packet *p)
{
	return s->ws && (p->type == PACKET_UPGRADE || (p->type == PACKET_PING && slice_is(p->data, "probe")));
}

static void receive_ping(struct eio_session *s, const struct eio_packet *p)
{
	if (s->version != 3 && is_needless_upgrade(s, p))
		return;
	if (s->version != 3) {
		session_violated(s, EIO_REFUSED_TURN, 1002);
		return;
	}
	session_send_packet(s, PACKET_PONG, p->data);
}

static void receive_pong(struct eio_session *s)
{
	if (s->version != 4) {
		session_violated(s, EIO_REFUSED_TURN, 1002);
	} else if (s->awaiting_pong) {
		s->proved_ms = s->ping_ms;
		session_alive(s);
	}
}

static void receive_message(struct eio_session *s, const struct eio_packet *p)
{
	struct session_host *h = s->host;

	h->stats.messages_in++;
	h->stats.bytes_in += p->data.n;
	if (h->cb.on_message)
		h->cb.on_message(h->ctx, s, p->data, p->binary);
}

uint64_t eio_session_proved_ms(const struct eio_session *s)
{
	return s->proved_ms;
}

void session_receive(struct eio_session *s, const struct eio_packet *p)
{
	if (s->state >= SESSION_CLOSING)
		return;
	log_trace(s->sid, "in %c, %zu bytes", p->type, p->data.n);
	if (p->type != PACKET_PONG)
		session_heard(s);
	switch (p->type) {
	case PACKET_MESSAGE:
		receive_message(s, p);
		break;
	case PACKET_PING:
		receive_ping(s, p);
		break;
	case PACKET_PONG:
		receive_pong(s);
		break;
	case PACKET_CLOSE:
		session_end(s, EIO_PEER_CLOSED, 1000);
		break;
	case PACKET_NOOP:
		break;
	default:                    /* OPEN is the server's to say, UPGRADE the probing WebSocket's */
		if (!is_needless_upgrade(s, p))
			session_violated(s, EIO_REFUSED_TURN, 1002);
	}
}
