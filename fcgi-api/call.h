/*
 * call: one command or request on its way through router and handlers, with everything that is born in it.
 *
 * Room: fcgi-api. Made and ended by the doors, passed through router to identity and handlers; calls arena
 * and buf. Everything born in a call dies in call_free; handlers free nothing. A call may be run again
 * (deadlock, lost connection): call_again forgets what the last run made.
 */
#ifndef CALL_H
#define CALL_H

#include "answer.h"
#include "arena.h"
#include "fields.h"
#include "http.h"
#include "rates.h"
#include "refusals.h"
#include "settings.h"
#include "store.h"
#include "wire.h"

enum call_door { CALL_BUS, CALL_REST };

struct call {
	/* given by the door */
	enum call_door door;
	const struct settings *settings;      /* borrowed */
	struct store *store;                  /* borrowed; a transaction is open while handlers run */
	struct wire_command command;          /* bus: slices borrow from the job */
	struct http_request *request;         /* REST: lives in `memory` */
	struct rates *rates;                  /* REST: borrowed; NULL: no bounds */
	char uuid[IDS_UUID_LEN + 1]; /* identity of a message without client_id, the same in every attempt */
	bool found_is_ours; /* a row that is there already was stored by an earlier attempt of this very
			       command */
	int64_t until_ms; /* clock_mono_ms: behind it this attempt is given up; 0: never */
	bool in_doubt; /* a COMMIT of it had no answer: whatever becomes of later attempts, it may be stored */

	/* who calls: bus commands are the connected user's; REST is decided by identity */
	int64_t user_id;

	/* made by the run */
	struct arena *arena;                  /* forgotten by call_again */
	struct answer answer;
	enum store_verdict trouble;           /* not a refusal: the door rolls back and decides */
	const struct refusal *refusal;        /* set by the router: why not; NULL: it went well */
	const char *why;                      /* more of it, for the log alone; NULL: nothing */
	bool put_off; /* not run: the time left would not have sufficed, and what others did is to be committed */
	bool unanswered; /* left by every attempt: the door answers for passing trouble */

	/* kept over attempts */
	unsigned rated;                       /* REST: whose bounds it was counted by, a bit for each rates_class */
	struct store_read_all *marked;        /* REST: what an earlier attempt marked; in `memory`, NULL: nothing */
	struct arena *memory;                 /* REST: lives as long as the call, holds the request */
	struct call_scratch *scratch;
};

/* The caller ends both with call_free. Of the bus: borrows the command's slices. */
struct call *call_new_bus(const struct settings *s, struct store *st, const struct wire_command *c);
/* A REST call; the door reads the request into call->request (with call->memory) before it runs. */
struct call *call_new_rest(const struct settings *s, struct store *st);
void call_free(struct call *c);
/* Forgets what the last run made: answer, refusal, trouble, arena. */
void call_again(struct call *c);

/* An empty buf that dies with this run of the call. */
struct buf *call_buf(struct call *c);
/* Notes trouble of the store and returns the refusal that a handler then hands back. */
const struct refusal *call_trouble(struct call *c, enum store_verdict v);
/* What the event of a bus call brings. */
struct fields call_fields(const struct call *c);
bool call_is_rest(const struct call *c);
/* Whether who calls has to prove it with a token (AUTH_MODE=token). */
bool call_is_verified(const struct call *c);

#endif
