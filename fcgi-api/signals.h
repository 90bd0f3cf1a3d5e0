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
 * For a process that ends with its answer. put_off: what is to be sent waits for signals_close_late, which sends it, within
 * 300 ms for each relay (connections are made behind our back), gives it time to leave (100 ms; nanomsg writes later, and
 * forgets at the close what it has not written) and closes. Without anything to send it closes at once.
 */
void signals_put_off(struct signals *s);
void signals_close_late(struct signals *s);

#endif
