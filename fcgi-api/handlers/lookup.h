/*
 * lookup: what a request names: the variable segments of a REST path, and the rooms of people and groups.
 *
 * Room: fcgi-api/handlers. Called by the REST handlers, and by those of events that name a person or a group.
 * REST tells unknown (404) from not yours (403).
 */
#ifndef LOOKUP_H
#define LOOKUP_H

#include "call.h"

/* `{sala}`: a room by number or uuid in which the caller is. */
const struct refusal *lookup_room(struct call *c, struct slice name, struct store_room *room_r);
/* An id segment; `unknown` is what anything else gets. */
const struct refusal *lookup_id(struct slice name, const struct refusal *unknown, int64_t *id_r);
/* `{usuario}`: somebody else who is there and active. */
const struct refusal *lookup_person(struct call *c, struct slice name, int64_t *id_r);
/* The same by number; `unknown` is what anybody gets who is not there or not active. */
const struct refusal *lookup_other(struct call *c, int64_t id, const struct refusal *unknown);
/* The room of the caller and somebody whom one of the two found; made if there is none. */
const struct refusal *lookup_direct(struct call *c, int64_t other, struct store_room *room_r, bool *created_r);
/* The room of a group in which the caller is; made if there is none. `unknown`: there is no such group. */
const struct refusal *lookup_group(struct call *c, int64_t group, const struct refusal *unknown,
				   struct store_room *room_r, bool *created_r);

#endif
