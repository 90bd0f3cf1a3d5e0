/*
 * answers: of send jobs, held until they can be applied in the order of their messages' ids (DESIGN §3).
 *
 * Room: relay/chat. Called by dispatch; calls effects and commands.
 */
#ifndef CHAT_ANSWERS_H
#define CHAT_ANSWERS_H

#include "hall.h"

struct answers *answers_new(void);
void answers_free(struct answers *a);
/* What answers may have to wait for: the least numbers of send jobs that are out, UINT64_MAX: there is none. */
struct answers_wait {
	uint64_t any;      /* of all */
	uint64_t unsure;   /* of those with a command that does not name its room by uuid */
};

/*
 * Keeps a copy of the answer to a command of a send job; the command is COMMAND_HELD until it is applied. `sure`: all
 * commands of that job name their rooms by uuid.
 */
void answers_hold(struct hall *h, uint64_t job, bool sure, struct command *c, struct slice effects);
/*
 * Applies what need not wait, in id order, each with its reply right behind it: answers of jobs below w.any, and of sure
 * ones below w.unsure, because two sure jobs that are out write to different rooms (lines.h: places). Returns the least
 * number of a job that the others wait for, 0: none stay.
 */
uint64_t answers_release(struct hall *h, struct answers_wait w);
/* The least number of a job with held answers, 0: none. */
uint64_t answers_oldest(const struct answers *a);

#endif
