/*
 * awaited: people who were online at the relay before this one, when its restart was planned.
 *
 * Room: relay/chat. Called by handover.
 */
#ifndef CHAT_AWAITED_H
#define CHAT_AWAITED_H

#include "hall.h"

/*
 * When the sessions were taken over, before anybody connected, `age_ms` after the relay before had ended: whom it cut then
 * or shortly before was online, in his rooms. His grace begins; who is back within it was never away, and of the others
 * the rooms are told.
 */
void awaited_take(struct hall *h, uint64_t age_ms);

#endif
