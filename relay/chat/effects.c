/*
 * effects: from answers to sockets.
 *
 * Room: relay/chat. Calls expiry, replies, seats, targets, pushed, ahead, backlog, holes and socketio.
 * A message is pushed once, whichever way it comes first: by an answer, a signal or the feed.
 */
#include "effects.h"

#include "expiry.h"
#include "fault.h"
#include "ids.h"
#include "log.h"
#include "replies.h"
#include "seats.h"

#define EFFECTS_ROOMS_MAX 64           /* rooms that one push may name */
#define EARLY_MAX (1u << 20)           /* bytes of signals that wait for the feed; those beyond do not wait */

static struct sio_socket *caller_of(const struct command *c)
{
	return c && c->seat ? c->seat->socket : NULL;
}

/*
 * Was a row that was only found, and whose id the feed has passed, pushed then? Not if its id is still a hole, or if it waits
 * in the feed's backlog: it is pushed now, so that newer messages of its room do not overtake it.
 */
static bool was_passed(const struct hall *h, const struct wire_effect *e)
{
	uint64_t id = (uint64_t)e->mensaje_id;

	return e->flags & WIRE_PUSH_FOUND && h->feed_ready && id <= holes_high(h->holes) && !holes_have(h->holes, id) &&
	       !backlog_has(h->backlog, e->rooms, id);
}

/* Notes that a message is pushed; false when it was already, or the feed does it. */
static bool note_message(struct hall *h, const struct wire_effect *e)
{
	uint64_t tag = 0;
	uint8_t uuid[16];

	if (wire_uuid_pack(e->uuid, uuid) == 0)
		tag = pushed_tag(uuid);
	return !was_passed(h, e) && pushed_add(h->pushed, (uint64_t)e->mensaje_id, tag);
}

static void apply_push(struct hall *h, const struct wire_effect *e)
{
	struct slice rooms[EFFECTS_ROOMS_MAX], rest = e->rooms;
	size_t n = 0;

	while (n < EFFECTS_ROOMS_MAX && wire_next_room(&rest, &rooms[n]) == 1)
		n++;
	if (e->mensaje_id > 0) {
		bool new = note_message(h, e);

		/* before the first sweep nobody knows what lies below */
		if (h->feed_ready)
			ahead_pushed(h->ahead, h->holes, (uint64_t)e->mensaje_id);
		if (!new) {
			h->stats.pushes_known++;
			return;
		}
	}
	h->stats.pushes++;
	/* Messages, and what changes them, wait for those who were cut; everything else comes with the next load. */
	if (e->mensaje_id > 0)
		sio_push_kept(h->ns, rooms, n, e->except, e->event);
	else if (e->flags & WIRE_PUSH_KEEP)
		sio_push_repeatable(h->ns, rooms, n, e->except, e->event);
	else
		sio_push(h->ns, rooms, n, e->except, e->event);
}

/* ---- arrival ---- */

/* An event that is answered by it has brought a newer token of the same person. */
static void apply_accept(struct hall *h, struct command *c, const struct wire_effect *e)
{
	struct seat *seat = c ? c->seat : NULL;
	char text[ROOMNAME_MAX];
	struct slice own;
	bool foreign, lost;
	int64_t id;

	if (!seat || !seat->socket || ids_parse(e->user, &id) != 0)
		return;
	if (c->type == WIRE_EVENT && seat->user && slice_is(e->user, seat->user))
		expiry_set(seat, e->expires);
	if (seat->user || c->type != WIRE_CONNECT)
		return;
	own = roomname_of(text, ROOMNAME_PERSON, e->user);
	foreign = sio_socket_returns(seat->socket) && !sio_socket_in(seat->socket, own);
	if (!foreign)
		sio_socket_join(seat->socket, own, NULL);
	lost = sio_socket_returns(seat->socket) && !sio_socket_whole(seat->socket);
	if (foreign || lost) {
		/* Somebody else's session, or one whose messages went while it waited: it ends, its client begins anew. */
		h->stats.arrivals_closed++;
		log_info(seat->sid, "%s begins anew: %s", seat->address,
			foreign ? "the session was another person's" : "what it missed is gone");
		sio_socket_forget(seat->socket);
		sio_socket_close_transport(seat->socket, EIO_CUT);
		return;
	}
	seat_set_user(seat, e->user);
	h->stats.arrivals_accepted++;
	log_info(seat->sid, "user %s %s from %s", seat->user,
		sio_socket_returns(seat->socket) ? "came back" : "connected", seat->address);
	expiry_set(seat, e->expires);
	sio_socket_accept(seat->socket);
}

static void apply_refuse(struct hall *h, struct command *c, const struct wire_effect *e)
{
	static struct log_limit limit;
	struct sio_socket *s = caller_of(c);

	if (!s || c->seat->user)
		return;
	h->stats.arrivals_refused++;
	if (log_limited(&limit, LOG_LEVEL_INFO, 20))
		log_info(c->seat->sid, "connection from %s refused", c->seat->address);
	sio_socket_refuse(s, e->object);
}

/* ---- rooms ---- */

/* False when the socket may not join more rooms: the command is refused instead of what follows. */
static bool apply_join(struct hall *h, struct command *c, const struct wire_effect *e)
{
	struct sio_socket *s = caller_of(c);
	int joined = s ? sio_socket_join(s, e->room, NULL) : 0;

	if (joined < 0) {
		reply_refuse(c, REFUSED_TOO_MANY_ROOMS, 0);
		return false;
	}
	if (s)
		targets_learn(h->targets, targets_of(c->event, c->args, slice_of(c->seat->user)), e->room);
	if (joined == 1 && e->event.n > 0)
		sio_push(h->ns, &e->room, 1, slice_of(c->seat->sid), e->event);
	return true;
}

/* From a membership check the effect names the socket, and the join it means: a later one stays. */
static void apply_leave(struct hall *h, struct command *c, const struct wire_effect *e)
{
	struct sio_socket *s = e->sid.n > 0 ? sio_namespace_find(h->ns, e->sid) : caller_of(c);

	if (!s || (e->sid.n > 0 && sio_socket_join_number(s, e->room) != e->join))
		return;
	if (sio_socket_leave(s, e->room) != 1)
		return;
	if (e->sid.n > 0) {
		h->stats.removed++;
		log_info("members", "%.*s leaves %.*s: no longer a member", (int)e->sid.n, e->sid.p, (int)e->room.n,
			e->room.p);
	}
	if (e->self.n > 0)
		sio_socket_emit(s, e->self);
	if (e->event.n > 0)
		sio_push(h->ns, &e->room, 1, SLICE_NONE, e->event);
}

struct dismissal {
	const struct wire_effect *effect;
	size_t sockets;
};

static void tell_and_disconnect(void *ctx, struct sio_socket *s)
{
	struct dismissal *d = ctx;

	d->sockets++;
	if (d->effect->self.n > 0)
		sio_socket_emit(s, d->effect->self);
	sio_socket_disconnect(s, false);
}

static void apply_disconnect(struct hall *h, const struct wire_effect *e)
{
	struct dismissal d = { e, 0 };
	char text[ROOMNAME_MAX];

	sio_room_each(h->ns, roomname_of(text, ROOMNAME_PERSON, e->user), tell_and_disconnect, &d);
	/* said for each room of each of his sockets, and the first time ends them all */
	if (d.sockets == 0)
		return;
	h->stats.dismissed++;
	log_info("members", "user %.*s may no longer connect", (int)e->user.n, e->user.p);
}

/* ---- lists ---- */

/* A handler says no by the event `error`, or by an object that says so first (fcgi-api/answer.c). */
static bool is_refusal(const struct wire_effect *e)
{
	static const char no[] = "{\"status\":\"error\"";

	return slice_is(e->name, "error") ||
		(e->object.n >= sizeof(no) - 1 && memcmp(e->object.p, no, sizeof(no) - 1) == 0);
}

/* One effect; false when those behind it must not be applied. */
static bool apply_one(struct hall *h, struct command *c, struct wire_effect *e)
{
	switch (e->kind) {
	case WIRE_ACCEPT:
		apply_accept(h, c, e);
		break;
	case WIRE_REFUSE:
		apply_refuse(h, c, e);
		break;
	case WIRE_JOIN:
		return apply_join(h, c, e);
	case WIRE_LEAVE:
		apply_leave(h, c, e);
		break;
	case WIRE_PUSH:
		FAULT("relay.push");
		apply_push(h, e);
		FAULT("relay.pushed");
		break;
	case WIRE_REPLY:
		FAULT("relay.reply");
		h->stats.refused_answers += is_refusal(e);
		if (c)
			reply_send(c, e->name, e->object);
		FAULT("relay.replied");
		break;
	case WIRE_DISCONNECT:
		apply_disconnect(h, e);
		break;
	default:
		break;
	}
	return true;
}

void effects_apply(struct hall *h, struct command *c, struct slice effects)
{
	struct wire_effect e;

	while (wire_next_effect(&effects, &e) == 1)
		if (!apply_one(h, c, &e))
			break;
	if (!c || !c->seat)
		return;
	/* Whoever asked for an acknowledgement gets one, and nobody stays at the door. */
	if (c->type == WIRE_EVENT && c->wants_ack)
		reply_send(c, SLICE_NONE, SLICE("{\"status\":\"ok\"}"));
	if (c->type != WIRE_CONNECT || !c->seat->socket)
		return;
	if (c->seat->user)
		sio_socket_replay(c->seat->socket); /* behind `connected` */
	else
		sio_socket_close_transport(c->seat->socket, EIO_CUT);
}

void effects_signal(struct hall *h, struct slice effects)
{
	size_t waiting = buf_slice(&h->early).n;

	if ((h->feed_ready && waiting == 0) || waiting + effects.n > EARLY_MAX)
		effects_apply(h, NULL, effects);
	else
		buf_put_slice(&h->early, effects);
}

void effects_settle(struct hall *h)
{
	struct buf early = h->early;

	if (!h->feed_ready || buf_slice(&early).n == 0)
		return;
	h->early = BUF_INIT;
	effects_apply(h, NULL, buf_slice(&early));
	buf_fini(&early);
}

void effects_apply_late(struct hall *h, struct slice effects)
{
	struct wire_effect e;

	while (wire_next_effect(&effects, &e) == 1) {
		if (e.kind == WIRE_PUSH && e.mensaje_id > 0) {
			h->stats.pushes_late++;
			apply_push(h, &e);
		}
	}
}

uint64_t effects_message(struct slice effects, struct slice *room_r, bool *found_r)
{
	struct wire_effect e;

	*room_r = SLICE_NONE;
	*found_r = false;
	while (wire_next_effect(&effects, &e) == 1) {
		if (e.kind != WIRE_PUSH || e.mensaje_id <= 0)
			continue;
		if (wire_next_room(&e.rooms, room_r) != 1)
			*room_r = SLICE_NONE;
		*found_r = e.flags & WIRE_PUSH_FOUND;
		return (uint64_t)e.mensaje_id;
	}
	return 0;
}

bool effects_overtake(const struct hall *h, struct slice effects)
{
	struct wire_effect e;

	while (wire_next_effect(&effects, &e) == 1)
		if (e.kind == WIRE_PUSH && e.mensaje_id > 0 && backlog_has_older(h->backlog, e.rooms, (uint64_t)e.mensaje_id))
			return true;
	return false;
}

bool effects_passed(const struct hall *h, struct slice effects)
{
	struct wire_effect e;

	while (wire_next_effect(&effects, &e) == 1)
		if (e.kind == WIRE_PUSH && e.mensaje_id > 0 && !was_passed(h, &e))
			return false;
	return true;
}

bool effects_retry(struct slice effects)
{
	struct wire_effect e;

	while (wire_next_effect(&effects, &e) == 1)
		if (e.kind == WIRE_RETRY)
			return true;
	return false;
}
