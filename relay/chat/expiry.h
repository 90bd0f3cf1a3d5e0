/*
 * expiry: the end of a session whose token ends.
 *
 * Room: relay/chat. Called by effects and chat.
 */
#ifndef CHAT_EXPIRY_H
#define CHAT_EXPIRY_H

#include "hall.h"

/* Sets or moves the end of a seat's session: seconds by the wall clock, 0 or less: none. The timer is the seat's (seat_leave). */
void expiry_set(struct seat *seat, int64_t expires);
/*
 * Is it over by now? Then its client is told and its socket disconnected, after which the seat may be gone. Not while a newer
 * token that was said before waits for its answer. Asked of each event too: several may be read before the timer rings.
 */
bool expiry_ends(struct seat *seat);

#endif
