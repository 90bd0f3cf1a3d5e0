/*
 * handover: what a relay that is restarted as planned leaves to the next one.
 *
 * Room: relay/chat. Called by chat.
 */
#ifndef CHAT_HANDOVER_H
#define CHAT_HANDOVER_H

#include "hall.h"

/* Writes it, when everybody has been told to come back. Trouble is logged; then nobody is recovered. */
void handover_write(struct hall *h);
/* Takes over what is there, before anybody connects; it is gone afterwards, used or not. */
void handover_read(struct hall *h);

#endif
