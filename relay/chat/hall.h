/*
 * hall: what the files of the chat room share. No code of its own; only files in relay/chat include it.
 *
 * Order of calls, downward: chat -> handover -> arrival, feed, members, dispatch, health, awaited -> answers, fetch, mark ->
 * commands, effects, pace -> seats, typing, get_presence, expiry -> replies, presence -> seen, targets -> lines, pushed, ahead,
 * ears, backlog, limits, events -> holes, roomname (the last two groups pure).
 */
#ifndef CHAT_HALL_H
#define CHAT_HALL_H

#include "ahead.h"
#include "backlog.h"
#include "bus.h"
#include "chat.h"
#include "holes.h"
#include "limits.h"
#include "lines.h"
#include "map.h"
#include "pushed.h"
#include "roomname.h"
#include "socketio.h"
#include "targets.h"

/* One per socket; outlives it while its commands are unanswered. */
struct seat {
	struct hall *hall;
	struct sio_socket *socket;             /* NULL once the socket is gone */
	const char *sid, *address;             /* in text */
	char *user;                            /* owned; NULL until accepted */
	uint64_t user_id;
	uint32_t round;                        /* the last in which it was asked about (members.c) */
	bool paused;                           /* its reading is stopped because its line is full */
	bool full;                             /* its commands wait because its send queue is over half full */
	bool stuck;                            /* full for too long: closed for it */
	uint64_t full_since_ms;                /* when it became full, or last took something */
	size_t full_bytes;                     /* its send queue then */
	uint64_t noticed;                      /* the number of the last notice that it was told (presence.c) */
	uint64_t behind_since_ms;              /* since when the feed's rooms wait for its send queue, 0: they do not */
	TAILQ_ENTRY(seat) in_full;
	struct line line;
	struct eio_timer *expiry;              /* of its token: the next look at the clock */
	int64_t expires;                       /* by the wall clock, seconds */
	TAILQ_ENTRY(seat) next;
	char text[];
};

TAILQ_HEAD(seat_list, seat);

struct hall_stats {
	uint64_t commands, refused, refused_fast, refused_full, unavailable, unknown_events, retried, lost;
	uint64_t arrivals, arrivals_accepted, arrivals_refused, arrivals_closed;
	uint64_t pushes, pushes_known, pushes_late, held, doubtful, slow_jobs;
	uint64_t sweeps, sweeps_failed, rows, fetched, rested, went_back, members_asked;
	uint64_t typing, notices, stuck;
	uint64_t refused_answers, expired, dismissed, removed, marks_failed, handovers_bad;
};

struct hall {
	struct chat_config config;
	struct eio_loop *loop;
	struct bus *bus;
	struct sio_server *server;
	struct sio_namespace *ns;
	struct lines lines;
	struct command_list commands;          /* all unanswered, by birth */
	struct command_list arrivals, given;   /* of them: CONNECTs; others that a worker was given, by that time */
	struct map *by_id;                     /* the same by their id's bytes */
	uint64_t next_command;
	struct seat_list seats;
	struct seat_list full;                 /* seats whose commands wait for their send queue */
	size_t queue_half;                     /* half of SEND_QUEUE_MAX, bytes */
	uint64_t queue_stuck_ms;               /* full and nothing taken for so long: closed */
	struct pushed *pushed;
	struct holes *holes;
	struct ahead *ahead;
	struct backlog *backlog;               /* rows that the feed is to push; fetch's */
	struct targets *targets;
	struct buf early;                      /* what signals said before the feed was ready; effects' */
	struct limits *limits;
	struct answers *answers;
	struct dispatch *dispatch;
	struct feed *feed;
	struct members *members;
	struct presence *presence;
	struct typing *typing;
	struct eio_timer *tick;
	uint64_t answered_ms;                  /* when a worker last answered anything */
	uint64_t vain_ms;                      /* commands: when something last ended without an answer, 0: never */
	uint64_t trouble_ms;                   /* the same, and nobody had an answer meanwhile */
	bool feed_handed;                      /* high, holes and pushed set came from the relay before */
	bool feed_ready;                       /* the first sweep is done: CONNECTs may be accepted */
	bool feed_hurry;                       /* something may have been missed: sweep at once */
	bool draining;
	bool untold_asked;                     /* what was not told has been asked for */
	uint64_t untold_ms;                    /* by the wall clock: since then no relay told of edits and deletions; 0: they are told */
	uint64_t feed_swept_ms;                /* the last answer of a sweep */
	uint64_t feed_pass, feed_passed;       /* the last pass over new rows, of one sweep or more, that began; that is done */
	uint64_t feed_told_ms;                 /* when the log said that the database does not answer; 0: it does */
	uint64_t mark_told_ms;                 /* when it was last told that feed.mark cannot be written, 0: it can */
	uint64_t started_ms;
	struct hall_stats stats;
};

#endif
