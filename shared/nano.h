/*
 * nano: the one place that speaks nanomsg.
 *
 * Room: shared (foundation). Called by relay/bus, fcgi-api's door_bus and signals.
 * Traps and reasons: raw REP at the relay, raw REQ in the worker (the cooked ones abort, leak and resend by
 * themselves); open after the fork and never in a process that forks afterwards; a send that succeeded proves nothing.
 */
#ifndef NANO_H
#define NANO_H

#include <signal.h>
#include "buf.h"

#define NANO_RUN_DIR_MAX 90            /* bytes of a folder's name, so that the path of a socket of ours in it fits */

/* Where to answer: opaque, valid for one reply. */
struct nano_peer {
	unsigned char header[64];
	size_t len;
};

/*
 * Whether an address may be used (only ipc://, a path of at most 107 bytes, absent or a socket): 0, or -1 and a line that
 * names the setting it came from.
 */
int nano_check_address(const char *setting, const char *url, char *error_r, size_t error_size);
/* Whether two such addresses are one path, however often it says `/` or `/./`; links are not looked at. */
bool nano_same_address(const char *a, const char *b);
/* Relay: binds with mode 0660. The socket, or -1 with errno. `nano_close` ends it. */
int nano_listen_jobs(const char *url);
int nano_listen_signals(const char *url);
/* The descriptor that is readable while a message waits (level-triggered; never read it). */
int nano_descriptor(int sock);
/*
 * Takes one message without waiting: 1 (free it with nano_free), 0 nothing now, -1 trouble (errno). peer may
 * be NULL.
 */
int nano_take(int sock, struct nano_peer *peer, struct slice *message_r);
/* Answers a request, once per request. Never blocks; success proves nothing. */
void nano_reply(int sock, const struct nano_peer *peer, struct slice message);
void nano_free(struct slice message);
void nano_close(int sock);

/* Worker. One asker per process. */
struct nano_asker;
/*
 * `repeat_ms`: after so long without an answer the same bytes are said again under a new id. NULL with errno.
 */
struct nano_asker *nano_asker_open(const char *url, int repeat_ms);
/*
 * Says `message` until it is answered; 1 and the answer (nano_free), 0 when *stop became non-zero, -1
 * trouble. With `once_ms` > 0 gives up after that time (0). Reopens its socket after 5 unanswered seconds
 * (oversize trap).
 */
int nano_ask(struct nano_asker *a, struct slice message, const volatile sig_atomic_t *stop, int once_ms,
	     struct slice *answer_r);
void nano_asker_close(struct nano_asker *a);

/* Signals out: once per process, at start. -1 with errno. */
int nano_signal_open(const char *url);
/* 0 handed over, -1 lost (count it). Waits so long for a connection, which a thread of nanomsg's makes; ms 0: never. */
int nano_signal_send(int sock, struct slice message, int ms);

#endif
