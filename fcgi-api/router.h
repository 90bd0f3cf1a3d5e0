/*
 * router: from names and paths to handlers, and from refusals to the form each door wants.
 *
 * Room: fcgi-api. Called by the doors (through attempt).
 * Nobody below includes it.
 */
#ifndef ROUTER_H
#define ROUTER_H

#include "call.h"

/* Commands of a job: each is answered in its call, or has trouble noted. Stops at the first trouble. */
void router_commands(struct call **calls, size_t count);
/* One REST request (count is 1): identity, path, method, type, size, then the handler. */
void router_request(struct call **calls, size_t count);
/* Says `unavailable` to a request that no attempt could answer, and counts it. */
void router_unavailable(struct call *c);
/*
 * Counts what an attempt refused, with a line in the log for some of them in a second: whoever asks can bring them about.
 * Never what was said. Once a call, when it is decided: attempts at it may have been several.
 */
void router_note(const struct call *c);

#endif
