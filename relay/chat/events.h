/*
 * events: the table of events that clients may emit. Adding an event is adding a row.
 *
 * Room: relay/chat, pure. Called by commands; its rows are read by replies, its rate classes by limits.
 */
#ifndef CHAT_EVENTS_H
#define CHAT_EVENTS_H

#include "wire.h"

/* Token buckets: which one an event draws from (limits.c has their sizes). */
enum rate_class { RATE_SEND, RATE_RECEIPT, RATE_OTHER, RATE_CONNECT, RATE_TYPING, RATE_CLASSES };

/* How the relay's own refusals are worded: as `ack {status:'error',…}` or as `error {…}`. */
enum refusal_form { REFUSAL_ERROR, REFUSAL_ACK };

/* Events that the relay answers by itself: they need no database. Each has its function in commands.c's answers_here. */
enum event_here { HERE_NOT, HERE_TYPING, HERE_PRESENCE, HERE_COUNT };

struct event_row {
	const char *name;
	uint8_t kind;                  /* enum wire_job_kind; 0: answered here */
	enum refusal_form refusal;
	enum rate_class rate;
	enum event_here here;
	bool read;                     /* changes nothing: not worth doing for a socket that is gone */
};

/* The row of a name, compared byte for byte; NULL when it is unknown. */
const struct event_row *events_find(struct slice name);

#endif
