/*
 * targets: the place of the room that is meant by a person or a group (lines.h: places).
 *
 * Room: relay/chat, pure. Called by commands, answers, effects and chat.
 * Sends may name a person or a group instead of a room. What writes to one room goes in one order only if it is known
 * to be one: joins and answers teach it.
 */
#ifndef CHAT_TARGETS_H
#define CHAT_TARGETS_H

#include "wire.h"

struct targets;

struct targets *targets_new(void);
void targets_free(struct targets *t);

/* What the arguments of a send or a join name, as seen by this person: a number for targets_…, or 0 for nothing. */
uint64_t targets_of(struct slice event, struct slice args, struct slice user);
/* The place of its room, or one of its own as long as that is not known. Of 0: 0. */
uint16_t targets_place(const struct targets *t, uint64_t target);
/*
 * The room (its name) turned out to be the target's. Two targets may share a place in the table: the later one stays. A
 * relay that begins knows none; until a target's first answer its sends are in order among themselves only.
 */
void targets_learn(struct targets *t, uint64_t target, struct slice room);

#endif
