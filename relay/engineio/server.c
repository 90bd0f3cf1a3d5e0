/*
 * server: the public face of engineio: puts the parts of a server together, drains it, answers for its
 * sessions.
 *
 * Room: relay/engineio. Called through engineio.h; calls accept, lws, tls, hub and hands the transports to the
 * sessions.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "accept.h"
#include "frame.h"
#include "log.h"
#include "lws.h"
#include "polling.h"
#include "tls.h"
#include "ws.h"

#define TICK_MS 1000
#define DRAIN_STEP_MS 10
#define GIVE_BACK_TICKS 5
#define GIVE_BACK_BYTES 2097152    /* so much is worth it */
#define DRAIN_STEP 500             /* sessions that are told to go in one step */
#define DRAIN_POLL_MS 1000         /* so long a client between two polls may still ask and hear the close packet */

struct eio_server {
	struct eio_hub *hub;
	struct eio_listener *listener;     /* NULL once listening has stopped */
	struct eio_listener *aside;        /* NULL also where there is none */
	int port;
	unsigned ticks;
	size_t idle;                       /* resident_idle after the last look: no more can be given back */
	struct eio_timer *tick, *drain;
	uint64_t drain_began_ms, drain_end_ms;
	void (*drained)(void *ctx);
	void *drained_ctx;
};

/* Resident bytes that nobody has allocated: free memory that malloc holds, and what programs are made of. */
static size_t resident_idle(void)
{
	struct mallinfo2 m = mallinfo2();
	size_t used = m.uordblks + m.hblkhd, pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%*u %zu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	size_t resident = pages * (size_t)sysconf(_SC_PAGESIZE);
	return resident > used ? resident - used : 0;
}

/* After a storm its memory goes back to the system. */
static void give_back(struct eio_server *s)
{
	if (++s->ticks % GIVE_BACK_TICKS)
		return;
	size_t idle = resident_idle();
	if (idle < s->idle)
		s->idle = idle;
	if (idle - s->idle < GIVE_BACK_BYTES)
		return;
	malloc_trim(0);
	s->idle = resident_idle();
}

static void on_tick(void *ctx)
{
	struct eio_server *s = ctx;

	give_back(s);
	if (s->listener)
		listener_tick(s->listener);
	if (s->aside)
		listener_tick(s->aside);
	lws_cancel_service(s->hub->lws);   /* lws looks at its own timeouts only when something happens */
}

/* What could serve nobody is told at once. */
static bool may_serve(const struct eio_config *c)
{
	if (!c->path || c->path[0] != '/')
		log_error("listen", "the path has to begin with a slash: %s", c->path ? c->path : "(none)");
	else if (!c->max_connections || !c->max_connections_per_address || !c->max_payload)
		log_error("listen", "max_connections, max_connections_per_address and max_payload have to be 1 or more");
	else
		return true;
	return false;
}

struct eio_config eio_config_default(void)
{
	return (struct eio_config){
		.host = "0.0.0.0",
		.path = "/socket.io/",
		.cors_origins = "",
		.trusted_proxies = "",
		.ping_interval_ms = 25000,
		.ping_timeout_ms = 20000,
		.upgrade_timeout_ms = 10000,
		.header_timeout_ms = 20000,
		.body_timeout_ms = 30000,
		.max_payload = 1000000,
		.send_queue_max = 8 << 20,
		.send_queues_max = 512 << 20,
		.max_connections = 1000,
		.max_connections_per_address = 1000,
		.allow_v3 = true,
	};
}

static bool opens(struct eio_server *s, const struct eio_config *c)
{
	if (lwsio_open(s->hub) < 0 || !(s->listener = listener_new(s->hub, "HOST, PORT", c->host, c->port)))
		return false;
	return !c->aside_host || (s->aside = listener_new(s->hub, "METRICS_ADDRESS", c->aside_host, c->aside_port));
}

struct eio_server *eio_server_new(struct eio_loop *l, const struct eio_config *c,
				  const struct eio_callbacks *cb, void *ctx)
{
	if (!may_serve(c))
		return NULL;
	struct eio_server *s = mem_zero(1, sizeof *s);
	unsigned capacity = lwsio_capacity(c->max_connections);

	s->hub = hub_new(l, c, cb, ctx);
	s->hub->host.polling = &eio_polling;
	s->hub->host.websocket = &eio_websocket;
	s->hub->host.stats.capacity = capacity;
	if (!opens(s, c)) {
		eio_server_free(s);
		return NULL;
	}
	s->port = listener_port(s->listener);
	s->tick = eio_timer_new(l, TICK_MS, TICK_MS, on_tick, s);
	if (capacity < c->max_connections)
		log_warn("listen", "room for %u connections only: the limit of open files is too low for %u",
			 capacity, c->max_connections);
	return s;
}

int eio_server_port(const struct eio_server *s)
{
	return s->port;
}

int eio_server_renew_tls(struct eio_server *s, const char *cert_file, const char *key_file)
{
	if (s->hub->tls)
		return tls_renew(s->hub->tls, cert_file, key_file);
	log_error("tls", "it cannot begin while the server runs");
	return -1;
}

void eio_server_stop_listening(struct eio_server *s)
{
	listener_free(s->listener);
	listener_free(s->aside);
	s->listener = s->aside = NULL;
}

static void drain_done(struct eio_server *s)
{
	eio_timer_free(s->drain);
	s->drain = NULL;
	if (s->drained)
		s->drained(s->drained_ctx);
}

static void on_drain(void *ctx)
{
	struct eio_server *s = ctx;
	struct eio_hub *h = s->hub;
	unsigned told = 0;

	uint64_t now = eio_loop_now_ms(h->loop);

	for (struct eio_session *e = h->all; e && told < DRAIN_STEP; e = e->all_next) {
		if (e->state == SESSION_CLOSING && !e->poll && e->transport == &eio_polling &&
		    now - s->drain_began_ms >= DRAIN_POLL_MS)
			session_end(e, EIO_SHUTDOWN, 0);
		if (e->state >= SESSION_CLOSING)
			continue;
		eio_session_close(e, EIO_SHUTDOWN, EIO_CUT);
		told++;
	}
	if (now >= s->drain_end_ms)
		hub_end_sessions(h);
	if (!h->all && !h->host.ended)     /* its on_close comes at the end of the pass in which it ended */
		drain_done(s);
}

void eio_server_drain(struct eio_server *s, unsigned timeout_ms, void (*done)(void *ctx), void *ctx)
{
	if (s->hub->closed_to_new)
		return;
	s->hub->closed_to_new = true;
	s->drained = done;
	s->drained_ctx = ctx;
	s->drain_began_ms = eio_loop_now_ms(s->hub->loop);
	s->drain_end_ms = s->drain_began_ms + timeout_ms;
	s->drain = eio_timer_new(s->hub->loop, 0, DRAIN_STEP_MS, on_drain, s);
}

void eio_server_free(struct eio_server *s)
{
	if (!s)
		return;
	eio_server_stop_listening(s);
	eio_timer_free(s->tick);
	eio_timer_free(s->drain);
	hub_end_all(s->hub);
	lwsio_close(s->hub);
	hub_free(s->hub);
	free(s);
}

void eio_server_stats(const struct eio_server *s, struct eio_stats *out)
{
	*out = s->hub->host.stats;
	out->bytes_waiting = queue_held() + s->hub->host.leaving;
	out->frames_encoded = frame_encoded_count();
	out->tls_begun = tls_begun(s->hub->tls);
	out->tls_completed = tls_completed(s->hub->tls);
}

/* ---- what a session says of itself ---- */

const char *eio_session_sid(const struct eio_session *s)
{
	return s->sid;
}

int eio_session_version(const struct eio_session *s)
{
	return s->version;
}

const char *eio_session_address(const struct eio_session *s)
{
	return s->handshake->address;
}

int eio_session_query(const struct eio_session *s, const char *name, struct slice *value_r)
{
	return fields_find(&s->handshake->query, name, value_r) ? 1 : 0;
}

void eio_session_each_query(const struct eio_session *s,
			    void (*fn)(void *ctx, struct slice name, struct slice value), void *ctx)
{
	for (unsigned i = 0; i < s->handshake->query.count; i++) {
		struct slice name, value;

		fields_get(&s->handshake->query, i, &name, &value);
		fn(ctx, name, value);
	}
}

int eio_session_header(const struct eio_session *s, const char *name, struct slice *value_r)
{
	return fields_find(&s->handshake->headers, name, value_r) ? 1 : 0;
}

bool eio_session_of_python(const struct eio_session *s)
{
	return handshake_of_python(s->handshake);
}

void eio_session_set_data(struct eio_session *s, void *data)
{
	s->data = data;
}

void *eio_session_data(const struct eio_session *s)
{
	return s->data;
}
