/*
 * awaited: sessions that were taken over, as people in rooms.
 *
 * Room: relay/chat. Calls presence and socketio.
 */
#include "awaited.h"

#include <time.h>
#include "map.h"
#include "presence.h"
#include "roomname.h"

/*
 * Who was cut up to this long before the other relay ended: its own grace, and another for one that itself was about to
 * tell of people it had taken over.
 */
#define RECENT_MS (2 * PRESENCE_GRACE_MS)

struct awaited {
	struct hall *hall;
	uint64_t age_ms;
	struct map *sessions;          /* by id: whose */
};

static void take_person(void *ctx, const struct sio_absence *absence, struct slice room)
{
	const struct awaited *a = ctx;
	struct slice user = roomname_user(room);

	if (user.n && absence->ms <= a->age_ms + RECENT_MS)
		presence_await(a->hall, user, (int64_t)time(NULL) - (int64_t)(absence->ms / 1000));
}

/* Also one that ended earlier: he was still online by another. */
static void take_session(void *ctx, const struct sio_absence *absence, struct slice room)
{
	const struct awaited *a = ctx;
	struct slice user = roomname_user(room);
	struct who *w = user.n ? presence_who(a->hall, user) : NULL;

	if (w)
		map_put(a->sessions, slice_of(absence->id), w);
}

static void take_room(void *ctx, const struct sio_absence *absence, struct slice room)
{
	const struct awaited *a = ctx;
	struct who *w = map_find(a->sessions, slice_of(absence->id));

	if (w)
		presence_await_in(a->hall, w, room);
}

void awaited_take(struct hall *h, uint64_t age_ms)
{
	struct awaited a = { h, age_ms, map_new() };

	sio_namespace_each_away(h->ns, take_person, &a);
	sio_namespace_each_away(h->ns, take_session, &a);
	sio_namespace_each_away(h->ns, take_room, &a);
	map_free(a.sessions);
}
