/*
 * recovery: connection state recovery: the log of pushes, and the sessions that are away.
 *
 * Room: relay/socketio. Calls recovery_network, rooms and engineio.
 * Both are bounded: the log by bytes and age, the sessions by age, number and memberships; the oldest go first, of whom has
 * the most. A session whose pushes are not all here any more is not found: its client begins anew and knows it.
 */
#include "recovery.h"
#include "map.h"

#include <stdio.h>
#include <stdlib.h>

#define SWEEP_MS 5000
/* Pushes, whoever they were for, that are looked through: at a try, for one session that comes back and does not stay, for all. */
#define BEHIND_MOST 10000
#define LOOKED_MOST (5 * BEHIND_MOST)
#define LOOKED_A_SECOND (100 * BEHIND_MOST) /* a fifth of a second of the processor */
#define TAG_LEN 8
#define MARK_MS 1000                        /* what a mark stands for */

/* ---- the log ---- */

void sio_recovery_put_offset(const struct sio_recovery *r, struct buf *b)
{
	buf_putf(b, "%s-%llx", r->tag, (unsigned long long)r->number + 1);
}

int sio_recovery_read_offset(const struct sio_recovery *r, struct slice text, uint64_t *number_r)
{
	size_t tag = strlen(r->tag);
	char digits[17], *end;

	if (text.n < tag + 2 || text.n - tag - 1 >= sizeof(digits) || memcmp(text.p, r->tag, tag) != 0 ||
	    text.p[tag] != '-')
		return -1;
	memcpy(digits, text.p + tag + 1, text.n - tag - 1);
	digits[text.n - tag - 1] = '\0';
	if (strspn(digits, "0123456789abcdef") != strlen(digits))
		return -1;
	*number_r = strtoull(digits, &end, 16);
	return 0;
}

static void kept_drop(struct sio_recovery *r, struct sio_kept *k)
{
	TAILQ_REMOVE(&r->log, k, next);
	r->bytes -= k->size;
	r->dropped = k->number;
	eio_frame_unref(k->frame);
	free(k);
}

static struct sio_mark *mark_at(const struct sio_recovery *r, size_t i)
{
	return (struct sio_mark *)&r->marks[i % SIO_RECOVERY_MARKS];
}

static void mark(struct sio_recovery *r, uint64_t number, uint64_t now)
{
	if (r->mark_count == 0 || now - mark_at(r, r->mark_count - 1)->ms >= MARK_MS)
		*mark_at(r, r->mark_count++) = (struct sio_mark){ now, number };
}

/* Nobody is in a room of a longer name, and its length would not fit into the log's two bytes. */
static bool may_be_joined(struct slice room)
{
	return room.n <= SIO_ROOM_MAX;
}

void sio_recovery_log(struct sio_recovery *r, struct eio_frame *frame, size_t size, bool repeatable, const struct slice *rooms,
		      size_t count, struct slice except)
{
	struct sio_kept *k;
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += may_be_joined(rooms[i]) ? 2 + rooms[i].n : 0;
	k = mem_zero(1, sizeof(*k) + len);
	k->number = ++r->number;
	k->after = sio_rooms_last_number();
	k->at_ms = eio_loop_now_ms(r->loop);
	k->frame = eio_frame_ref(frame);
	k->size = size + sizeof(*k) + len;
	k->repeatable = repeatable;
	mark(r, k->number, k->at_ms);
	if (except.n <= IDS_SID_LEN && except.n > 0)
		memcpy(k->except, except.p, except.n);
	for (size_t i = 0; i < count; i++) {
		if (!may_be_joined(rooms[i]))
			continue;
		k->rooms[k->rooms_len++] = (char)(rooms[i].n >> 8);
		k->rooms[k->rooms_len++] = (char)rooms[i].n;
		memcpy(k->rooms + k->rooms_len, rooms[i].p, rooms[i].n);
		k->rooms_len += rooms[i].n;
	}
	TAILQ_INSERT_TAIL(&r->log, k, next);
	r->bytes += k->size;
	while (r->bytes > r->bytes_max && (k = TAILQ_FIRST(&r->log)))
		kept_drop(r, k);
}

/* Was it for the one who sits under this peer? */
static bool kept_hears(const struct sio_recovery *r, const struct sio_kept *k, const struct sio_peer *peer,
		       const char *id)
{
	size_t at = 0;

	if (strcmp(k->except, id) == 0)
		return false;
	while (at < k->rooms_len) {
		size_t n = (size_t)(uint8_t)k->rooms[at] << 8 | (uint8_t)k->rooms[at + 1];
		uint64_t membership = sio_rooms_number(r->rooms, peer, (struct slice){ k->rooms + at + 2, n });

		if (membership && membership <= k->after)
			return true;
		at += 2 + n;
	}
	return false;
}

/* The first push behind a number: most were cut a moment ago, so from the end. */
static struct sio_kept *kept_behind(const struct sio_recovery *r, uint64_t from)
{
	struct sio_kept *k = TAILQ_LAST(&r->log, sio_kept_list), *first = NULL;

	for (; k && k->number > from; k = TAILQ_PREV(k, sio_kept_list, next))
		first = k;
	return first;
}

void sio_recovery_pushed(const struct sio_recovery *r, struct sio_back *b, uint64_t number, bool repeatable)
{
	if (!repeatable) {
		b->last = number;
		return;
	}
	b->again = number;
	b->again_ms = eio_loop_now_ms(r->loop);
}

/*
 * A push before which all had arrived, by at most MARK_MS too early; asked only where a repeatable one was sent since. Of a crowd
 * that is cut each asks: the log is too long to be walked.
 */
static uint64_t lost_from(const struct sio_recovery *r, const struct sio_back *b, uint64_t proved_ms)
{
	size_t i = r->mark_count, oldest = i > SIO_RECOVERY_MARKS ? i - SIO_RECOVERY_MARKS : 0;

	if (b->again == 0 || b->again_ms < proved_ms || i == 0)
		return UINT64_MAX;
	while (i > oldest && mark_at(r, i - 1)->ms + MARK_MS > proved_ms)
		i--;
	return i > oldest || oldest == 0 ? mark_at(r, i)->number : 1;
}

/* For a client that heard all that was sent to it up to push `from`, but for what carries no offset: where to go on. */
static uint64_t go_on_from(const struct sio_back *b, uint64_t from)
{
	if (from < b->last || from >= b->cut)
		return from;
	if (b->again <= from || b->lost == UINT64_MAX)
		return b->cut;                  /* nothing in between was for it */
	return from + 1 < b->lost ? b->lost - 1 : from;
}

void sio_recovery_replay(struct sio_recovery *r, struct sio_socket *s, uint64_t from)
{
	for (struct sio_kept *k = kept_behind(r, from); k; k = TAILQ_NEXT(k, next)) {
		if (!kept_hears(r, k, &s->peer, s->id))
			continue;
		eio_session_send(s->client->session, k->frame);
		sio_recovery_pushed(r, &s->back, k->number, k->repeatable);
	}
}

/* ---- sessions ---- */

void sio_recovery_open(struct sio_recovery *r, struct sio_socket *s)
{
	map_put(r->live, slice_of(s->pid), s);
}

void sio_recovery_closed(struct sio_recovery *r, const struct sio_socket *s)
{
	if (sio_recovery_live(r, slice_of(s->pid)) == s)
		map_remove(r->live, slice_of(s->pid));
}

struct sio_socket *sio_recovery_live(const struct sio_recovery *r, struct slice pid)
{
	return map_find(r->live, pid);
}

size_t sio_recovery_away(const struct sio_recovery *r)
{
	return r ? map_count(r->away) : 0;
}

/* ---- sessions that are away ---- */

static void away_remove(struct sio_recovery *r, struct sio_away *w)
{
	sio_recovery_unweigh(r, w);
	TAILQ_REMOVE(&r->list, w, next);
	map_remove(r->away, slice_of(w->pid));
	free(w);
}

/* Ends a session. */
static void drop(struct sio_recovery *r, struct sio_away *w)
{
	struct buf room = BUF_INIT;

	r->memberships -= w->peer.count;
	while (sio_rooms_leave_first(r->rooms, &w->peer, &room))
		;
	buf_fini(&room);
	away_remove(r, w);
}

void sio_recovery_keep(struct sio_recovery *r, struct sio_socket *s)
{
	struct sio_away *w = mem_zero(1, sizeof(*w));

	w->back = s->back;
	if (!s->returns) {
		w->back.cut = r->number;
		w->back.until_ms = eio_loop_now_ms(r->loop) + r->keep_ms;
		w->back.looked = 0;
		w->back.lost = lost_from(r, &w->back, eio_session_proved_ms(s->client->session));
	}
	memcpy(w->id, s->id, sizeof(w->id));
	memcpy(w->pid, s->pid, sizeof(w->pid));
	w->peer.away = true;
	sio_rooms_move(r->rooms, &s->peer, &w->peer);
	r->memberships += w->peer.count;
	TAILQ_INSERT_TAIL(&r->list, w, next);
	map_put(r->away, slice_of(w->pid), w);
	sio_recovery_weigh(r, w, eio_session_address(s->client->session));
	while ((r->memberships > SIO_RECOVERY_MEMBERSHIPS || map_count(r->away) > SIO_RECOVERY_SESSIONS) && (w = sio_recovery_first_to_go(r)))
		drop(r, w);
}

/*
 * Everything behind `from` is here: in the log, or nothing was sent since and nothing dropped from the log was
 * pushed after the cut. Of what it had not heard when it left a room, nobody can
 * tell any more what was for that room.
 */
static bool complete(const struct sio_recovery *r, const struct sio_back *b, uint64_t from)
{
	if (from > r->number || from < b->left)
		return false;
	return from >= r->dropped || (from >= b->last && b->cut >= r->dropped);
}

/* Looking comes before anybody was let in, and nobody else is served meanwhile: what it costs is bounded here. */
static bool may_look(struct sio_recovery *r, struct sio_back *b, uint64_t behind)
{
	uint64_t now = eio_loop_now_ms(r->loop);

	if (now - r->looked_since_ms >= 1000) {
		r->looked_since_ms = now;
		r->looked = 0;
	}
	if (behind > BEHIND_MOST || b->looked + behind > LOOKED_MOST || r->looked + behind > LOOKED_A_SECOND)
		return false;
	b->looked += behind;
	r->looked += behind;
	return true;
}

struct sio_away *sio_recovery_find(struct sio_recovery *r, struct slice pid, uint64_t *from_r, size_t bytes_max)
{
	struct sio_away *w = map_find(r->away, pid);
	uint64_t from = *from_r;
	size_t bytes = 0;

	if (!w || w->back.until_ms <= eio_loop_now_ms(r->loop) || !complete(r, &w->back, from))
		return NULL;
	from = go_on_from(&w->back, from);
	if (w->back.again > *from_r && from < w->back.cut && from < r->dropped)  /* what may be lost is not here any more */
		return NULL;
	if (!may_look(r, &w->back, r->number - (from > r->dropped ? from : r->dropped)))
		return NULL;
	for (struct sio_kept *k = kept_behind(r, from); k && bytes_max; k = TAILQ_NEXT(k, next))
		if (kept_hears(r, k, &w->peer, w->id) && (bytes += k->size) > bytes_max)
			return NULL;
	*from_r = from;
	return w;
}

bool sio_recovery_whole(const struct sio_recovery *r, const struct sio_socket *s)
{
	return complete(r, &s->back, s->has);
}

void sio_recovery_take(struct sio_recovery *r, struct sio_away *w, struct sio_socket *s)
{
	r->memberships -= w->peer.count;
	s->back = w->back;
	memcpy(s->pid, w->pid, sizeof(s->pid));
	sio_rooms_move(r->rooms, &w->peer, &s->peer);
	away_remove(r, w);
	/* it may die unnoticed before it is let in */
	sio_recovery_open(r, s);
}

/* ---- life ---- */

static void on_sweep(void *ctx)
{
	struct sio_recovery *r = ctx;
	uint64_t now = eio_loop_now_ms(r->loop);
	struct sio_away *w;
	struct sio_kept *k;

	while ((w = TAILQ_FIRST(&r->list)) && w->back.until_ms <= now)
		drop(r, w);
	/* A push may be older than the cut behind which it was missed: half as long again. */
	while ((k = TAILQ_FIRST(&r->log)) && k->at_ms + r->keep_ms + r->keep_ms / 2 <= now)
		kept_drop(r, k);
}

struct sio_recovery *sio_recovery_new(struct eio_loop *l, unsigned keep_ms, size_t bytes_max,
				      struct sio_rooms *rooms)
{
	struct sio_recovery *r = mem_zero(1, sizeof(*r));

	r->loop = l;
	r->rooms = rooms;
	r->keep_ms = keep_ms;
	r->bytes_max = bytes_max;
	TAILQ_INIT(&r->log);
	TAILQ_INIT(&r->list);
	r->away = map_new();
	r->networks = map_new();
	r->live = map_new();
	sio_recovery_clear(r);
	r->timer = eio_timer_new(l, SWEEP_MS, SWEEP_MS, on_sweep, r);
	return r;
}

void sio_recovery_clear(struct sio_recovery *r)
{
	struct sio_away *w;
	struct sio_kept *k;

	while ((w = TAILQ_FIRST(&r->list)))
		drop(r, w);
	while ((k = TAILQ_FIRST(&r->log)))
		kept_drop(r, k);
	r->memberships = 0;
	r->number = r->dropped = 0;
	r->mark_count = 0;
	ids_sid(r->tag);
	r->tag[TAG_LEN] = '\0';
}

void sio_recovery_free(struct sio_recovery *r)
{
	if (!r)
		return;
	eio_timer_free(r->timer);
	sio_recovery_clear(r);
	map_free(r->away);
	map_free(r->networks);
	map_free(r->live);
	free(r);
}
