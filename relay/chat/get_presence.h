/*
 * get_presence: the event, which the relay answers by itself (www/asyncapi.yaml).
 *
 * Room: relay/chat. Called by commands.
 */
#ifndef CHAT_GET_PRESENCE_H
#define CHAT_GET_PRESENCE_H

#include "hall.h"

#define GET_PRESENCE_MAX 200           /* user_ids in one question */

/* `presence` with everybody asked for, in that order, or a refusal. */
void get_presence_answer(struct hall *h, struct command *c);

#endif
