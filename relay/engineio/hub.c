/*
 * hub: see hub.h. Also turns the wheel: one loop timer, armed for whatever is due next.
 *
 * Room: relay/engineio.
 */
#include <stdlib.h>

#include "frame.h"
#include "hub.h"
#include "log.h"
#include "map.h"
#include "network.h"
#include "refusal.h"

static struct eio_hub *hub_of(struct session_host *host)
{
	return (struct eio_hub *)((char *)host - offsetof(struct eio_hub, host));
}

void hub_refuse(struct eio_hub *h, const char *address, enum eio_refusal r)
{
	refusal_note(&h->host.stats, address, r);
}

/* ---- addresses ---- */

enum hub_kind { HUB_CONNECTION = 'c', HUB_SESSION = 's' };

static struct slice address_key(enum hub_kind kind, const char *address, char out[1 + NETWORK_MAX])
{
	char text[NETWORK_MAX];
	struct slice network = network_of((struct slice){ address, strnlen(address, ADDRESS_LEN - 1) }, text);

	out[0] = (char)kind;
	memcpy(out + 1, network.p, network.n);
	return (struct slice){ out, 1 + network.n };
}

static uintptr_t address_count(const struct eio_hub *h, enum hub_kind kind, const char *address)
{
	char text[1 + NETWORK_MAX];

	return (uintptr_t)map_find(h->addresses, address_key(kind, address, text));
}

/* One more of them, or one less: by 1 or -1. */
static void address_change(struct eio_hub *h, enum hub_kind kind, const char *address, int by)
{
	char text[1 + NETWORK_MAX];
	struct slice key = address_key(kind, address, text);
	intptr_t count = (intptr_t)map_find(h->addresses, key) + by;

	if (count > 0)
		map_put(h->addresses, key, (void *)count);
	else
		map_remove(h->addresses, key);
}

bool hub_connection_take(struct eio_hub *h, const char *peer)
{
	if (address_count(h, HUB_CONNECTION, peer) >= h->config.max_connections_per_address) {
		hub_refuse(h, peer, EIO_REFUSED_CONNECTIONS_ADDRESS);
		return false;
	}
	address_change(h, HUB_CONNECTION, peer, 1);
	return true;
}

void hub_connection_give(struct eio_hub *h, const char *peer)
{
	address_change(h, HUB_CONNECTION, peer, -1);
}

/* ---- sessions ---- */

struct eio_session *hub_find(struct eio_hub *h, struct slice sid)
{
	struct eio_session *s = sid.n == IDS_SID_LEN ? map_find(h->sessions, sid) : NULL;

	return s && !session_overdue(s) ? s : NULL;
}

/* The bound that one more session of an address would pass, or EIO_REFUSALS. */
static enum eio_refusal session_bound(const struct eio_hub *h, const char *address)
{
	if (h->host.stats.sessions >= h->config.max_connections)
		return EIO_REFUSED_SESSIONS;
	if (address_count(h, HUB_SESSION, address) >= h->config.max_connections_per_address)
		return EIO_REFUSED_SESSIONS_ADDRESS;
	return EIO_REFUSALS;
}

bool hub_welcomes(struct eio_hub *h)
{
	enum eio_refusal no = EIO_REFUSED_BUSY;

	if (!h->closed_to_new && (!h->host.cb.on_handshake || h->host.cb.on_handshake(h->host.ctx) == 0))
		no = session_bound(h, h->request.address);
	if (no == EIO_REFUSALS)
		return true;
	hub_refuse(h, h->request.address, no);
	return false;
}

struct eio_session *hub_open(struct eio_hub *h, int version, bool websocket, struct handshake *shake)
{
	enum eio_refusal no = session_bound(h, shake->address);

	if (no != EIO_REFUSALS) {
		hub_refuse(h, shake->address, no);
		handshake_free(shake);
		return NULL;
	}
	address_change(h, HUB_SESSION, shake->address, 1);
	struct eio_session *s = session_new(&h->host, version, websocket, shake);
	map_put(h->sessions, slice_of(s->sid), s);
	s->all_next = h->all;
	if (s->all_next)
		s->all_next->all_prev = s;
	h->all = s;
	return s;
}

static void on_end(struct session_host *host, struct eio_session *s)
{
	struct eio_hub *h = hub_of(host);

	map_remove(h->sessions, slice_of(s->sid));
	address_change(h, HUB_SESSION, s->handshake->address, -1);
	if (s->all_prev)
		s->all_prev->all_next = s->all_next;
	else
		h->all = s->all_next;
	if (s->all_next)
		s->all_next->all_prev = s->all_prev;
}

/* ---- time and passes ---- */

static void alarm_set(struct eio_hub *h)
{
	uint64_t next = wheel_next(&h->host.wheel);

	if (next == h->alarm_ms || next == WHEEL_NEVER)
		return;
	uint64_t now = eio_loop_now_ms(h->loop);
	h->alarm_ms = next;
	eio_timer_again(h->alarm, next > now ? next - now : 0, 0);
}

static void on_alarm(void *ctx)
{
	struct eio_hub *h = ctx;

	h->alarm_ms = WHEEL_NEVER;
	wheel_advance(&h->host.wheel, eio_loop_now_ms(h->loop));
}

/* The peers' clocks went on while ours stood still: they want their pings by theirs. */
static void ping_in_time(struct eio_hub *h)
{
	uint64_t stood = eio_loop_stood_ms(h->loop) - h->stood_ms, now = eio_loop_now_ms(h->loop);

	if (stood == 0)
		return;
	h->stood_ms += stood;
	for (struct eio_session *s = h->all; s; s = s->all_next) {
		if (s->version == 3 || s->awaiting_pong || s->state >= SESSION_CLOSING || !wheel_armed(&s->timer))
			continue;
		s->due_ms = s->due_ms > now + stood ? s->due_ms - stood : now;
		wheel_set(&h->host.wheel, &s->timer, s->due_ms, s->timer.fn);
	}
}

static bool on_reap(void *ctx)
{
	struct eio_hub *h = ctx;

	ping_in_time(h);
	return session_reap(&h->host);
}

static bool on_flush(void *ctx)
{
	struct eio_hub *h = ctx;
	bool did = session_flush(&h->host);

	alarm_set(h);
	return did;
}

/* ---- birth and end ---- */

static const char *own_copy(const char *s)
{
	return mem_copy(slice_of(s));
}

struct eio_hub *hub_new(struct eio_loop *l, const struct eio_config *c, const struct eio_callbacks *cb,
			void *ctx)
{
	struct eio_hub *h = mem_zero(1, sizeof *h);

	h->loop = l;
	h->config = *c;
	h->config.host = own_copy(c->host);
	h->config.aside_host = c->aside_host ? own_copy(c->aside_host) : NULL;
	h->config.path = own_copy(c->path);
	h->config.cors_origins = own_copy(c->cors_origins);
	h->config.trusted_proxies = own_copy(c->trusted_proxies);
	h->config.tls_cert_file = own_copy(c->tls_cert_file);
	h->config.tls_key_file = own_copy(c->tls_key_file);
	names_parse(&h->origins, c->cors_origins);
	names_parse(&h->proxies, c->trusted_proxies);
	names_as_addresses(&h->proxies);
	h->sessions = map_new();
	h->addresses = map_new();
	h->host.config = &h->config;
	h->host.cb = *cb;
	h->host.ctx = ctx;
	h->host.now_ms = eio_loop_clock(l);
	h->stood_ms = eio_loop_stood_ms(l);
	h->host.on_end = on_end;
	wheel_init(&h->host.wheel, eio_loop_now_ms(l));
	h->alarm_ms = WHEEL_NEVER;
	h->fresh_end = &h->fresh;
	h->alarm = eio_timer_new(l, 1000, 0, on_alarm, h);
	eio_loop_on_phase(l, EIO_PHASE_REAP, on_reap, h);
	eio_loop_on_phase(l, EIO_PHASE_FLUSH, on_flush, h);
	return h;
}

void hub_end_sessions(struct eio_hub *h)
{
	while (h->all)
		session_end(h->all, EIO_SHUTDOWN, EIO_CUT);
}

void hub_end_all(struct eio_hub *h)
{
	hub_end_sessions(h);
	session_reap(&h->host);
}

void hub_free(struct eio_hub *h)
{
	if (!h)
		return;
	hub_end_all(h);
	eio_loop_off_phase(h->loop, h);
	eio_timer_free(h->alarm);
	eio_timer_free(h->fresh_timer);
	map_free(h->sessions);
	map_free(h->addresses);
	names_fini(&h->origins);
	names_fini(&h->proxies);
	buf_fini(&h->scratch);
	buf_fini(&h->decoded);
	fields_fini(&h->request.query);
	fields_fini(&h->request.headers);
	free((char *)h->config.host);
	free((char *)h->config.aside_host);
	free((char *)h->config.path);
	free((char *)h->config.cors_origins);
	free((char *)h->config.trusted_proxies);
	free((char *)h->config.tls_cert_file);
	free((char *)h->config.tls_key_file);
	free(h);
}
