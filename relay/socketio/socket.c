/*
 * socket: one client in one namespace, from its CONNECT to its last word.
 *
 * Room: relay/socketio. Called by client, and by the application through socketio.h; calls rooms, acks, send
 * and engineio.
 * State goes PENDING > OPEN > ENDED and never back. An ended socket still answers questions and
 * does nothing. After a callback into the application a socket may have ended: what is still wanted of it is
 * read before.
 */
#include "socket.h"
#include "ids.h"
#include "log.h"
#include "map.h"
#include "packet.h"
#include "send.h"

#include <stdlib.h>

#define BY_CLIENT "client namespace disconnect"
#define BY_SERVER "server namespace disconnect"

/*
 * A fresh random id, which never tells the session's; Engine.IO 3 clients make up their id themselves, from
 * the session's (socket.io-client 2: engine.id, or nsp#engine.id), so theirs has to be that.
 */
static void socket_make_id(struct buf *b, const struct sio_client *c, const struct sio_namespace *n)
{
	char sid[IDS_SID_LEN + 1];

	if (eio_session_version(c->session) == 3) {
		if (strcmp(n->name, "/") != 0)
			buf_putf(b, "%s#", n->name);
		buf_puts(b, eio_session_sid(c->session));
		return;
	}
	ids_sid(sid);
	buf_puts(b, sid);
}

struct sio_socket *sio_socket_new(struct sio_client *c, struct sio_namespace *n)
{
	struct buf id = BUF_INIT;
	struct sio_socket *s;

	socket_make_id(&id, c, n);
	s = mem_zero(1, sizeof(*s) + id.len + 1);
	memcpy(s->id, id.data, id.len);
	s->client = c;
	s->nsp = n;
	s->state = SIO_SOCKET_PENDING;
	s->next = c->sockets;
	c->sockets = s;
	map_put(n->ids, buf_slice(&id), s);
	n->server->stats.sockets++;
	buf_fini(&id);
	return s;
}

/* ---- sending ---- */

static struct sio_outgoing packet_for(const struct sio_socket *s, enum sio_packet_type type,
				      struct slice json)
{
	return (struct sio_outgoing){ .type = type, .nsp = slice_of(s->nsp->name), .json = json };
}

static void send_simple(struct sio_socket *s, enum sio_packet_type type, struct slice json)
{
	struct sio_outgoing o = packet_for(s, type, json);

	sio_send_packet(s->client, &o);
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

void sio_socket_ask(struct sio_socket *s, struct slice event, unsigned timeout_ms, sio_answer_fn *fn,
		    void *ctx)
{
	struct sio_outgoing o = packet_for(s, SIO_EVENT, event);
	uint64_t id;

	if (s->state != SIO_SOCKET_OPEN) {
		fn(ctx, s, &(struct sio_answer){ .outcome = SIO_ANSWER_GONE });
		return;
	}
	id = sio_acks_add(&s->acks, s->nsp->server->loop, timeout_ms, s, fn, ctx);
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

/* ---- from pending to ended ---- */

void sio_socket_accept(struct sio_socket *s)
{
	struct sio_client *c = s->client;
	struct buf b = BUF_INIT;

	if (s->state != SIO_SOCKET_PENDING)
		return;
	s->state = SIO_SOCKET_OPEN;
	s->nsp->open++;
	s->nsp->server->stats.connects++;
	if (c->deadline) {
		eio_timer_free(c->deadline);
		c->deadline = NULL;
	}
	if (eio_session_version(c->session) != 3) /* revision 4 of Socket.IO says a bare CONNECT */
		buf_putf(&b, "{\"sid\":\"%s\"}", s->id);
	send_simple(s, SIO_CONNECT, buf_slice(&b));
	buf_fini(&b);
}

static void client_unlink(struct sio_socket *s)
{
	struct sio_client *c = s->client;
	struct sio_socket **at = &c->sockets;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->next = c->ended;
	c->ended = s;
}

/* Pauses of a socket that ends are nobody's to take back. */
static void release_pauses(struct sio_socket *s)
{
	while (s->pauses)
		sio_socket_resume(s);
}

void sio_socket_end(struct sio_socket *s, const char *reason)
{
	struct sio_namespace *n = s->nsp;
	struct buf room = BUF_INIT;

	if (s->state == SIO_SOCKET_ENDED)
		return;
	if (s->state == SIO_SOCKET_OPEN)
		n->open--;
	s->state = SIO_SOCKET_ENDED;
	n->server->stats.sockets--;
	client_unlink(s);
	map_remove(n->ids, slice_of(s->id));
	log_debug(s->id, "disconnected: %s", reason);
	sio_acks_end(&s->acks);
	if (n->cb.on_disconnect)
		n->cb.on_disconnect(n->ctx, s, reason);
	while (sio_rooms_leave_first(n->rooms, &s->peer, &room))
		if (n->cb.on_leave)
			n->cb.on_leave(n->ctx, s, buf_slice(&room));
	release_pauses(s);
	buf_fini(&room);
}

void sio_socket_free_ended(struct sio_client *c)
{
	struct sio_socket *s;

	while ((s = c->ended)) {
		c->ended = s->next;
		free(s);
	}
}

void sio_socket_refuse(struct sio_socket *s, struct slice object)
{
	if (s->state != SIO_SOCKET_PENDING)
		return;
	s->nsp->server->stats.connect_errors++;
	send_simple(s, SIO_CONNECT_ERROR, object);
	sio_socket_end(s, BY_SERVER);
}

static void socket_kick(struct sio_socket *s)
{
	send_simple(s, SIO_DISCONNECT, SLICE_NONE);
	sio_socket_end(s, BY_SERVER);
}

void sio_socket_disconnect(struct sio_socket *s, bool close_transport)
{
	struct sio_client *c = s->client;

	if (s->state == SIO_SOCKET_ENDED)
		return;
	if (!close_transport) {
		socket_kick(s);
		return;
	}
	while (c->sockets)
		socket_kick(c->sockets);
	sio_socket_close_transport(s, 1000);
}

void sio_socket_close_transport(struct sio_socket *s, int code)
{
	struct sio_client *c = s->client;

	if (c->over || c->closing)
		return;
	c->closing = true;
	eio_session_close(c->session, EIO_FORCED, code);
}

/* ---- what comes in ---- */

static void receive_event(struct sio_socket *s, const struct sio_packet *p, const struct slice *attachments,
			  size_t count)
{
	struct sio_namespace *n = s->nsp;
	struct buf scratch = BUF_INIT;
	struct sio_event e = {
		.name = sio_packet_name(p, &scratch), .args = p->args, .wants_ack = p->has_id, .ack = p->id,
		.bad_text = p->bad_text, .attachments = attachments, .attachment_count = count,
	};

	n->server->stats.events_in++;
	if (n->cb.on_event)
		n->cb.on_event(n->ctx, s, &e);
	buf_fini(&scratch);
}

void sio_socket_receive(struct sio_socket *s, const struct sio_packet *p, const struct slice *attachments,
			size_t count)
{
	struct sio_answer answer = { SIO_ANSWER_GIVEN, p->args, p->bad_text, attachments, count };

	switch (p->type) {
	case SIO_EVENT:
	case SIO_BINARY_EVENT:
		receive_event(s, p, attachments, count);
		break;
	case SIO_ACK:
	case SIO_BINARY_ACK:
		s->nsp->server->stats.acks_in++;
		if (!sio_acks_answer(&s->acks, p->id, &answer))
			log_debug(s->id, "an acknowledgement that nobody waits for");
		break;
	case SIO_DISCONNECT:
		sio_socket_end(s, BY_CLIENT);
		break;
	case SIO_CONNECT:
	case SIO_CONNECT_ERROR:
		break; /* the client has dealt with these */
	}
}

/* ---- facts, pauses, rooms ---- */

const char *sio_socket_id(const struct sio_socket *s)
{
	return s->id;
}

struct eio_session *sio_socket_session(const struct sio_socket *s)
{
	return s->client->session;
}

void sio_socket_set_data(struct sio_socket *s, void *data)
{
	s->data = data;
}

void *sio_socket_data(const struct sio_socket *s)
{
	return s->data;
}

void sio_socket_pause(struct sio_socket *s)
{
	struct sio_client *c = s->client;

	if (s->state == SIO_SOCKET_ENDED)
		return;
	s->pauses++;
	if (c->pauses++ == 0 && !c->over)
		eio_session_pause(c->session);
}

void sio_socket_resume(struct sio_socket *s)
{
	struct sio_client *c = s->client;

	if (s->pauses == 0)
		return;
	s->pauses--;
	if (--c->pauses == 0 && !c->over)
		eio_session_resume(c->session);
}

int sio_socket_join(struct sio_socket *s, struct slice room, uint64_t *join_r)
{
	struct sio_namespace *n = s->nsp;
	int joined;

	if (s->state == SIO_SOCKET_ENDED)
		return -1;
	if (s->peer.count >= n->server->config.max_rooms && !sio_socket_in(s, room))
		return -1;
	joined = sio_rooms_join(n->rooms, &s->peer, room, join_r);
	if (joined && n->cb.on_join)
		n->cb.on_join(n->ctx, s, room);
	return joined;
}

int sio_socket_leave(struct sio_socket *s, struct slice room)
{
	struct sio_namespace *n = s->nsp;
	int left = s->state == SIO_SOCKET_ENDED ? 0 : sio_rooms_leave(n->rooms, &s->peer, room);

	if (left && n->cb.on_leave)
		n->cb.on_leave(n->ctx, s, room);
	return left;
}

bool sio_socket_in(const struct sio_socket *s, struct slice room)
{
	return sio_socket_join_number(s, room) != 0;
}

uint64_t sio_socket_join_number(const struct sio_socket *s, struct slice room)
{
	return sio_rooms_number(s->nsp->rooms, &s->peer, room);
}

void sio_socket_each_room(const struct sio_socket *s, void (*fn)(void *ctx, struct slice room, uint64_t join),
			  void *ctx)
{
	sio_rooms_of(&s->peer, fn, ctx);
}
