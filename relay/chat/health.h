/*
 * health: plain HTTP of the relay: GET / (the guide's object), /healthz, /readyz, /metrics (Prometheus text).
 *
 * Room: relay/chat. Called by chat.
 */
#ifndef CHAT_HEALTH_H
#define CHAT_HEALTH_H

#include "hall.h"

/* True when sessions may begin: workers were seen, the first sweep is done, nobody is leaving. */
bool health_ready(const struct hall *h);
/* See engineio.h, eio_request. */
void health_request(struct hall *h, const struct eio_request *q, struct eio_response *r);

#endif
