/*
 * signals: pushes to the relays that do not hear of them by an answer.
 *
 * Room: fcgi-api. Called by the doors after the commit.
 * Fire and forget: of what is lost, the feed brings the messages; receipts and edits come when somebody loads the room
 * again.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include "answer.h"
#include "settings.h"

struct signals;

/* Once per process, after the fork. `but` (may be NULL): the relay that hears by the answer. The caller closes. */
struct signals *signals_open(const struct settings *s, const char *but);
/* There is nobody to signal to. */
bool signals_none(const struct signals *s);
/* Sends what the answer's pushes say; never waits. */
void signals_send(struct signals *s, const struct answer *a);
void signals_close(struct signals *s);
/*
 * Closes when what was sent has had time to leave (50 ms; at once if nothing was): nanomsg writes later, and forgets at the
 * close what it has not written.
 */
void signals_close_sent(struct signals *s);

#endif
