/*
 * router: from names and paths to handlers, and from refusals to the form each door wants.
 *
 * Room: fcgi-api. Called by the doors (through attempt); calls identity, handlers, answer. Nobody below
 * includes it.
 */
#ifndef ROUTER_H
#define ROUTER_H

#include "call.h"

/* Commands of a job: each is answered in its call, or has trouble noted. Stops at the first trouble. */
void router_commands(struct call **calls, size_t count);
/* One REST request (count is 1): identity, path, method, type, size, then the handler. */
void router_request(struct call **calls, size_t count);
/* Says `unavailable` to a call that no attempt could answer. */
void router_unavailable(struct call *c);

#endif
