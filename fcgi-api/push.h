/*
 * push: what other sockets hear, put into the answer of a call.
 *
 * Room: fcgi-api. Called by handlers.
 */
#ifndef PUSH_H
#define PUSH_H

#include "call.h"

/*
 * receive_message to everybody who hears it: in a group the room, in a direct chat the room and both people,
 * joined or not. `found`: an earlier attempt had stored the row already, the relay knows whether it pushed
 * it.
 */
void push_message(struct call *c, const struct store_message *m, bool found);
/* message_edited, or message_deleted if it is that, to everybody who hears its receive_message. */
void push_change(struct call *c, const struct store_message *m);
/* The names of a room's twins, packed as the rooms of a push; borrowed from the call. */
struct slice push_twins(struct call *c, const struct store_room *room);
/*
 * An event to all devices of one or two people (the second 0: none), except the socket `except` (n = 0:
 * nobody).
 */
void push_people(struct call *c, int64_t one, int64_t other, struct slice except, struct slice event);

#endif
