/*
 * recovery_network: the sessions that are away, by the networks they came from, so that the oldest of whom has the most goes first.
 *
 * Room: relay/socketio. Calls map and network.
 */
#include "map.h"
#include "recovery.h"

#include <stdlib.h>

#define MEMBERSHIP_SHARE (SIO_RECOVERY_MEMBERSHIPS / SIO_RECOVERY_SESSIONS) /* what a session weighs beside its memberships */

void sio_recovery_weigh(struct sio_recovery *r, struct sio_away *w, const char *address)
{
	char text[NETWORK_MAX];
	struct slice name = network_of(slice_of(address), text);
	struct sio_network *n = map_find(r->networks, name);

	if (!n) {
		n = mem_zero(1, sizeof(*n));
		TAILQ_INIT(&n->list);
		memcpy(n->name, name.p, name.n);
		map_put(r->networks, name, n);
	}
	w->network = n;
	w->weight = MEMBERSHIP_SHARE + w->peer.count;
	n->weight += w->weight;
	TAILQ_INSERT_TAIL(&n->list, w, beside);
	if (name.n && (!r->heaviest || n->weight > r->heaviest->weight))
		r->heaviest = n;
}

void sio_recovery_unweigh(struct sio_recovery *r, struct sio_away *w)
{
	struct sio_network *n = w->network;

	if (!n)
		return;
	n->weight -= w->weight;
	TAILQ_REMOVE(&n->list, w, beside);
	if (!TAILQ_EMPTY(&n->list))
		return;
	if (r->heaviest == n)
		r->heaviest = NULL;
	map_remove(r->networks, slice_of(n->name));
	free(n);
}

struct sio_away *sio_recovery_first_to_go(const struct sio_recovery *r)
{
	const struct sio_network *n = r->heaviest;
	size_t all = r->memberships + MEMBERSHIP_SHARE * map_count(r->away);

	/* it may not be the heaviest any more; with less than an even share it is not */
	if (n && n->weight * map_count(r->networks) >= all)
		return TAILQ_FIRST(&n->list);
	return TAILQ_FIRST(&r->list);
}
