/*
 * answers: of send jobs, held until they can be applied in the order of their messages' ids.
 *
 * Room: relay/chat. Called by dispatch and chat.
 */
#ifndef CHAT_ANSWERS_H
#define CHAT_ANSWERS_H

#include "hall.h"

struct answers *answers_new(void);
void answers_free(struct answers *a);
/* Must this answer wait for the feed: does it push a message into a room that is in doubt (lines_doubt)? */
bool answers_doubt(const struct hall *h, const struct command *c, struct slice effects);
/* Keeps a copy of the answer to a command of a send job; the command is COMMAND_HELD until it is applied. */
void answers_hold(struct hall *h, uint64_t job, struct command *c, struct slice effects);
/*
 * One that is not the first, or comes when its command (NULL: it is over) may not be answered yet: only its messages are
 * pushed; where the room is in doubt the feed brings them, in their order.
 */
void answers_late(struct hall *h, const struct command *c, struct slice effects);
/* How many wait for the feed: an older message of their room may still come by it. */
size_t answers_doubtful(const struct answers *a);
/*
 * Applies all answers of jobs below `before`, in id order, each with its reply right behind it, but for jobs that wait for
 * the feed. Returns how many of the other jobs stay.
 */
size_t answers_release(struct hall *h, uint64_t before);
/* The least number of a job whose held answers wait for an older job, 0: none. */
uint64_t answers_oldest_job(const struct answers *a);

#endif
