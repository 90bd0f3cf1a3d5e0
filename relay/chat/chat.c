/*
 * chat: assembles the room and hands each callback to the file that knows.
 *
 * Room: relay/chat. Calls all files of the room, socketio and bus.
 */
#include "chat.h"

#include <stdlib.h>
#include "answers.h"
#include "arrival.h"
#include "commands.h"
#include "dispatch.h"
#include "expiry.h"
#include "feed.h"
#include "hall.h"
#include "handover.h"
#include "health.h"
#include "log.h"
#include "members.h"
#include "presence.h"
#include "seats.h"
#include "typing.h"

#define TICK_MS 100
#define LIMITS_SWEEP_TICKS 300         /* every 30 s */
#define PUSHED_KEPT (1u << 17)         /* messages remembered as pushed */

/* ---- callbacks from below ---- */

static void on_connect(void *ctx, struct sio_socket *s, struct slice auth)
{
	arrival_connect(ctx, s, auth);
}

static void on_event(void *ctx, struct sio_socket *s, const struct sio_event *e)
{
	struct seat *seat = sio_socket_data(s);

	if (seat && !expiry_ends(seat))
		commands_take(ctx, seat, e);
}

static void on_disconnect(void *ctx, struct sio_socket *s, const char *reason)
{
	struct seat *seat = sio_socket_data(s);

	if (seat)
		presence_gone(seat);
	arrival_leave(ctx, s, reason);
}

static void on_join(void *ctx, struct sio_socket *s, struct slice room)
{
	const struct seat *seat = sio_socket_data(s);

	if (seat)
		presence_entered(ctx, seat, room);
}

/* Not for those who disconnected: their seats are gone by now. */
static void on_leave(void *ctx, struct sio_socket *s, struct slice room)
{
	const struct seat *seat = sio_socket_data(s);

	if (seat)
		presence_left(ctx, seat, room);
}

static int on_handshake(void *ctx)
{
	return health_ready(ctx) ? 0 : 503;
}

static void on_request(void *ctx, const struct eio_request *q, struct eio_response *r)
{
	health_request(ctx, q, r);
}

static void on_bus(void *ctx, const struct bus_event *e)
{
	dispatch_on_bus(ctx, e);
}

/* All that a pass brought is here: now form jobs. */
static void on_settle(void *ctx)
{
	struct hall *h = ctx;

	feed_settle(h->feed);
	dispatch_settle(h);
}

/* ---- leaving ---- */

struct leaving {
	void (*done)(void *ctx);
	void *ctx;
	uint64_t patience_ms, until_ms;
	struct eio_timer *timer;
	enum {
		LEAVING_COMMANDS,      /* what is under way is to be answered */
		LEAVING_TELLS,         /* clients are told, until on_told */
		LEAVING_LAST,          /* what they said before they knew is to be answered */
	} step;
};

static struct leaving leaving;         /* a process leaves once */

static void on_told(void *ctx)
{
	struct hall *h = ctx;

	leaving.step = LEAVING_LAST;
	leaving.until_ms = eio_loop_now_ms(h->loop) + leaving.patience_ms;
}

static void on_leaving_tick(void *ctx)
{
	struct hall *h = ctx;

	if (leaving.step == LEAVING_TELLS || (h->lines.count > 0 && eio_loop_now_ms(h->loop) < leaving.until_ms))
		return;
	if (leaving.step == LEAVING_COMMANDS) {
		leaving.step = LEAVING_TELLS;
		sio_server_drain(h->server, (unsigned)leaving.patience_ms, on_told, h);
		return;
	}
	eio_timer_free(leaving.timer);
	leaving.timer = NULL;
	handover_write(h);
	leaving.done(leaving.ctx);
}

void chat_drain(struct hall *h, unsigned patience_ms, void (*done)(void *ctx), void *ctx)
{
	if (h->draining)
		return;
	h->draining = true;
	sio_server_stop_listening(h->server);
	leaving.done = done;
	leaving.ctx = ctx;
	leaving.patience_ms = patience_ms;
	leaving.step = LEAVING_COMMANDS;
	leaving.until_ms = eio_loop_now_ms(h->loop) + patience_ms;
	leaving.timer = eio_timer_new(h->loop, 1, 20, on_leaving_tick, h);
	log_info("relay", "leaving: %zu commands to be answered", h->lines.count);
}

/* ---- the hall ---- */

static void on_tick(void *ctx)
{
	static unsigned ticks;
	struct hall *h = ctx;

	commands_tick(h);
	seats_close_stuck(h);
	typing_tick(h);
	presence_tick(h);
	if (++ticks % LIMITS_SWEEP_TICKS == 0)
		limits_sweep(h->limits, eio_loop_now_ms(h->loop));
}

static struct hall *hall_new(struct eio_loop *l, const struct chat_config *c)
{
	struct hall *h = mem_zero(1, sizeof(*h));

	h->loop = l;
	h->config = *c;
	h->started_ms = eio_loop_now_ms(l);
	lines_init(&h->lines);
	commands_init(h);
	TAILQ_INIT(&h->seats);
	TAILQ_INIT(&h->full);
	h->by_id = map_new();
	h->pushed = pushed_new(PUSHED_KEPT);
	h->holes = holes_new(c->feed_hole_s * 1000);
	h->ahead = ahead_new();
	h->targets = targets_new();
	h->limits = limits_new();
	h->answers = answers_new();
	h->presence = presence_new();
	h->typing = typing_new();
	return h;
}

struct hall *chat_open(struct eio_loop *l, const struct chat_config *c, const struct bus_config *bus,
		const struct sio_config *sio)
{
	static const struct sio_http http = { .on_handshake = on_handshake, .on_request = on_request };
	static const struct sio_callbacks callbacks = {
		.on_connect = on_connect, .on_event = on_event, .on_disconnect = on_disconnect,
		.on_join = on_join, .on_leave = on_leave,
	};
	struct hall *h = hall_new(l, c);

	h->queue_half = sio->transport.send_queue_max / 2;
	h->queue_stuck_ms = sio->transport.ping_interval_ms + sio->transport.ping_timeout_ms;
	h->bus = bus_open(l, bus, on_bus, h);
	h->server = h->bus ? sio_server_new(l, sio, &http, h) : NULL;
	if (!h->server) {
		chat_close(h);
		return NULL;
	}
	h->ns = sio_server_of(h->server, "/", &callbacks, h);
	h->dispatch = dispatch_new(h);
	h->feed = feed_new(h);
	h->members = members_new(h);
	handover_read(h);
	h->tick = eio_timer_new(l, TICK_MS, TICK_MS, on_tick, h);
	eio_loop_on_settle(l, on_settle, h);
	return h;
}

int chat_port(const struct hall *h)
{
	return sio_server_port(h->server);
}

unsigned long chat_capacity(const struct hall *h)
{
	struct sio_stats s;

	sio_server_stats(h->server, &s);
	return (unsigned long)s.transport.capacity;
}

int chat_renew_tls(struct hall *h, const char *cert_file, const char *key_file)
{
	return sio_server_renew_tls(h->server, cert_file, key_file);
}

void chat_configure(struct hall *h, const struct chat_config *c)
{
	h->config.rate_limits = c->rate_limits;
	h->config.feed_interval_ms = c->feed_interval_ms;
	feed_configure(h->feed);
}

/* Nobody waits for answers any more. */
static void end_commands(struct hall *h)
{
	struct command *c;

	while ((c = TAILQ_FIRST(&h->commands)))
		commands_end(h, c);
}

void chat_close(struct hall *h)
{
	if (h->server)
		sio_server_free(h->server);
	end_commands(h);
	if (h->tick)
		eio_timer_free(h->tick);
	members_free(h->members);
	feed_free(h->feed);
	bus_close(h->bus);
	dispatch_free(h->dispatch);
	answers_free(h->answers);
	presence_free(h->presence);
	typing_free(h->typing);
	limits_free(h->limits);
	targets_free(h->targets);
	holes_free(h->holes);
	ahead_free(h->ahead);
	buf_fini(&h->early);
	pushed_free(h->pushed);
	map_free(h->by_id);
	free(h);
}
