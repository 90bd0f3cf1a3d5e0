/*
 * lookup: what the variable segments of a REST path name.
 *
 * Room: fcgi-api/handlers. Called by the REST handlers.
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

#endif
