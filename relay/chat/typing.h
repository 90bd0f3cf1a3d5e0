/*
 * typing: who is writing, told to the others in the room; never stored (www/asyncapi.yaml).
 *
 * Room: relay/chat. Called by commands (the event) and chat (the tick).
 * Only a socket that is in the room may say so: being in it is what a handler has allowed.
 */
#ifndef CHAT_TYPING_H
#define CHAT_TYPING_H

#include "hall.h"

#define TYPING_LASTS_MS 6000           /* after the last word of it, the others hear that it is over */

struct typing *typing_new(void);
void typing_free(struct typing *t);
/* The event `typing`: passed on and acknowledged, or refused. */
void typing_take(struct hall *h, struct command *c);
/* Ends what nobody has repeated. */
void typing_tick(struct hall *h);

#endif
