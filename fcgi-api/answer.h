/*
 * answer: what a call says, to whom, once its transaction has committed.
 *
 * Room: fcgi-api. Called by handlers, router, push and etag (say), doors (send), call (its memory).
 * Bus: effects in order. REST: a response. Both: pushes for the relays that this answer does not reach by itself go
 * into a signal, which the door sends after the commit.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "http.h"
#include "refusals.h"
#include "wire.h"

struct answer {
	struct buf effects;             /* bus: packed effects */
	struct buf pushes;              /* the same pushes for other relays: packed effects */
	bool alone;                     /* given by the door: there are no other relays, `pushes` stays empty */
	struct http_response response;  /* REST */
};

void answer_init(struct answer *a);
void answer_fini(struct answer *a);
void answer_reset(struct answer *a);

/* An effect of the bus, as it is. */
void answer_effect(struct answer *a, const struct wire_effect *e);
/* An event to the caller; the object answers an asked-for acknowledgement too. Copies. */
void answer_reply(struct answer *a, const char *event, struct slice object);
/* Says no to an event: `ack` or `error`, and the acknowledgement with the same object. */
void answer_refuse_event(struct answer *a, bool by_ack, const struct refusal *r);
/* Says no to a CONNECT: CONNECT_ERROR {message, data:{code}}. */
void answer_refuse_connect(struct answer *a, const struct refusal *r);
/* A push (WIRE_PUSH) to the relay that asked and to the others. Copies. */
void answer_push(struct answer *a, const struct wire_effect *push);

/* REST: status and a finished JSON body. */
void answer_body(struct answer *a, int status, struct slice json);
/* A response header; the value holds no control bytes. */
void answer_header(struct answer *a, const char *name, const char *value);
void answer_refuse_rest(struct answer *a, const struct refusal *r);
/* The same for one who may come back after wait_ms: Retry-After and `retry_ms` say so. */
void answer_refuse_fast(struct answer *a, const struct refusal *r, uint64_t wait_ms);
/* As answer_refuse_rest, for a request that may have been stored nevertheless: `outcome` says so. */
void answer_refuse_unknown(struct answer *a, const struct refusal *r);

#endif
