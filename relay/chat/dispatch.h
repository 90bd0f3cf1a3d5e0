/*
 * dispatch: which job goes out when, and what becomes of it.
 *
 * Room: relay/chat. Called by chat.
 */
#ifndef CHAT_DISPATCH_H
#define CHAT_DISPATCH_H

#include "hall.h"

struct dispatch *dispatch_new(struct hall *h);
void dispatch_free(struct dispatch *d);
/* At the end of each loop pass, perhaps several times: gives waiting workers all the jobs that may go. */
void dispatch_settle(struct hall *h);
/* What the bus reports. */
void dispatch_on_bus(struct hall *h, const struct bus_event *e);

#endif
