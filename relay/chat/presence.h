/*
 * presence: who is online, and what the others in an open room are told of it (www/asyncapi.yaml).
 *
 * Room: relay/chat. Called by chat (rooms entered and left, the tick), seats (people), awaited, get_presence, health.
 * Best effort by design: known to this relay alone, and lost with it unless its restart was planned.
 */
#ifndef CHAT_PRESENCE_H
#define CHAT_PRESENCE_H

#include "hall.h"

#define PRESENCE_GRACE_MS 10000        /* so long after the last socket somebody still counts as online */
#define PRESENCE_GATHER_MS 1000        /* notices are gathered so long */
#define PRESENCE_PEOPLE_MAX 100        /* rooms with more people here are told nothing */

struct presence *presence_new(void);
void presence_free(struct presence *p);
/* A socket of this person was accepted; one that was accepted is gone. */
void presence_came(struct hall *h, struct slice user);
void presence_went(struct hall *h, struct slice user);
/* A socket entered a room, or left it by itself. Personal rooms are ignored. */
void presence_entered(struct hall *h, const struct seat *seat, struct slice room);
void presence_left(struct hall *h, const struct seat *seat, struct slice room);
/* A socket is going, with all its rooms: they stay its person's until the grace is over. */
void presence_gone(const struct seat *seat);
struct who;
/* A person, online or in his grace; else NULL. Valid until the next tick. */
struct who *presence_who(const struct hall *h, struct slice user);
/* Somebody whom the relay before saw last at `seen` (seconds since 1970): his grace begins, if it has not. */
void presence_await(struct hall *h, struct slice user, int64_t seen);
/* He was in that room then: it hears of it if he does not come back. */
void presence_await_in(struct hall *h, struct who *w, struct slice room);
/* Whether somebody is online; when not, since when (seconds since 1970; 0: not known here, or online). */
bool presence_find(const struct hall *h, struct slice user, int64_t *seen_r);
/* Tells what was gathered; ends graces. Called often, works once per PRESENCE_GATHER_MS. */
void presence_tick(struct hall *h);
/* People with at least one socket. */
size_t presence_connected(const struct hall *h);
/* People who count as online here, grace included. */
size_t presence_online(const struct hall *h);

#endif
