/*
 * presence: people, the rooms in which they are, and the stays that tie the two.
 *
 * Room: relay/chat. Calls seen and socketio.
 * A stay begins when a person's first socket enters a room and ends when he leaves the room while connected, or when he
 * is offline. A socket that goes takes no stay along: whoever is back within the grace was never away.
 */
#include "presence.h"

#include <stdlib.h>
#include <time.h>
#include "json.h"
#include "seen.h"

#define STAYS_MAX 1000                 /* of one person */
#define GONE_KEPT 50000                /* people whose last_seen is remembered */

struct place {                         /* a room */
	struct slice name;             /* owned; any bytes */
	size_t people;                 /* with a socket in it */
	size_t stays;                  /* of people who may have their sockets elsewhere, or none */
	size_t crowd;                  /* people, and those whom their grace keeps in it: counted by end_graces */
};

struct stay {
	struct who *who;
	struct place *place;
	size_t sockets;                /* of this person in this room */
	bool fresh;                    /* to be told */
	TAILQ_ENTRY(stay) in_who, in_fresh;
};

TAILQ_HEAD(stay_list, stay);

struct who {
	unsigned sockets;              /* none: leaving, until the grace is over */
	bool gone;                     /* the grace is over */
	uint64_t went_ms;              /* when the last socket was gone, on the loop's clock */
	int64_t seen;                  /* the same in seconds since 1970, 0: never */
	size_t stay_count;
	struct stay_list stays;
	TAILQ_ENTRY(who) next;         /* in leaving, oldest first */
	char user[];
};

TAILQ_HEAD(who_list, who);

struct presence {
	struct map *people, *places, *stays;   /* by user, by room, by both */
	struct stay_list fresh;
	struct who_list leaving;
	size_t connected;              /* people with a socket: the others are leaving */
	struct seen *gone;
	uint64_t told_ms;
	uint64_t notices;              /* numbers given */
	struct buf key;
};

struct presence *presence_new(void)
{
	struct presence *p = mem_zero(1, sizeof(*p));

	p->people = map_new();
	p->places = map_new();
	p->stays = map_new();
	TAILQ_INIT(&p->fresh);
	TAILQ_INIT(&p->leaving);
	p->gone = seen_new(GONE_KEPT);
	return p;
}

/* ---- stays ---- */

static struct slice stay_key(struct presence *p, struct slice room, struct slice user)
{
	buf_reset(&p->key);
	buf_put_slice(&p->key, room);
	buf_putc(&p->key, ' ');
	buf_put_slice(&p->key, user);
	return buf_slice(&p->key);
}

static bool is_open_room(struct slice room)
{
	enum roomname_kind kind = roomname_kind(room);

	return kind == ROOMNAME_DIRECT || kind == ROOMNAME_GROUP;
}

static struct stay *stay_find(struct presence *p, const struct seat *seat, struct slice room)
{
	if (!seat->user || !is_open_room(room))
		return NULL;
	return map_find(p->stays, stay_key(p, room, slice_of(seat->user)));
}

static struct stay *stay_new(struct presence *p, struct who *w, struct slice room)
{
	struct stay *s = mem_zero(1, sizeof(*s));
	struct place *place = map_find(p->places, room);

	if (!place) {
		place = mem_zero(1, sizeof(*place));
		place->name = (struct slice){ mem_copy(room), room.n };
		map_put(p->places, room, place);
	}
	place->stays++;
	s->who = w;
	s->place = place;
	w->stay_count++;
	TAILQ_INSERT_TAIL(&w->stays, s, in_who);
	map_put(p->stays, stay_key(p, room, slice_of(w->user)), s);
	return s;
}

static void stay_free(struct presence *p, struct stay *s)
{
	struct place *place = s->place;

	map_remove(p->stays, stay_key(p, place->name, slice_of(s->who->user)));
	if (s->fresh)
		TAILQ_REMOVE(&p->fresh, s, in_fresh);
	TAILQ_REMOVE(&s->who->stays, s, in_who);
	s->who->stay_count--;
	free(s);
	if (--place->stays > 0)
		return;
	map_remove(p->places, place->name);
	free((char *)place->name.p);
	free(place);
}

void presence_entered(struct hall *h, const struct seat *seat, struct slice room)
{
	struct presence *p = h->presence;
	struct stay *s = stay_find(p, seat, room);
	struct who *w = seat->user ? map_find(p->people, slice_of(seat->user)) : NULL;

	if (!w || !is_open_room(room))
		return;
	if (!s) {
		if (w->stay_count >= STAYS_MAX)
			return;
		s = stay_new(p, w, room);
		s->fresh = true;
		TAILQ_INSERT_TAIL(&p->fresh, s, in_fresh);
	}
	if (s->sockets++ == 0)
		s->place->people++;
}

static bool take_socket(struct stay *s)
{
	if (!s || s->sockets == 0 || --s->sockets > 0)
		return false;
	s->place->people--;
	return true;
}

void presence_left(struct hall *h, const struct seat *seat, struct slice room)
{
	struct stay *s = stay_find(h->presence, seat, room);

	if (take_socket(s))
		stay_free(h->presence, s);
}

static void leave_for_now(void *ctx, struct slice room, uint64_t join)
{
	const struct seat *seat = ctx;

	(void)join;
	take_socket(stay_find(seat->hall->presence, seat, room));
}

void presence_gone(const struct seat *seat)
{
	if (seat->user)
		sio_socket_each_room(seat->socket, leave_for_now, (void *)seat);
}

/* ---- people ---- */

static void who_free(struct presence *p, struct who *w)
{
	while (!TAILQ_EMPTY(&w->stays))
		stay_free(p, TAILQ_FIRST(&w->stays));
	free(w);
}

static struct who *who_new(struct presence *p, struct slice user)
{
	struct who *w = mem_zero(1, sizeof(*w) + user.n + 1);

	memcpy(w->user, user.p, user.n);
	TAILQ_INIT(&w->stays);
	map_put(p->people, user, w);
	seen_forget(p->gone, user);
	return w;
}

/* His last socket is gone: the grace begins. */
static void who_leaves(struct hall *h, struct who *w)
{
	w->went_ms = eio_loop_now_ms(h->loop);
	w->seen = (int64_t)time(NULL);
	TAILQ_INSERT_TAIL(&h->presence->leaving, w, next);
}

void presence_came(struct hall *h, struct slice user)
{
	struct presence *p = h->presence;
	struct who *w = map_find(p->people, user);

	if (!w) {
		w = who_new(p, user);
	} else if (w->sockets == 0) {
		TAILQ_REMOVE(&p->leaving, w, next);
	}
	if (w->sockets++ == 0)
		p->connected++;
}

void presence_went(struct hall *h, struct slice user)
{
	struct presence *p = h->presence;
	struct who *w = map_find(p->people, user);

	if (!w || w->sockets == 0 || --w->sockets > 0)
		return;
	p->connected--;
	who_leaves(h, w);
}

/* ---- whom the relay before knew ---- */

struct who *presence_who(const struct hall *h, struct slice user)
{
	return map_find(h->presence->people, user);
}

void presence_await(struct hall *h, struct slice user, int64_t seen)
{
	struct who *w = presence_who(h, user);

	if (!w) {
		w = who_new(h->presence, user);
		who_leaves(h, w);
		w->seen = seen;
	}
	if (w->seen < seen)
		w->seen = seen;
}

void presence_await_in(struct hall *h, struct who *w, struct slice room)
{
	struct presence *p = h->presence;

	if (is_open_room(room) && w->stay_count < STAYS_MAX && !map_find(p->stays, stay_key(p, room, slice_of(w->user))))
		stay_new(p, w, room);
}

size_t presence_connected(const struct hall *h)
{
	return h->presence->connected;
}

size_t presence_online(const struct hall *h)
{
	return map_count(h->presence->people);
}

/* ---- telling ---- */

struct notice {
	const char *user;              /* whom it is about: his own sockets are not told */
	uint64_t number;
	struct slice event;
};

static void tell_one(void *ctx, struct sio_socket *s)
{
	const struct notice *n = ctx;
	struct seat *seat = sio_socket_data(s);

	if (!seat || !seat->user || strcmp(seat->user, n->user) == 0 || seat->noticed == n->number)
		return;
	seat->noticed = n->number;
	sio_socket_emit(s, n->event);
}

/* Whether a room is told: not when too many would tell too many. */
static bool is_told(const struct stay *s)
{
	return (s->who->gone ? s->place->crowd : s->place->people) <= PRESENCE_PEOPLE_MAX;
}

/* The rooms that he entered since the last time, or all when he is gone; who shares several of them hears it once. */
static void tell(struct hall *h, struct who *w)
{
	struct presence *p = h->presence;
	struct buf b = BUF_INIT;
	struct notice n = { .user = w->user, .number = ++p->notices };
	struct stay *s, *next;

	buf_puts(&b, w->gone ? "[\"user_offline\",{" : "[\"user_online\",{");
	json_put_text_member(&b, "user_id", slice_of(w->user));
	if (w->gone)
		seen_put_member(&b, w->seen);
	buf_puts(&b, "}]");
	n.event = buf_slice(&b);
	for (s = TAILQ_FIRST(&w->stays); s; s = next) {
		next = TAILQ_NEXT(s, in_who);
		if (!w->gone && !s->fresh)
			continue;
		if (s->fresh)
			TAILQ_REMOVE(&p->fresh, s, in_fresh);
		s->fresh = false;
		if (!w->gone && s->sockets == 0) {
			stay_free(p, s);       /* gone before anybody was told: the return is told */
		} else if (is_told(s)) {
			h->stats.notices++;
			sio_room_each(h->ns, s->place->name, tell_one, &n);
		}
	}
	buf_fini(&b);
}

/* Of those whose grace is not over yet as well: of a crowd that goes at once nobody is told, to the last. */
static void count_crowds(struct presence *p)
{
	struct who *w;
	struct stay *s;

	TAILQ_FOREACH(w, &p->leaving, next)
		TAILQ_FOREACH(s, &w->stays, in_who)
			s->place->crowd = s->place->people;
	TAILQ_FOREACH(w, &p->leaving, next)
		TAILQ_FOREACH(s, &w->stays, in_who)
			s->place->crowd++;
}

static void end_graces(struct hall *h, uint64_t now)
{
	struct presence *p = h->presence;
	struct who *w = TAILQ_FIRST(&p->leaving);

	if (w && now - w->went_ms >= PRESENCE_GRACE_MS)
		count_crowds(p);
	while ((w = TAILQ_FIRST(&p->leaving)) && now - w->went_ms >= PRESENCE_GRACE_MS) {
		TAILQ_REMOVE(&p->leaving, w, next);
		w->gone = true;
		tell(h, w);
		seen_put(p->gone, slice_of(w->user), w->seen);
		map_remove(p->people, slice_of(w->user));
		who_free(p, w);
	}
}

void presence_tick(struct hall *h)
{
	uint64_t now = eio_loop_now_ms(h->loop);

	if (now - h->presence->told_ms < PRESENCE_GATHER_MS)
		return;
	h->presence->told_ms = now;
	while (!TAILQ_EMPTY(&h->presence->fresh))
		tell(h, TAILQ_FIRST(&h->presence->fresh)->who);
	end_graces(h, now);
}

bool presence_find(const struct hall *h, struct slice user, int64_t *seen_r)
{
	bool online = map_find(h->presence->people, user) != NULL;

	*seen_r = online ? 0 : seen_find(h->presence->gone, user);
	return online;
}

/* ---- the end ---- */

static int free_person(void *ctx, struct slice key, void *value)
{
	(void)key;
	who_free(ctx, value);
	return 0;
}

void presence_free(struct presence *p)
{
	if (!p)
		return;
	map_each(p->people, free_person, p);
	map_free(p->people);
	map_free(p->places);
	map_free(p->stays);
	seen_free(p->gone);
	buf_fini(&p->key);
	free(p);
}
