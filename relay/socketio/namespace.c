/*
 * namespace: the sockets of one name, and what is sent to many of them.
 *
 * Room: relay/socketio. Calls recovery, rooms and send.
 * A push is one frame, and one for each attachment: each receiver's queue holds references. One that is kept is two
 * where some receivers cannot come back for it: the others' has an offset.
 */
#include "namespace.h"
#include "fault.h"
#include "map.h"
#include "recovery.h"
#include "send.h"

#include <stdlib.h>

struct sio_namespace *sio_namespace_new(struct sio_server *s, const char *name,
					const struct sio_callbacks *cb, void *ctx)
{
	struct sio_namespace *n = mem_zero(1, sizeof(*n));

	n->server = s;
	n->name = mem_copy(slice_of(name));
	n->cb = *cb;
	n->ctx = ctx;
	n->ids = map_new();
	n->rooms = sio_rooms_new();
	if (s->config.recovery_ms)
		n->recovery = sio_recovery_new(s->loop, s->config.recovery_ms, s->config.recovery_bytes, n->rooms);
	return n;
}

void sio_namespace_free(struct sio_namespace *n)
{
	map_free(n->ids);
	sio_recovery_free(n->recovery);
	sio_rooms_free(n->rooms);
	free(n->name);
	free(n);
}

struct sio_socket *sio_namespace_find(struct sio_namespace *n, struct slice id)
{
	return map_find(n->ids, id);
}

size_t sio_namespace_count(const struct sio_namespace *n)
{
	return n->open;
}

size_t sio_room_size(const struct sio_namespace *n, struct slice room)
{
	return sio_rooms_size(n->rooms, room);
}

struct visit {
	void (*fn)(void *ctx, struct sio_socket *s);
	void *ctx;
};

static void on_member(void *ctx, struct sio_peer *peer)
{
	struct sio_socket *s = (struct sio_socket *)peer;
	const struct visit *v = ctx;

	if (!peer->away && s->state != SIO_SOCKET_ENDED)
		v->fn(v->ctx, s);
}

void sio_room_each(struct sio_namespace *n, struct slice room, void (*fn)(void *ctx, struct sio_socket *s),
		   void *ctx)
{
	struct visit v = { fn, ctx };

	sio_rooms_each(n->rooms, room, on_member, &v);
}

struct push {
	const struct sio_outgoing *packet;
	struct sio_recovery *keep;      /* NULL: a push that may be missed */
	struct slice kept_event;        /* the event with its offset */
	struct eio_frame *plain, *kept; /* each made for its first receiver */
	struct eio_frame **parts;       /* the attachments, likewise */
	const struct sio_socket *except; /* NULL: none */
	bool repeatable;                /* kept without an offset */
	bool missed;                    /* somebody hears it later, or may have to */
	bool may_drop;                  /* volatile */
	size_t reached;
};

static struct eio_frame *plain_frame(struct push *p)
{
	if (!p->plain)
		p->plain = sio_send_frame(p->packet);
	return p->plain;
}

/* The attachments leave behind their packet, nothing between. */
static void send_plain(struct push *p, struct eio_session *to)
{
	size_t count = p->packet->attachment_count;

	eio_session_send(to, plain_frame(p));
	if (count && !p->parts) {
		p->parts = mem_alloc(count * sizeof(struct eio_frame *));
		for (size_t i = 0; i < count; i++)
			p->parts[i] = eio_frame_binary(p->packet->attachments[i]);
	}
	for (size_t i = 0; i < count; i++)
		eio_session_send(to, p->parts[i]);
}

static void free_plain(struct push *p)
{
	for (size_t i = 0; p->parts && i < p->packet->attachment_count; i++)
		eio_frame_unref(p->parts[i]);
	free(p->parts);
	eio_frame_unref(p->plain);
}

static struct eio_frame *kept_frame(struct push *p)
{
	struct sio_outgoing packet = *p->packet;

	if (p->repeatable)
		return plain_frame(p);
	packet.json = p->kept_event;
	if (!p->kept)
		p->kept = sio_send_frame(&packet);
	return p->kept;
}

static void on_receiver(void *ctx, struct sio_peer *peer)
{
	struct sio_socket *s = (struct sio_socket *)peer;
	struct push *p = ctx;

	if (peer->away) {
		p->missed = true;
		return;
	}
	if (s == p->except)
		return;
	if (p->keep && s->returns) {
		p->missed = true;
		return;
	}
	if (s->state != SIO_SOCKET_OPEN || s->client->over) {
		if (p->keep && s->pid[0]) { /* it is being put away, and comes back for this */
			p->missed = true;
			sio_recovery_pushed(p->keep, &s->back, p->keep->number + 1, p->repeatable);
		}
		return;
	}
	p->reached++;
	FAULT("fanout.next");
	if (p->keep && s->pid[0]) {
		sio_recovery_pushed(p->keep, &s->back, p->keep->number + 1, p->repeatable);
		p->missed |= p->repeatable;
		eio_session_send(s->client->session, kept_frame(p));
	} else if (p->may_drop) {
		eio_session_send_volatile(s->client->session, plain_frame(p));
	} else {
		send_plain(p, s->client->session);
	}
}

static size_t push_union(struct sio_namespace *n, struct push *p, const struct slice *rooms, size_t count)
{
	struct sio_stats *stats = &n->server->stats;

	sio_rooms_union(n->rooms, rooms, count, on_receiver, p);
	stats->pushes++;
	stats->deliveries += p->reached;
	stats->broadcasts_encoded += (p->plain != NULL) + (p->kept != NULL);
	return p->reached;
}

static struct sio_outgoing event_packet(const struct sio_namespace *n, struct slice event)
{
	return (struct sio_outgoing){ .type = SIO_EVENT, .nsp = slice_of(n->name), .json = event };
}

size_t sio_push(struct sio_namespace *n, const struct slice *rooms, size_t room_count, struct slice except,
		struct slice event)
{
	return sio_push_binary(n, rooms, room_count, except, event, NULL, 0);
}

size_t sio_push_binary(struct sio_namespace *n, const struct slice *rooms, size_t room_count, struct slice except,
		       struct slice event, const struct slice *attachments, size_t count)
{
	struct sio_outgoing packet = event_packet(n, event);
	struct push p = { .packet = &packet, .except = map_find(n->ids, except) };

	packet.type = count ? SIO_BINARY_EVENT : SIO_EVENT;
	packet.attachments = attachments;
	packet.attachment_count = count;
	push_union(n, &p, rooms, room_count);
	free_plain(&p);
	return p.reached;
}

size_t sio_push_volatile(struct sio_namespace *n, const struct slice *rooms, size_t room_count,
			 struct slice except, struct slice event)
{
	struct sio_outgoing packet = event_packet(n, event);
	struct push p = { .packet = &packet, .except = map_find(n->ids, except), .may_drop = true };

	push_union(n, &p, rooms, room_count);
	eio_frame_unref(p.plain);
	return p.reached;
}

/* `["name",{…}]` becomes `["name",{…},"offset"]`. */
static void put_kept_event(struct buf *b, const struct sio_recovery *r, struct slice event)
{
	buf_put(b, event.p, event.n - 1);
	buf_puts(b, ",\"");
	sio_recovery_put_offset(r, b);
	buf_puts(b, "\"]");
}

static void push_and_log(struct sio_namespace *n, struct push *p, size_t size, const struct slice *rooms, size_t count,
			 struct slice except)
{
	push_union(n, p, rooms, count);
	if (p->kept || p->missed)
		sio_recovery_log(n->recovery, kept_frame(p), size, p->repeatable, rooms, count, except);
	eio_frame_unref(p->plain);
	eio_frame_unref(p->kept);
}

size_t sio_push_kept(struct sio_namespace *n, const struct slice *rooms, size_t room_count, struct slice except,
		     struct slice event)
{
	struct sio_outgoing packet = event_packet(n, event);
	struct push p = { .packet = &packet, .keep = n->recovery, .except = map_find(n->ids, except) };
	struct buf kept = BUF_INIT;

	if (!n->recovery || event.n < 2)
		return sio_push(n, rooms, room_count, except, event);
	put_kept_event(&kept, n->recovery, event);
	p.kept_event = buf_slice(&kept);
	push_and_log(n, &p, kept.len, rooms, room_count, except);
	buf_fini(&kept);
	return p.reached;
}

size_t sio_push_repeatable(struct sio_namespace *n, const struct slice *rooms, size_t room_count, struct slice except,
			   struct slice event)
{
	struct sio_outgoing packet = event_packet(n, event);
	struct push p = { .packet = &packet, .keep = n->recovery, .repeatable = true, .except = map_find(n->ids, except) };

	if (!n->recovery)
		return sio_push(n, rooms, room_count, except, event);
	push_and_log(n, &p, event.n, rooms, room_count, except);
	return p.reached;
}
