/*
 * client: what one Engine.IO session says, sorted to its sockets.
 *
 * Room: relay/socketio. Calls comeback, socket, parts, packet, send and engineio.
 * The state rules of the reference are here, strictly: what does not fit ends the transport.
 */
#include "client.h"
#include "comeback.h"
#include "fnv.h"
#include "log.h"
#include "packet.h"
#include "refusal.h"
#include "send.h"
#include "socket.h"

#include <stdlib.h>

#define INVALID_NAMESPACE "{\"message\":\"Invalid namespace\"}"
#define INVALID_PAYLOAD "{\"message\":\"Invalid payload\",\"data\":{\"code\":\"bad_request\"}}"

#define PARSE_ERROR "parse error"
#define OUT_OF_TURN "forced server close"

#define CLOSE_NORMAL 1000   /* RFC 6455 §7.4.1 */
#define CLOSE_BAD_TEXT 1007
#define CLOSE_POLICY 1008

#define STALE_MS 10000      /* who was put out of a namespace may so long not have heard of it */

#define ATTACHED_FACTOR 4   /* attachments of a packet together, in payloads, unless the settings say bytes */

static const char *client_refuse(struct sio_client *c, enum sio_refusal r)
{
	return sio_refusal_note(&c->server->stats, eio_session_address(c->session), r);
}

/* Nothing is awaited any more. */
static void parts_drop(struct sio_client *c)
{
	if (c->parts_deadline)
		eio_timer_free(c->parts_deadline);
	c->parts_deadline = NULL;
	sio_parts_free(c->parts);
	c->parts = NULL;
}

static void client_close(struct sio_client *c, const char *reason, int code, enum sio_refusal why)
{
	bool parse = strcmp(reason, PARSE_ERROR) == 0;

	c->why = client_refuse(c, why);
	c->server->stats.packets_bad++;
	c->reason = reason;
	c->closing = true;
	parts_drop(c);
	eio_session_close(c->session, parse ? EIO_PARSE_ERROR : EIO_FORCED, code);
}

static void on_deadline(void *ctx)
{
	struct sio_client *c = ctx;

	eio_timer_free(c->deadline);
	c->deadline = NULL;
	if (c->closing)  /* for another reason, of which its peer is still to learn */
		return;
	c->reason = OUT_OF_TURN;
	c->closing = true;
	c->why = client_refuse(c, SIO_REFUSED_CONNECT_SLOW);
	eio_session_close(c->session, EIO_FORCED, CLOSE_NORMAL);
}

/* ---- joining a namespace ---- */

static struct sio_namespace *namespace_named(const struct sio_server *server, struct slice name)
{
	struct sio_namespace *n = server->namespaces;

	while (n && !slice_is(name, n->name))
		n = n->next;
	return n;
}

static struct sio_socket *socket_in(const struct sio_client *c, struct slice name)
{
	struct sio_socket *s = c->sockets;

	while (s && !slice_is(name, s->nsp->name))
		s = s->next;
	return s;
}

static void refuse(struct sio_client *c, struct slice name, struct slice object)
{
	struct sio_outgoing o = { .type = SIO_CONNECT_ERROR, .nsp = name, .json = object };

	c->server->stats.connect_errors++;
	sio_send_packet(c, &o);
}

/* Over without an answer. The session that it had come back to is there for the next: that may be the same person. */
static void replace_pending(struct sio_client *c, struct sio_socket *pending)
{
	c->asked -= pending->returns;
	sio_socket_end(pending, pending->returns ? "transport close" : SIO_BY_CLIENT);
}

/*
 * Clients of JavaScript and Java say CONNECT again when their application calls connect() before our answer is there. The
 * same once more: the answer is on its way and serves both. With another auth it is somebody else, or another token: it
 * counts, as with the reference, and the first is over. (The reference accepts a second socket when the same is said twice,
 * and cuts whoever is connected already.)
 */
static void client_join(struct sio_client *c, struct slice name, struct slice auth)
{
	struct sio_namespace *n = namespace_named(c->server, name);
	uint64_t hash = fnv64(FNV64_BASIS, auth);
	struct sio_socket *s;

	if (!n) {
		client_refuse(c, SIO_REFUSED_NAMESPACE);
		refuse(c, name, SLICE(INVALID_NAMESPACE));
		return;
	}
	s = socket_in(c, name);
	if (s && s->auth_hash == hash) {
		log_debug(eio_session_sid(c->session), "CONNECT again before it is answered");
		return;
	}
	if (s)
		replace_pending(c, s);
	c->kicked &= ~n->bit;
	s = sio_comeback_socket(c, n, auth);
	s->auth_hash = hash;
	if (n->cb.on_connect) {
		n->cb.on_connect(n->ctx, s, auth);
		return;
	}
	sio_socket_accept(s);
	sio_socket_replay(s);
}

/* CONNECT: revision 5 carries a payload, revision 4 a query. Both reach the application as an object. */
static void client_connect(struct sio_client *c, const struct sio_packet *p, struct slice name)
{
	struct buf query = BUF_INIT;
	struct slice auth = p->data;
	bool fine = !p->bad_text;

	if (name.n < p->nsp.n) {
		struct slice text = { name.p + name.n + 1, p->nsp.n - name.n - 1 };

		fine &= sio_packet_put_query(&query, text) == 0;
		auth = buf_slice(&query);
	}
	if (fine) {
		client_join(c, name, auth);
	} else {
		if (socket_in(c, name))
			replace_pending(c, socket_in(c, name));
		client_refuse(c, SIO_REFUSED_PAYLOAD);
		refuse(c, name, SLICE(INVALID_PAYLOAD));
	}
	buf_fini(&query);
}

void sio_client_open(struct sio_server *server, struct eio_session *session)
{
	struct sio_client *c = mem_zero(1, sizeof(*c));

	c->server = server;
	c->session = session;
	eio_session_set_data(session, c);
	if (server->config.connect_timeout_ms)
		c->deadline = eio_timer_new(server->loop, server->config.connect_timeout_ms, 0,
					    on_deadline, c);
	if (eio_session_version(session) == 3)
		client_join(c, SLICE("/"), SLICE_NONE);
	/*
	 * A client of this revision may speak as soon as the transport is open (python-socketio 4, Swift 15), and not only
	 * after our CONNECT: it is not read before that.
	 */
	if (c->sockets && c->sockets->state == SIO_SOCKET_PENDING) {
		sio_socket_pause(c->sockets);
		c->sockets->held = true;
	}
}

/* ---- packets ---- */

/* Engine.IO 3 clients append a query to the name. */
static struct slice packet_name(const struct sio_client *c, const struct sio_packet *p)
{
	const char *mark = NULL;

	if (eio_session_version(c->session) == 3)
		mark = memchr(p->nsp.p, '?', p->nsp.n);
	return (struct slice){ p->nsp.p, mark ? (size_t)(mark - p->nsp.p) : p->nsp.n };
}

/* What the client sent before it heard that we put it out of the namespace: nobody's fault, and nobody's any more. */
static bool is_stale(const struct sio_client *c, const struct sio_packet *p, struct slice name)
{
	const struct sio_namespace *n;

	if (!c->kicked || p->type == SIO_CONNECT || p->type == SIO_CONNECT_ERROR || socket_in(c, name))
		return false;
	if ((uint32_t)eio_loop_now_ms(c->server->loop) - c->kicked_ms > STALE_MS)
		return false;
	n = namespace_named(c->server, name);
	return n && (c->kicked & n->bit);
}

/*
 * True when the packet may come now: CONNECT for a name not joined or not answered yet, DISCONNECT for any other, the
 * rest once open.
 */
static bool in_turn(const struct sio_packet *p, const struct sio_socket *s)
{
	if (p->type == SIO_CONNECT)
		return !s || s->state == SIO_SOCKET_PENDING;
	if (!s || p->type == SIO_CONNECT_ERROR)
		return false;
	return s->state == SIO_SOCKET_OPEN || p->type == SIO_DISCONNECT;
}

static void client_packet(struct sio_client *c, const struct sio_packet *p, const struct slice *attachments,
			  size_t count)
{
	struct slice name = packet_name(c, p);
	struct sio_socket *s = socket_in(c, name);

	if (is_stale(c, p, name))
		log_debug(eio_session_sid(c->session), "a packet of a socket that was disconnected");
	else if (!in_turn(p, s))
		client_close(c, OUT_OF_TURN, CLOSE_POLICY, SIO_REFUSED_TURN);
	else if (p->type == SIO_CONNECT)
		client_connect(c, p, name);
	else
		sio_socket_receive(s, p, attachments, count);
}

static void parts_await(struct sio_client *c);

static void on_parts_deadline(void *ctx)
{
	struct sio_client *c = ctx;

	if (c->pauses)                      /* unread it cannot come */
		parts_await(c);
	else if (c->closing)
		parts_drop(c);
	else
		client_close(c, PARSE_ERROR, CLOSE_POLICY, SIO_REFUSED_MISSING);
}

/* The next attachment has as long to begin as a message has to come. */
static void parts_await(struct sio_client *c)
{
	unsigned timeout_ms = c->server->config.transport.body_timeout_ms;

	if (c->parts_deadline)
		eio_timer_free(c->parts_deadline);
	c->parts_deadline = NULL;
	if (timeout_ms)
		c->parts_deadline = eio_timer_new(c->server->loop, timeout_ms, 0, on_parts_deadline, c);
}

static void parts_begin(struct sio_client *c, const struct sio_packet *p, struct slice text)
{
	const struct sio_config *config = &c->server->config;
	size_t max = config->max_attached ? config->max_attached
					  : ATTACHED_FACTOR * config->transport.max_payload;

	c->parts = sio_parts_new(p, text, max, &c->server->parts_bytes);
	if (c->parts)
		parts_await(c);
	else
		client_close(c, PARSE_ERROR, CLOSE_POLICY, SIO_REFUSED_ATTACHED);
}

/* A binary packet's text: kept only for whoever may send it. */
static void await_attachments(struct sio_client *c, const struct sio_packet *p, struct slice text)
{
	const struct sio_config *config = &c->server->config;
	struct slice name = packet_name(c, p);

	if (!in_turn(p, socket_in(c, name)) && !is_stale(c, p, name))
		client_close(c, OUT_OF_TURN, CLOSE_POLICY, SIO_REFUSED_TURN);
	else if (p->attachments > config->max_attachments)
		client_close(c, PARSE_ERROR, CLOSE_POLICY, SIO_REFUSED_ATTACHMENTS);
	else if (!sio_packet_placeholders(p))
		client_close(c, PARSE_ERROR, CLOSE_POLICY, SIO_REFUSED_PLACEHOLDER);
	else
		parts_begin(c, p, text);
}

static void receive_text(struct sio_client *c, struct slice text)
{
	struct sio_packet p;

	switch (sio_packet_parse(text, &p)) {
	case SIO_PACKET_MALFORMED:
		client_close(c, PARSE_ERROR, CLOSE_POLICY, SIO_REFUSED_PACKET);
		break;
	case SIO_PACKET_DEEP:
		client_close(c, PARSE_ERROR, CLOSE_POLICY, SIO_REFUSED_DEPTH);
		break;
	case SIO_PACKET_BAD_UTF8:
		client_close(c, PARSE_ERROR, CLOSE_BAD_TEXT, SIO_REFUSED_PACKET);
		break;
	case SIO_PACKET_OK:
		if (p.attachments)
			await_attachments(c, &p, text);
		else
			client_packet(c, &p, NULL, 0);
		break;
	}
}

static void receive_attachment(struct sio_client *c, struct slice bytes)
{
	const struct slice *attachments;
	struct sio_parts *whole;
	size_t count;

	switch (sio_parts_add(c->parts, bytes)) {
	case -1:
		client_close(c, PARSE_ERROR, CLOSE_POLICY, SIO_REFUSED_ATTACHED);
		break;
	case 0:
		parts_await(c);
		break;
	case 1:
		whole = c->parts;
		c->parts = NULL;
		parts_drop(c);
		attachments = sio_parts_attachments(whole, &count);
		client_packet(c, sio_parts_packet(whole), attachments, count);
		sio_parts_free(whole);
		break;
	}
}

void sio_client_receive(struct sio_client *c, struct slice bytes, bool binary)
{
	sio_socket_free_ended(c);
	if (c->closing)
		return;
	log_trace(eio_session_sid(c->session), "in: %zu bytes%s", bytes.n, binary ? ", binary" : "");
	if (binary != (c->parts != NULL))
		client_close(c, PARSE_ERROR, CLOSE_POLICY,
			     binary ? SIO_REFUSED_UNANNOUNCED : SIO_REFUSED_MISSING);
	else if (binary)
		receive_attachment(c, bytes);
	else
		receive_text(c, bytes);
}

void sio_client_end(struct sio_client *c, const char *reason)
{
	c->closing = c->over = true;
	if (c->deadline)
		eio_timer_free(c->deadline);
	c->deadline = NULL;
	while (c->sockets)
		sio_socket_end(c->sockets, c->reason ? c->reason : reason);
	sio_socket_free_ended(c);
	parts_drop(c);
	eio_session_set_data(c->session, NULL);
	free(c);
}
