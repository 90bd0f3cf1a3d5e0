/*
 * commands: their birth (a client's event, a CONNECT, the relay's own questions) and their end.
 *
 * Room: relay/chat. Called by chat, arrival, feed, members, dispatch, answers and fetch.
 */
#ifndef CHAT_COMMANDS_H
#define CHAT_COMMANDS_H

#include "hall.h"

#define COMMANDS_TOTAL_MS 5000         /* from the first time it went out to `unavailable` */

/* Makes the registers of a new hall, empty. */
void commands_init(struct hall *h);
/* A client's event: into its line, or refused in its turn. */
void commands_take(struct hall *h, struct seat *seat, const struct sio_event *e);
/* A CONNECT; args as WIRE.md says. */
void commands_connect(struct hall *h, struct seat *seat, struct slice args);
/* A question of the relay's own; on_end is called once, possibly within the call that fails it, and may ask the next. */
void commands_ask(struct hall *h, enum wire_command_type type, struct slice args,
		void (*on_end)(void *ctx, struct slice effects, bool failed), void *ctx);
/* An unanswered command, or NULL. */
struct command *commands_find(const struct hall *h, uint64_t id);
/* It goes to a worker: from the first time on its own time runs. */
void commands_given(struct hall *h, struct command *c);
/* It is answered: takes it out of everything and frees it. */
void commands_end(struct hall *h, struct command *c);
/* Has it had all its attempts, or all its time? */
bool commands_spent(const struct hall *h, const struct command *c);
/*
 * An attempt is over without an answer (`lost`: a worker had it) or for a passing reason: the next attempt,
 * or the end.
 */
void commands_again(struct hall *h, struct command *c, bool lost);
/* A pending socket is gone: its CONNECT need not be asked any more. */
void commands_drop_arrival(struct hall *h, struct seat *seat);
/* A socket is gone: what it only wanted to read need not be read any more. All else is done. */
void commands_drop_reads(struct hall *h, struct seat *seat);
/* Those that go to no worker (refused, or answered here) and whose turn has come. */
void commands_settle_refused(struct hall *h);
/*
 * This one got no answer in its time, or its answer waited in vain: those who wait behind it, of its socket and of its room
 * (lines.h: places), have their time from their birth on. Else each would have its own when the one before has had it, and
 * the last of many never end.
 */
void commands_hasten(struct hall *h, const struct command *of);
/* Ends those that were given to a worker, have had their time and wait. */
void commands_fail_late(struct hall *h);
/*
 * The same, for a CONNECT too, and for those that no worker was given while what they stand behind ended in vain; and without
 * workers all that wait for one.
 */
void commands_tick(struct hall *h);

#endif
