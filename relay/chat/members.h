/*
 * members: every two seconds a worker is asked who of those connected must leave.
 *
 * Room: relay/chat. Called by chat.
 */
#ifndef CHAT_MEMBERS_H
#define CHAT_MEMBERS_H

#include "hall.h"

struct members *members_new(struct hall *h);
void members_free(struct members *m);

#endif
