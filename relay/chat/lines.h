/*
 * lines: each socket's line of waiting commands, and the jobs that are formed from them.
 *
 * Room: relay/chat. Called by commands, arrival, dispatch, answers, seats, targets and chat; pure: no clock, no bus, no socket.
 * A line's commands stand in the order emitted; those that are out are always its head. While one is out,
 * nothing else of that line goes: so a socket never has two kinds, or two jobs, in flight.
 */
#ifndef CHAT_LINES_H
#define CHAT_LINES_H

#include <sys/queue.h>
#include "wire.h"

#define LINES_SHARE 8                          /* commands of one socket in a job while others wait */
#define LINES_COUNT_MAX 1024                   /* unanswered commands of a socket; there its reading stops */
#define LINES_BYTES_MAX (1024u * 1024)         /* the same in bytes */
#define LINES_TOTAL_MAX (64u * 1024 * 1024)    /* bytes of all sockets together; shared out (share.h) */
#define LINES_ARRIVING_MAX (16u * 1024 * 1024) /* the same of CONNECTs, which take nothing from those who are in */
#define LINES_ARRIVING_FREE 4096               /* a CONNECT of so much waits in any case */
#define LINES_PLACES 1024                      /* numbers of places; 0: not known */
#define LINES_KINDS 4                          /* enum wire_job_kind, and 0: those that go to no worker */

enum command_state {
	COMMAND_WAITING,
	COMMAND_OUT,
	COMMAND_HELD,                          /* answered; what is older comes first */
	COMMAND_RESTING                        /* a CONNECT that met no database: it waits for one */
};

struct seat;
struct event_row;

struct command {
	uint64_t id;
	uint64_t job;                          /* the last it went out with */
	uint8_t type;                          /* enum wire_command_type */
	uint8_t kind;                          /* enum wire_job_kind, 0: goes to no worker */
	uint8_t attempt;                       /* 1, 2 */
	enum command_state state;
	uint16_t to_place;                     /* that a send names, or 0 */
	uint64_t target;                       /* of one that names a person or a group: whom (targets.h), or 0 */
	uint16_t out_place;                    /* that a send occupies which is out, or 0 */
	bool alone;                            /* goes as a job of its own */
	uint16_t again_place;                  /* in whose list `again` it stands, or 0 */
	bool bad_text;
	bool wants_ack;
	bool unknown;                          /* a worker had it and no answer came */
	bool passing;                          /* its attempt failed for a passing reason: it goes again with its job's end */
	uint64_t ack;
	uint64_t born_ms, first_out_ms;        /* its time runs from first_out_ms; 0: it was never given to a worker, or rests */
	uint64_t rests_ms;                     /* since when */
	const char *refusal;                   /* kind 0: the code it is refused with, NULL: answered here */
	uint64_t retry_ms;                     /* kind 0: told with too_fast */
	const struct event_row *row;           /* WIRE_EVENT */
	struct seat *seat;                     /* NULL: the relay's own command */
	struct line *line;
	/* The relay's own commands: called once, with the answer's effects, or failed and none. */
	void (*on_end)(void *ctx, struct slice effects, bool failed);
	void *ctx;
	char uuid[37];                         /* identity of a message; empty for what is no send */
	struct slice event, args;              /* in `bytes` */
	TAILQ_ENTRY(command) in_line;
	TAILQ_ENTRY(command) in_again;
	TAILQ_ENTRY(command) in_all;           /* by birth */
	TAILQ_ENTRY(command) in_due;           /* a CONNECT: by birth; others that a worker was given: by first_out_ms */
	char bytes[];
};

TAILQ_HEAD(command_list, command);

struct line {
	struct command_list commands;          /* unanswered, in the order emitted */
	size_t count, bytes, out;              /* out: given to a worker or held */
	uint64_t order, order_round;           /* greatest message id among its answers of this round (answers.c) */
	int ring;                              /* the ring it stands in, -1: none */
	uint16_t aside;                        /* it stands beside its ring until this place is free, 0: in it */
	bool held;                             /* nothing of it goes out for now (lines_hold) */
	uint64_t vain_ms;                      /* when something of it last ended in vain (lines_vain), 0: never */
	TAILQ_ENTRY(line) in_ring;
};

TAILQ_HEAD(line_list, line);

struct lines {
	struct line_list rings[LINES_KINDS];   /* lines that may go, by the kind of their first command */
	size_t waiting[LINES_KINDS];
	uint16_t busy[LINES_PLACES];           /* sends that are out, by place */
	bool doubt[LINES_PLACES];              /* a send that got no answer may still be stored here (lines_doubt) */
	uint64_t vain_ms[LINES_PLACES];        /* when a send to it last ended in vain, 0: never */
	struct command_list again[LINES_PLACES]; /* sends that wait for their second attempt, in their job's order, by place */
	struct line_list aside[LINES_PLACES];  /* lines that wait for a place that is taken, by place */
	size_t count, bytes;                   /* bytes: but those of CONNECTs */
	size_t arriving;                       /* bytes of CONNECTs */
};

void lines_init(struct lines *ls);
void line_init(struct line *l);
/* The number of a place, by its name; different places may have the same. */
uint16_t lines_place(struct slice name);
/* Bytes that a command with so much text takes here, which are more than in a job: for both bounds. */
size_t lines_cost(size_t text);
/*
 * Whether `size` more bytes (lines_cost) may wait in a line. What all lines may hold together is never used up by some:
 * the less of it is left, the less each may hold, so that those that hold little are the last to be refused.
 */
bool lines_have_room(const struct lines *ls, const struct line *l, size_t size);
/* Whether a CONNECT of `size` bytes (lines_cost) may wait. */
bool lines_let_in(const struct lines *ls, size_t size);
/* Appends a waiting command to c->line. */
void lines_put(struct lines *ls, struct command *c);
/*
 * Forms one job of a kind: up to `most` commands (at most WIRE_JOB_COMMANDS) or WIRE_JOB_BYTES into out[],
 * all moved to COMMAND_OUT. Per socket in order, at most LINES_SHARE of one while others wait; a second
 * attempt, and whatever goes alone, is a job of its own. A line whose place another job occupies stays: in
 * the database its message would only wait for that job's commit. So does one that names a place where an older send
 * waits for its second attempt: that one's message may be stored already. Returns how many, 0 when nothing may go.
 */
size_t lines_form(struct lines *ls, int kind, size_t most, struct command **out);
/*
 * How many lines of a kind could go into a job now, counted no further than `most`. Moves lines whose place is taken aside, as
 * lines_form does.
 */
size_t lines_ready(struct lines *ls, int kind, size_t most);
/*
 * A command's job is over: those who wait for its place may go. Of all that go again, before the first of them is put
 * back, so that they stand before those.
 */
void lines_leave(struct lines *ls, struct command *c);
/* A command that was out waits again, before all others: of one job the last is put back first. */
void lines_back(struct lines *ls, struct command *c);
/* The same as its next attempt, unless it waits already. */
void lines_again(struct lines *ls, struct command *c);
/*
 * Its answer came while it waited for its second attempt, or rested: it leaves its place there and is held (lines_remove ends
 * it). Nothing happens to another.
 */
void lines_answered(struct lines *ls, struct command *c);
/*
 * A send ends without an answer: its message may be stored, or become so, until another of its place is (writers of a room
 * are serialized by the room's lock). Until lines_certain those of this place are in doubt: each goes as a job of its own.
 */
void lines_doubt(struct lines *ls, const struct command *c);
bool lines_in_doubt(const struct lines *ls, const struct command *c);
void lines_certain(struct lines *ls, const struct command *c);
/* This one ended at that time without an answer, or its answer waited in vain. */
void lines_vain(struct lines *ls, const struct command *c, uint64_t now_ms);
/* When something of its line last did, or a send to the room that it names, if it is one; 0: never. */
uint64_t lines_vain_ms(const struct lines *ls, const struct command *c);
/* Keeps what waits in a line from going out, but for what goes again; or lets it go. */
void lines_hold(struct lines *ls, struct line *l, bool held);
/* Takes a command out of its line, whatever its state. */
void lines_remove(struct lines *ls, struct command *c);
/* The first command of a line that goes to no worker and whose turn has come, or NULL. */
struct command *lines_refused(const struct lines *ls);

#endif
