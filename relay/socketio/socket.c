/*
 * socket: one client in one namespace, from its CONNECT to its last word.
 *
 * Room: relay/socketio. Calls recovery, rooms, acks, send and engineio.
 * State goes PENDING > OPEN > ENDED and never back. An ended socket still answers questions and does nothing. After a
 * callback into the application a socket may have ended: what is still wanted of it is read before.
 */
#include "socket.h"
#include "ids.h"
#include "log.h"
#include "map.h"
#include "packet.h"
#include "recovery.h"
#include "refusal.h"
#include "send.h"

#include <stdlib.h>

#define BY_SERVER "server namespace disconnect"

/*
 * A fresh random id, which never tells the session's; Engine.IO 3 clients make up their id themselves, from
 * the session's (socket.io-client 2: engine.id, or nsp#engine.id), so theirs has to be that.
 */
static void socket_make_id(struct buf *b, const struct sio_client *c, const struct sio_namespace *n,
			   struct slice given)
{
	char sid[IDS_SID_LEN + 1];

	if (given.n) {
		buf_put_slice(b, given);
		return;
	}
	if (eio_session_version(c->session) == 3) {
		if (strcmp(n->name, "/") != 0)
			buf_putf(b, "%s#", n->name);
		buf_puts(b, eio_session_sid(c->session));
		return;
	}
	ids_sid(sid);
	buf_puts(b, sid);
}

struct sio_socket *sio_socket_new(struct sio_client *c, struct sio_namespace *n, struct slice given)
{
	struct sio_socket **at = &c->sockets, *s;
	struct buf id = BUF_INIT;

	socket_make_id(&id, c, n, given);
	s = mem_zero(1, sizeof(*s) + id.len + 1);
	memcpy(s->id, id.data, id.len);
	s->client = c;
	s->nsp = n;
	s->state = SIO_SOCKET_PENDING;
	while (*at)
		at = &(*at)->next;
	*at = s;
	map_put(n->ids, buf_slice(&id), s);
	n->server->stats.sockets++;
	buf_fini(&id);
	return s;
}

/* ---- from pending to ended ---- */

static void send_simple(struct sio_socket *s, enum sio_packet_type type, struct slice json)
{
	struct sio_outgoing o = { .type = type, .nsp = slice_of(s->nsp->name), .json = json };

	sio_send_packet(s->client, &o);
}

static void put_room(void *ctx, struct slice room, uint64_t number)
{
	(void)number;
	buf_put(ctx, &room.n, sizeof(room.n));
	buf_put_slice(ctx, room);
}

/* Tells the application of rooms noted before: what it does then may change them. */
static void tell_rooms(struct sio_socket *s, const struct buf *names, enum sio_socket_state while_it_is,
		       void (*fn)(void *ctx, struct sio_socket *s, struct slice room))
{
	struct slice room;

	for (size_t at = 0; at < names->len && s->state == while_it_is; at += sizeof(room.n) + room.n) {
		memcpy(&room.n, names->data + at, sizeof(room.n));
		room.p = names->data + at + sizeof(room.n);
		fn(s->nsp->ctx, s, room);
	}
}

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
	if (eio_session_version(c->session) != 3) { /* revision 4 of Socket.IO says a bare CONNECT */
		buf_putf(&b, "{\"sid\":\"%s\"", s->id);
		if (s->may_return) {
			if (!s->returns)
				ids_sid(s->pid);
			sio_recovery_open(s->nsp->recovery, s);
			buf_putf(&b, ",\"pid\":\"%s\"", s->pid);
		}
		buf_putc(&b, '}');
	}
	send_simple(s, SIO_CONNECT, buf_slice(&b));
	if (s->held)
		sio_socket_resume(s);
	s->held = false;
	buf_reset(&b);
	if (s->returns && s->nsp->cb.on_join) {
		sio_rooms_of(&s->peer, put_room, &b);
		tell_rooms(s, &b, SIO_SOCKET_OPEN, s->nsp->cb.on_join);
	}
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

/* What cut the connection off, as the reference has it; what was meant ends the session too. */
static bool recoverable(const struct sio_socket *s, const char *reason)
{
	return s->pid[0] && !s->forgotten && strcmp(reason, SIO_BY_CLIENT) != 0 && strcmp(reason, BY_SERVER) != 0 &&
		strcmp(reason, "parse error") != 0;
}

/* Its memberships stay, under the session that is away; the application hears of each that the socket left it. */
static void keep_rooms(struct sio_socket *s)
{
	struct sio_namespace *n = s->nsp;
	struct buf names = BUF_INIT;

	if (n->cb.on_leave)
		sio_rooms_of(&s->peer, put_room, &names);
	sio_recovery_keep(n->recovery, s);
	tell_rooms(s, &names, SIO_SOCKET_ENDED, n->cb.on_leave);
	buf_fini(&names);
}

static void leave_rooms(struct sio_socket *s)
{
	struct sio_namespace *n = s->nsp;
	struct buf room = BUF_INIT;

	while (sio_rooms_leave_first(n->rooms, &s->peer, &room))
		if (n->cb.on_leave)
			n->cb.on_leave(n->ctx, s, buf_slice(&room));
	buf_fini(&room);
}

void sio_socket_end(struct sio_socket *s, const char *reason)
{
	struct sio_namespace *n = s->nsp;

	if (s->state == SIO_SOCKET_ENDED)
		return;
	if (s->pid[0])
		sio_recovery_closed(n->recovery, s);
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
	if (recoverable(s, reason))
		keep_rooms(s);
	else
		leave_rooms(s);
	release_pauses(s);
}

void sio_socket_free_ended(struct sio_client *c)
{
	struct sio_socket *s;

	while ((s = c->ended)) {
		c->ended = s->next;
		free(s);
	}
}

/* What its client still says to it for a moment is nobody's fault (client.c: is_stale). */
static void note_kicked(struct sio_socket *s)
{
	s->client->kicked |= s->nsp->bit;
	s->client->kicked_ms = (uint32_t)eio_loop_now_ms(s->nsp->server->loop);
}

void sio_socket_refuse(struct sio_socket *s, struct slice object)
{
	if (s->state != SIO_SOCKET_PENDING)
		return;
	s->nsp->server->stats.connect_errors++;
	send_simple(s, SIO_CONNECT_ERROR, object);
	if (s->held)            /* what it said before it heard this is not out of turn */
		note_kicked(s);
	sio_socket_end(s, BY_SERVER);
}

static void socket_kick(struct sio_socket *s)
{
	note_kicked(s);
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
			sio_refusal_note(&s->nsp->server->stats, eio_session_address(s->client->session),
					 SIO_REFUSED_ACK);
		break;
	case SIO_DISCONNECT:
		sio_socket_end(s, SIO_BY_CLIENT);
		break;
	case SIO_CONNECT:
	case SIO_CONNECT_ERROR:
		break; /* the client has dealt with these */
	}
}

/* ---- facts and pauses ---- */

const char *sio_socket_id(const struct sio_socket *s)
{
	return s->id;
}

struct eio_session *sio_socket_session(const struct sio_socket *s)
{
	return s->client->session;
}

const char *sio_socket_why(const struct sio_socket *s)
{
	return s->client->why;
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
