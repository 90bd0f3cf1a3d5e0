/*
 * server: Socket.IO on top of an Engine.IO server.
 *
 * Room: relay/socketio. Called by the application through socketio.h, and by engineio through callbacks;
 * calls client, namespace and engineio.
 */
#include "client.h"
#include "log.h"
#include "namespace.h"
#include "recovery.h"

#include <stdlib.h>

/* The reference server's words, by enum eio_reason; client and socket know the other three of its nine. */
static const char *const REASONS[] = {
	[EIO_PEER_CLOSED] = "transport close",
	[EIO_TRANSPORT_ERROR] = "transport error",
	[EIO_PING_TIMEOUT] = "ping timeout",
	[EIO_PARSE_ERROR] = "parse error",
	[EIO_FORCED] = "forced close",
	[EIO_SLOW] = "forced close",
	[EIO_SHUTDOWN] = "server shutting down",
};

static int on_handshake(void *ctx)
{
	const struct sio_server *s = ctx;

	return s->http.on_handshake(s->http_ctx);
}

static void on_request(void *ctx, const struct eio_request *q, struct eio_response *r)
{
	const struct sio_server *s = ctx;

	s->http.on_request(s->http_ctx, q, r);
}

static void on_open(void *ctx, struct eio_session *session)
{
	sio_client_open(ctx, session);
}

static void on_message(void *ctx, struct eio_session *session, struct slice bytes, bool binary)
{
	(void)ctx;
	sio_client_receive(eio_session_data(session), bytes, binary);
}

static void on_close(void *ctx, struct eio_session *session, enum eio_reason reason)
{
	(void)ctx;
	sio_client_end(eio_session_data(session), REASONS[reason]);
}

struct sio_config sio_config_default(void)
{
	return (struct sio_config){
		.transport = eio_config_default(),
		.connect_timeout_ms = 45000,
		.max_rooms = 100,
		.max_attachments = 10,
	};
}

struct sio_server *sio_server_new(struct eio_loop *l, const struct sio_config *c, const struct sio_http *http,
				  void *ctx)
{
	struct eio_callbacks cb = { .on_open = on_open, .on_message = on_message, .on_close = on_close };
	struct sio_server *s = mem_zero(1, sizeof(*s));

	s->loop = l;
	s->config = *c;
	if (http)
		s->http = *http;
	s->http_ctx = ctx;
	cb.on_handshake = s->http.on_handshake ? on_handshake : NULL;
	cb.on_request = s->http.on_request ? on_request : NULL;
	s->transport = eio_server_new(l, &c->transport, &cb, s);
	if (!s->transport) {
		free(s);
		return NULL;
	}
	return s;
}

int sio_server_port(const struct sio_server *s)
{
	return eio_server_port(s->transport);
}

/* In a packet a comma ends it, and what is behind a question mark is no part of it. */
static bool may_be_named(const struct sio_server *s, const char *name)
{
	if (name[0] != '/' || strpbrk(name, ",?") || strlen(name) > SIO_NAME_MAX) {
		log_error("socketio", "no client can name a namespace '%.80s'", name);
		return false;
	}
	for (const struct sio_namespace *n = s->namespaces; n; n = n->next) {
		if (strcmp(n->name, name) == 0) {
			log_error("socketio", "the namespace '%.80s' is there already", name);
			return false;
		}
	}
	return true;
}

struct sio_namespace *sio_server_of(struct sio_server *s, const char *name, const struct sio_callbacks *cb,
				    void *ctx)
{
	if (!may_be_named(s, name))
		return NULL;
	struct sio_namespace *n = sio_namespace_new(s, name, cb, ctx);

	n->bit = s->namespaces ? s->namespaces->bit << 1 : 1;
	n->next = s->namespaces;
	s->namespaces = n;
	return n;
}

int sio_server_renew_tls(struct sio_server *s, const char *cert_file, const char *key_file)
{
	return eio_server_renew_tls(s->transport, cert_file, key_file);
}

void sio_server_stop_listening(struct sio_server *s)
{
	eio_server_stop_listening(s->transport);
}

void sio_server_drain(struct sio_server *s, unsigned timeout_ms, void (*done)(void *ctx), void *ctx)
{
	eio_server_drain(s->transport, timeout_ms, done, ctx);
}

void sio_server_free(struct sio_server *s)
{
	struct sio_namespace *n;

	if (!s)
		return;
	eio_server_free(s->transport);
	while ((n = s->namespaces)) {
		s->namespaces = n->next;
		sio_namespace_free(n);
	}
	free(s);
}

void sio_server_stats(const struct sio_server *s, struct sio_stats *out)
{
	*out = s->stats;
	eio_server_stats(s->transport, &out->transport);
	out->rooms = out->away = 0;
	for (const struct sio_namespace *n = s->namespaces; n; n = n->next) {
		out->rooms += sio_rooms_count(n->rooms);
		out->away += sio_recovery_away(n->recovery);
	}
}
