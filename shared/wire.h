/*
 * wire: the words between relay and handlers (WIRE.md is the specification).
 *
 * Room: shared (foundation). Called by relay/bus and relay/chat, fcgi-api's door_bus, answer and signals.
 * Pure: no I/O. Every length is checked; a malformed message is -1 and moves nothing on. All slices borrow from the
 * message that they were taken from.
 */
#ifndef WIRE_H
#define WIRE_H

#include "buf.h"

#define WIRE_VERSION 1
#define WIRE_MESSAGE_MAX (4u * 1024 * 1024)  /* a whole bus message */
#define WIRE_JOB_COMMANDS 64                 /* commands in a job */
#define WIRE_JOB_BYTES (256u * 1024)         /* bytes of commands in a job (one bigger command goes alone) */
#define WIRE_SIGNAL_MAX (512u * 1024)        /* a signal */

enum wire_kind {
	WIRE_READY = 1,    /* worker: give me work */
	WIRE_ANSWERS = 2,  /* worker: the answers of a job, and ready again */
	WIRE_JOB = 3,      /* relay: work */
	WIRE_ACK = 4,      /* relay: heard; no work now */
	WIRE_SIGNAL = 5    /* anybody: effects that no command asked for */
};

/* Who speaks: the pipe's key changes at each reconnect, this does not. */
struct wire_worker {
	uint32_t pid;
	uint64_t start;   /* start time of the process, any unit */
	uint64_t random;
};

/* READY and ANSWERS begin alike. */
struct wire_ready {
	struct wire_worker worker;
	uint64_t boot;      /* boot id of the relay that gave last_job; 0: none yet */
	uint64_t last_job;  /* last job received, answered or not; 0: none */
	uint64_t answers;   /* ANSWERS: the job answered here; READY: 0 */
	uint8_t state;      /* enum wire_worker_state */
};

enum wire_worker_state {
	WIRE_WORKS = 0,
	WIRE_LEAVING = 1,      /* this worker ends after the ACK */
	WIRE_NO_DATABASE = 2   /* ANSWERS: it has none that takes writes, which somebody else may have */
};

enum wire_job_kind { WIRE_JOB_SENDS = 1, WIRE_JOB_RECEIPTS = 2, WIRE_JOB_OTHERS = 3 };

struct wire_job {
	uint64_t boot;
	uint64_t id;
	uint8_t kind;          /* enum wire_job_kind */
	uint32_t deadline_ms;  /* of this attempt, from receipt; past it the worker rolls back */
	uint16_t count;
};

enum wire_command_type {
	WIRE_EVENT = 1,    /* a client's event: `event`, `args` */
	WIRE_CONNECT = 2,  /* args: {"query":{…},"auth":…,"authorization":"…","address":"…","rooms":[…]} */
	WIRE_SWEEP = 3,    /* feed: args is a wire_sweep */
	WIRE_FETCH = 4,    /* feed: args is a list of ids (wire_put_ids); answered by PUSH effects */
	WIRE_MEMBERS = 5   /* membership: args is a list of wire_member */
};

enum wire_attempt {
	WIRE_FIRST = 1,
	WIRE_AGAIN_UNKNOWN = 2,  /* an earlier attempt had no answer: a row of this very command may be there */
	WIRE_AGAIN = 3           /* an earlier attempt changed nothing */
};

struct wire_command {
	uint64_t id;           /* the relay's, unique within its boot */
	uint8_t type;          /* enum wire_command_type */
	uint8_t attempt;       /* enum wire_attempt */
	struct slice sid;      /* Socket.IO id of the caller; empty for the relay's own commands */
	struct slice user;     /* the connected user's id as decimal; empty before CONNECT is answered */
	struct slice event;    /* event name as sent */
	struct slice args;     /* the arguments behind the name, untouched: `{…},"x"`; passed json_check */
	struct slice uuid;     /* identity of a message without client_id; drawn once per emit */
	uint64_t cursor;       /* safe cursor of the relay (chat/feed.h); 0 none */
	uint8_t bad_text;      /* 1: args are JSON_BAD_TEXT: to be refused by the handler's own rules */
};

enum wire_effect_kind {
	WIRE_ACCEPT = 1,      /* user, expires: CONNECT is accepted; joins the personal room by itself. Of an event: the new end */
	WIRE_REFUSE = 2,      /* object: CONNECT_ERROR with it */
	WIRE_JOIN = 3,        /* room; event: to the others, only if the caller was not in it */
	WIRE_LEAVE = 4,       /* room; event: to those still in it, if the caller was; from MEMBERS sid, join, self */
	WIRE_PUSH = 5,        /* rooms, except, mensaje_id, uuid, flags, event */
	WIRE_REPLY = 6,       /* name, object: event to the caller, object to its acknowledgement; name may be empty */
	WIRE_DISCONNECT = 8,  /* user; self: event told to each of the user's sockets before */
	WIRE_RETRY = 9,       /* failed for a passing reason: hand it out again or say `unavailable` */
	WIRE_ROWS = 10        /* answer to WIRE_SWEEP: payload is a wire_rows header followed by rows */
};

enum wire_push_flag {
	WIRE_PUSH_FOUND = 1,     /* of a message: an earlier attempt had stored it already */
	WIRE_PUSH_KEEP = 2       /* of anything else: who was cut hears it when he comes back, perhaps again */
};

struct wire_effect {
	uint8_t kind;
	struct slice user;        /* ACCEPT, DISCONNECT: decimal */
	int64_t expires;          /* ACCEPT: seconds since 1970, 0: never */
	struct slice object;      /* REFUSE, REPLY: a JSON object */
	struct slice name;        /* REPLY: event name */
	struct slice room;        /* JOIN, LEAVE */
	struct slice sid;         /* LEAVE from a membership check: whose */
	uint64_t join;            /* LEAVE from a membership check: the join it means */
	struct slice self;        /* LEAVE, DISCONNECT: event told to the one who leaves; empty: none */
	struct slice event;       /* JOIN, LEAVE, PUSH: finished event JSON `["name",{…}]` */
	struct slice rooms;       /* PUSH: packed list; iterate with wire_next_room */
	struct slice except;      /* PUSH: sid that does not hear it; empty: none */
	int64_t mensaje_id;       /* PUSH: > 0 when it is a message */
	struct slice uuid;        /* PUSH: the message's uuid */
	uint8_t flags;            /* PUSH: enum wire_push_flag */
	struct slice payload;     /* ROWS */
};

/* The feed. Ranges are inclusive. */
struct wire_range { uint64_t first, last; };
struct wire_sweep {
	uint64_t high;       /* greatest id seen; ignored when first */
	uint8_t first;       /* 1: before the first CONNECT: MAX(id) and the window of the last 1,000 ids */
	uint16_t holes;      /* ranges that follow, ascending */
};
enum wire_rows_flag {
	WIRE_ROWS_TRUNCATED = 1,
	WIRE_ROWS_CHANGES = 2    /* the changes that the sweep asked for are behind the rows, be it none */
};
struct wire_rows {
	uint64_t max_id;     /* MAX(id) of mensajes, 0 when empty */
	uint64_t from;       /* first: the window is (from, upto] */
	uint64_t upto;       /* what is visible in (high, upto] is in the rows; max_id when not truncated */
	uint8_t flags;       /* enum wire_rows_flag */
	uint32_t count;
};
struct wire_row {
	uint64_t id;
	uint8_t uuid[16];
	uint8_t grouped;      /* 1 grupal, 0 directo */
	uint8_t deleted;
	uint8_t room[16];     /* sala_uuid */
	uint64_t a, b;        /* directo: the pair; grupal: 0 */
	struct slice room_text; /* sala_uuid as text when it is no canonical uuid; else empty */
	struct slice twins;   /* grupal: names of the group's other rooms, packed as those of a push; mostly empty */
};
/* Who is where, for the membership check. */
struct wire_member {
	struct slice sid;
	uint64_t user;
	struct slice room;   /* internal room name `group_<uuid>`; empty: only the user's state is asked */
	uint64_t join;
};

/* ---- writing: appends to a buf ---- */
/* READY (answers == 0) or the head of ANSWERS. */
void wire_put_ready(struct buf *b, const struct wire_ready *r);
/* An answer: open it with the command's id, put its effects, close it with what open returned. */
size_t wire_open_answer(struct buf *b, uint64_t command);
void wire_close_answer(struct buf *b, size_t mark);
void wire_put_effect(struct buf *b, const struct wire_effect *e);
/* Packs one more room name into the list that becomes `rooms` of a PUSH. */
void wire_put_room(struct buf *rooms, struct slice room);
void wire_put_ack(struct buf *b, uint64_t boot);
/* To be followed by count commands. */
void wire_put_job(struct buf *b, const struct wire_job *j);
void wire_put_command(struct buf *b, const struct wire_command *c);
/* The head of a signal; effects follow until the end. */
void wire_put_signal(struct buf *b);
void wire_put_sweep(struct buf *b, const struct wire_sweep *s, const struct wire_range *holes);
/* Behind a sweep, if it asks for changes: pushes, besides, of what was edited or deleted in the last so many seconds. */
void wire_put_changes(struct buf *b, uint32_t seconds);
void wire_put_rows(struct buf *b, const struct wire_rows *r);
void wire_put_row(struct buf *b, const struct wire_row *r);
void wire_put_ids(struct buf *b, const uint64_t *ids, size_t count);
void wire_put_member(struct buf *b, const struct wire_member *m);

/* ---- reading: each takes from the front of *in; 0 fine, -1 malformed ---- */
/* The kind of a message (enum wire_kind), or -1: wrong version, empty, unknown. Moves behind version and kind. */
int wire_take_kind(struct slice *in);
int wire_take_ready(struct slice *in, struct wire_ready *r);
int wire_take_boot(struct slice *in, uint64_t *boot_r);                          /* the body of ACK */
/*
 * The next answer: 1 and its command and effects (a slice for wire_next_effect), 0 at the end, -1 malformed.
 */
int wire_next_answer(struct slice *in, uint64_t *command_r, struct slice *effects_r);
int wire_next_effect(struct slice *in, struct wire_effect *e);                   /* 1, 0, -1 */
int wire_next_room(struct slice *rooms, struct slice *room_r);                   /* 1, 0, -1 */
int wire_take_job(struct slice *in, struct wire_job *j);
int wire_next_command(struct slice *in, struct wire_command *c);                 /* 1, 0, -1 */
int wire_take_sweep(struct slice *in, struct wire_sweep *s);
int wire_next_range(struct slice *in, struct wire_range *r);                     /* 1, 0, -1 */
uint32_t wire_take_changes(struct slice *in);                                    /* behind the ranges; 0: not asked for */
int wire_take_rows(struct slice *in, struct wire_rows *r);
int wire_next_row(struct slice *in, struct wire_row *r);                         /* 1, 0, -1 */
int wire_next_id(struct slice *in, uint64_t *id_r);                              /* 1, 0, -1 */
int wire_next_member(struct slice *in, struct wire_member *m);                   /* 1, 0, -1 */
/* 16 bytes of a canonical lower-case uuid text, and back (36 characters + NUL). pack: 0, or -1 when it is none. */
int wire_uuid_pack(struct slice text, uint8_t out[16]);
void wire_uuid_text(const uint8_t in[16], char out[37]);

#endif
