/*
 * recovery_save: what recovery keeps as bytes, and back, for a planned restart.
 *
 * Room: relay/socketio. Called by the application through socketio.h; calls recovery and rooms. The bytes are for
 * the same machine: its byte order, lengths before what is long. Reading checks every length and gives all or
 * nothing.
 */
#include "map.h"
#include "recovery.h"

#include <stdlib.h>

#define NUMBER_MAX (1ull << 53)        /* counts one by one: no process gets that far */

struct saved_head {
	uint64_t number, dropped, last_membership, pushes, sessions;
	char tag[IDS_SID_LEN + 1];
};

struct saved_push {
	uint64_t number, after, age_ms;
	uint32_t rooms_len, text_len;       /* these bytes follow */
	uint32_t repeatable;
	char except[IDS_SID_LEN + 1];
};

struct saved_session {
	uint64_t last, left, cut, again, lost, left_ms;
	uint64_t memberships;                     /* so many of struct saved_membership follow, each with its name */
	char id[IDS_SID_LEN + 1], pid[IDS_SID_LEN + 1];
};

struct saved_membership {
	uint64_t number, name_len;
};

/* ---- writing ---- */

static void put_membership(void *ctx, struct slice room, uint64_t number)
{
	struct saved_membership membership = { number, room.n };

	buf_put(ctx, &membership, sizeof(membership));
	buf_put_slice(ctx, room);
}

static void put_session(struct buf *b, const struct sio_away *w, uint64_t now)
{
	struct saved_session s;

	memset(&s, 0, sizeof(s));
	s.last = w->back.last;
	s.left = w->back.left;
	s.cut = w->back.cut;
	s.again = w->back.again;
	s.lost = w->back.lost;
	s.left_ms = w->back.until_ms > now ? w->back.until_ms - now : 0;
	s.memberships = w->peer.count;
	memcpy(s.id, w->id, sizeof(s.id));
	memcpy(s.pid, w->pid, sizeof(s.pid));
	buf_put(b, &s, sizeof(s));
	sio_rooms_of(&w->peer, put_membership, b);
}

static void put_push(struct buf *b, const struct sio_kept *k, uint64_t now)
{
	struct slice text = eio_frame_message(k->frame);
	struct saved_push p;

	memset(&p, 0, sizeof(p));
	p.number = k->number;
	p.after = k->after;
	p.age_ms = now - k->at_ms;
	p.rooms_len = (uint32_t)k->rooms_len;
	p.text_len = (uint32_t)text.n;
	p.repeatable = k->repeatable;
	memcpy(p.except, k->except, sizeof(p.except));
	buf_put(b, &p, sizeof(p));
	buf_put(b, k->rooms, k->rooms_len);
	buf_put_slice(b, text);
}

void sio_namespace_save(const struct sio_namespace *n, struct buf *b)
{
	const struct sio_recovery *r = n->recovery;
	const struct sio_away *w;
	const struct sio_kept *k;
	struct saved_head head;
	uint64_t now;

	if (!r)
		return;
	now = eio_loop_now_ms(r->loop);
	memset(&head, 0, sizeof(head));
	head.number = r->number;
	head.dropped = r->dropped;
	head.last_membership = sio_rooms_last_number();
	head.sessions = map_count(r->away);
	memcpy(head.tag, r->tag, sizeof(head.tag));
	TAILQ_FOREACH(k, &r->log, next)
		head.pushes++;
	buf_put(b, &head, sizeof(head));
	TAILQ_FOREACH(k, &r->log, next)
		put_push(b, k, now);
	TAILQ_FOREACH(w, &r->list, next)
		put_session(b, w, now);
}

/* ---- reading ---- */

struct loaded_membership {
	struct sio_away *who;
	struct slice room;
	uint64_t number;
};

struct loading {
	struct sio_recovery *r;
	struct slice in;
	uint64_t now, elapsed_ms;
	struct loaded_membership *memberships;
	size_t membership_count, membership_cap;
};

static int take(struct loading *l, void *to, size_t n)
{
	if (l->in.n < n)
		return -1;
	memcpy(to, l->in.p, n);
	l->in.p += n;
	l->in.n -= n;
	return 0;
}

static int take_slice(struct loading *l, uint64_t n, struct slice *s_r)
{
	if (l->in.n < n)
		return -1;
	*s_r = (struct slice){ l->in.p, n };
	l->in.p += n;
	l->in.n -= n;
	return 0;
}

/* Packed names fill their bytes exactly. */
static bool rooms_fit(struct slice rooms)
{
	size_t at = 0;

	while (at + 2 <= rooms.n)
		at += 2 + ((size_t)(uint8_t)rooms.p[at] << 8 | (uint8_t)rooms.p[at + 1]);
	return at == rooms.n;
}

static int load_push(struct loading *l)
{
	struct sio_recovery *r = l->r;
	struct slice rooms, text;
	struct saved_push p;
	struct sio_kept *k;

	if (take(l, &p, sizeof(p)) < 0 || p.except[IDS_SID_LEN] || p.number <= r->dropped ||
	    take_slice(l, p.rooms_len, &rooms) < 0 || take_slice(l, p.text_len, &text) < 0 || !rooms_fit(rooms))
		return -1;
	k = mem_zero(1, sizeof(*k) + rooms.n);
	k->number = p.number;
	k->after = p.after;
	p.age_ms += l->elapsed_ms;
	k->at_ms = l->now > p.age_ms ? l->now - p.age_ms : 0;
	k->frame = eio_frame_text(text);
	k->size = text.n + sizeof(*k) + rooms.n;
	k->repeatable = p.repeatable;
	k->rooms_len = rooms.n;
	memcpy(k->except, p.except, sizeof(k->except));
	if (rooms.n)
		memcpy(k->rooms, rooms.p, rooms.n);
	TAILQ_INSERT_TAIL(&r->log, k, next);
	r->bytes += k->size;
	return 0;
}

static int load_membership(struct loading *l, struct sio_away *who)
{
	struct saved_membership s;
	struct slice room;

	if (take(l, &s, sizeof(s)) < 0 || take_slice(l, s.name_len, &room) < 0 || s.number == 0 ||
	    s.number > NUMBER_MAX || s.name_len > SIO_ROOM_MAX)
		return -1;
	if (l->membership_count == l->membership_cap) {
		l->membership_cap = l->membership_cap ? l->membership_cap * 2 : 256;
		l->memberships = mem_resize(l->memberships, l->membership_cap * sizeof(*l->memberships));
	}
	l->memberships[l->membership_count++] = (struct loaded_membership){ who, room, s.number };
	return 0;
}

/* Whole ids fill their bytes. */
static bool is_id(const char id[IDS_SID_LEN + 1])
{
	return strnlen(id, IDS_SID_LEN + 1) == IDS_SID_LEN;
}

static int load_session(struct loading *l)
{
	struct sio_recovery *r = l->r;
	struct saved_session s;
	struct sio_away *w;

	if (take(l, &s, sizeof(s)) < 0 || !is_id(s.id) || !is_id(s.pid) || map_find(r->away, slice_of(s.pid)))
		return -1;
	w = mem_zero(1, sizeof(*w));
	w->back = (struct sio_back){ .last = s.last, .left = s.left, .cut = s.cut, .again = s.again, .lost = s.lost, .until_ms = l->now +
		(s.left_ms > l->elapsed_ms ? s.left_ms - l->elapsed_ms : 0) };
	memcpy(w->id, s.id, sizeof(w->id));
	memcpy(w->pid, s.pid, sizeof(w->pid));
	w->peer.away = true;
	TAILQ_INSERT_TAIL(&r->list, w, next);
	map_put(r->away, slice_of(w->pid), w);
	for (uint64_t i = 0; i < s.memberships; i++)
		if (load_membership(l, w) < 0)
			return -1;
	return 0;
}

static int by_number(const void *pa, const void *pb)
{
	const struct loaded_membership *a = pa, *b = pb;

	return a->number < b->number ? -1 : a->number > b->number;
}

/* Seats stand in a room in the order of their numbers, whoever sits there. */
static void load_memberships(struct loading *l, uint64_t last_membership)
{
	struct sio_recovery *r = l->r;
	struct sio_away *w;

	if (l->membership_count)
		qsort(l->memberships, l->membership_count, sizeof(*l->memberships), by_number);
	for (size_t i = 0; i < l->membership_count; i++) {
		sio_rooms_number_from(l->memberships[i].number - 1);
		sio_rooms_join(r->rooms, &l->memberships[i].who->peer, l->memberships[i].room, NULL);
	}
	r->memberships = l->membership_count;
	if (last_membership > sio_rooms_last_number())
		sio_rooms_number_from(last_membership);
	TAILQ_FOREACH(w, &r->list, next)
		sio_recovery_weigh(r, w, "");
}

static int load_all(struct loading *l)
{
	struct saved_head head;

	if (take(l, &head, sizeof(head)) < 0 || head.tag[IDS_SID_LEN] || head.number > NUMBER_MAX ||
	    head.last_membership > NUMBER_MAX)
		return -1;
	l->r->number = head.number;
	l->r->dropped = head.dropped;
	memcpy(l->r->tag, head.tag, sizeof(l->r->tag));
	for (uint64_t i = 0; i < head.pushes; i++)
		if (load_push(l) < 0)
			return -1;
	for (uint64_t i = 0; i < head.sessions; i++)
		if (load_session(l) < 0)
			return -1;
	load_memberships(l, head.last_membership);
	return l->in.n ? -1 : 0;
}

int sio_namespace_load(struct sio_namespace *n, struct slice saved, uint64_t elapsed_ms)
{
	struct sio_recovery *r = n->recovery;
	struct loading l = { .r = r, .in = saved, .elapsed_ms = elapsed_ms };
	int fine;

	if (!r || r->number || sio_rooms_count(n->rooms))
		return -1;
	l.now = eio_loop_now_ms(r->loop);
	fine = load_all(&l);
	free(l.memberships);
	if (fine < 0)
		sio_recovery_clear(r);
	return fine;
}

/* ---- who they are ---- */

struct visit {
	void (*fn)(void *ctx, const struct sio_absence *who, struct slice room);
	void *ctx;
	struct sio_absence who;
};

static void visit_room(void *ctx, struct slice room, uint64_t join)
{
	const struct visit *v = ctx;

	(void)join;
	v->fn(v->ctx, &v->who, room);
}

void sio_namespace_each_away(const struct sio_namespace *n,
			     void (*fn)(void *ctx, const struct sio_absence *who, struct slice room), void *ctx)
{
	const struct sio_recovery *r = n->recovery;
	struct visit v = { .fn = fn, .ctx = ctx };
	const struct sio_away *w;

	if (!r)
		return;
	TAILQ_FOREACH(w, &r->list, next) {
		v.who = (struct sio_absence){ w->id, eio_loop_now_ms(r->loop) + r->keep_ms - w->back.until_ms };
		sio_rooms_of(&w->peer, visit_room, &v);
	}
}
