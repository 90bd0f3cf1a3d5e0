/*
 * lobby: see lobby.h.
 *
 * Room: relay/engineio.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lobby.h"
#include "log.h"
#include "lws.h"

#define TLS_HANDSHAKE 0x16         /* how each TLS connection begins (RFC 8446 §5.1) */
#define REFUSED_MAX 16             /* refused peers waited for at a time, so that they can read why */
#define ANSWER_MS 1000

static const char full_answer[] =
	"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 54\r\n"
	"Retry-After: 5\r\nConnection: close\r\n\r\n"
	"{\"message\":\"Service unavailable\",\"code\":\"unavailable\"}";
/* the same to who cannot read HTTP yet: a fatal alert, internal_error (RFC 8446 §6) */
static const char full_alert[] = "\x15\x03\x03\x00\x02\x02\x50";
static const char clear_answer[] =
	"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 35\r\n"
	"Connection: close\r\n\r\n"
	"This port speaks TLS; use https://\n";

/*
 * SILENT    has said nothing
 * REFUSED   there is no room; told so when its request comes: an answer before it would be lost in a reset
 * ANSWERED  what else comes is read away until it closes
 */
enum guest_state { GUEST_SILENT, GUEST_REFUSED, GUEST_ANSWERED };

struct guest {
	struct lobby *lobby;
	struct guest *prev, *next;
	struct eio_watch *watch;
	struct wheel_entry deadline;
	uint64_t came_ms;
	int fd;
	enum guest_state state;
	bool held;                         /* it counts as a connection */
	bool counted;                      /* by its address */
	char peer[ADDRESS_LEN];
};

struct lobby {
	struct eio_hub *hub;
	struct guest *guests;
	unsigned refused;                  /* of them, those that are not held */
};

/* ---- coming and going ---- */

static void on_deadline(struct wheel_entry *e);
static void on_readable(void *ctx);

static void deadline(struct guest *g, unsigned delay_ms)
{
	struct session_host *host = &g->lobby->hub->host;

	wheel_set(&host->wheel, &g->deadline, *host->now_ms + delay_ms, on_deadline);
}

static struct guest *guest_new(struct lobby *l, int fd, enum guest_state state)
{
	struct guest *g = mem_zero(1, sizeof *g);

	g->lobby = l;
	g->fd = fd;
	g->state = state;
	g->came_ms = *l->hub->host.now_ms;
	g->watch = eio_watch_new(l->hub->loop, fd, on_readable, g);
	g->next = l->guests;
	if (g->next)
		g->next->prev = g;
	l->guests = g;
	return g;
}

/* The descriptor stays. */
static void guest_free(struct guest *g)
{
	struct lobby *l = g->lobby;

	if (!g->held)
		l->refused--;
	if (g->prev)
		g->prev->next = g->next;
	else
		l->guests = g->next;
	if (g->next)
		g->next->prev = g->prev;
	wheel_cancel(&g->deadline);
	eio_watch_free(g->watch);
	free(g);
}

static void guest_close(struct guest *g)
{
	struct eio_hub *h = g->lobby->hub;

	close(g->fd);
	if (g->held)
		h->host.stats.connections--;
	if (g->counted)
		hub_connection_give(h, g->peer);
	guest_free(g);
}

static void on_deadline(struct wheel_entry *e)
{
	struct guest *g = (struct guest *)((char *)e - offsetof(struct guest, deadline));

	if (g->state == GUEST_SILENT)
		hub_refuse(g->lobby->hub, g->peer, EIO_REFUSED_HEAD_SLOW);
	guest_close(g);
}

/* ---- what they say ---- */

static void answer(struct guest *g, const char *text, size_t size)
{
	g->state = GUEST_ANSWERED;
	if (send(g->fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		guest_close(g);
	else
		shutdown(g->fd, SHUT_WR);
}

/* Its first byte is there and still unread. */
static void judge(struct guest *g, char first)
{
	struct eio_hub *h = g->lobby->hub;
	struct guest saved = *g;

	if (first != TLS_HANDSHAKE) {
		h->host.stats.tls_clear++;
		log_debug(g->peer, "no TLS");
		deadline(g, ANSWER_MS);
		answer(g, clear_answer, sizeof clear_answer - 1);
		return;
	}
	guest_free(g);                     /* before lws has watchers for the same descriptor */
	(void)!lwsio_take(h, saved.fd, saved.peer, saved.counted, *h->host.now_ms - saved.came_ms);
}

static void on_readable(void *ctx)
{
	struct guest *g = ctx;
	char text[4096];
	bool silent = g->state == GUEST_SILENT;
	ssize_t n = recv(g->fd, text, silent ? 1 : sizeof text, MSG_DONTWAIT | (silent ? MSG_PEEK : 0));

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		guest_close(g);
	} else if (n > 0 && silent) {
		judge(g, text[0]);
	} else if (n > 0 && g->state == GUEST_REFUSED) {
		if (g->lobby->hub->tls && text[0] == TLS_HANDSHAKE)
			answer(g, full_alert, sizeof full_alert - 1);
		else
			answer(g, full_answer, sizeof full_answer - 1);
	}
}

/* ---- doors ---- */

struct lobby *lobby_new(struct eio_hub *h)
{
	struct lobby *l = mem_zero(1, sizeof *l);

	l->hub = h;
	return l;
}

void lobby_refuse(struct lobby *l, int fd)
{
	if (l->refused < REFUSED_MAX) {
		l->refused++;
		deadline(guest_new(l, fd, GUEST_REFUSED), ANSWER_MS);
		return;
	}
	if (!l->hub->tls)
		(void)!send(fd, full_answer, sizeof full_answer - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

void lobby_enter(struct lobby *l, int fd, const char *peer, bool counted)
{
	struct guest *g = guest_new(l, fd, GUEST_SILENT);

	g->held = true;
	g->counted = counted;
	memcpy(g->peer, peer, strnlen(peer, sizeof g->peer - 1));
	deadline(g, l->hub->config.header_timeout_ms);
}

void lobby_free(struct lobby *l)
{
	if (!l)
		return;
	while (l->guests)
		guest_close(l->guests);
	free(l);
}
