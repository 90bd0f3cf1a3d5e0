/*
 * ws: a Socket.IO client that costs next to nothing, so that a measurement shows the server and not the load.
 *
 * Called by the programs of tests/bench; calls shared/buf. Engine.IO 4 over WebSocket, text only, no
 * compression. Trouble ends the program with a line: a benchmark that went wrong has no figures.
 */
#ifndef BENCH_WS_H
#define BENCH_WS_H

#include "buf.h"

struct ws {
	int fd;
	struct buf in;
	size_t done;      /* bytes of `in` that were handled */
	unsigned user, pings;
	bool begun;       /* the answer to the upgrade is there */
	void *owner;      /* the caller's */
};

typedef void ws_fn(void *ctx, struct ws *w, struct slice message);

_Noreturn void bench_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Microseconds of the monotonic clock. */
uint64_t bench_now_us(void);
/* A setting of the environment, which must be there. */
const char *bench_env(const char *name);
/* The same as a number, with a default. */
unsigned bench_number(const char *name, unsigned fallback);

/* A TCP connection to RELAY_URL, from `source` (may be NULL); its host is written to `host`. */
int bench_connect(const char *source, char *host, size_t size);

/* Connects as a user to RELAY_URL ("http://host:port") and waits until the namespace is joined. */
void ws_open(struct ws *w, unsigned user);
/*
 * The same in steps, for many at a time. begin: connects and asks for the upgrade; `source` (may be NULL) is the own
 * address. begun: true when the answer is there (or came now); then ws_read gives OPEN ("0{…"), and "40" is the
 * caller's to send.
 */
void ws_begin(struct ws *w, unsigned user, const char *source);
bool ws_begun(struct ws *w);
void ws_close(struct ws *w);
void ws_send(struct ws *w, struct slice text);
/* Reads what is there without waiting, answers pings, gives every other text message to fn. */
void ws_read(struct ws *w, ws_fn *fn, void *ctx);
/*
 * Waits until a message with this beginning comes and returns a copy (the caller frees); others are
 * forgotten.
 */
char *ws_await(struct ws *w, const char *beginning);
/* The string value of `"key":"…"` in a message without escapes in it; the caller frees. */
char *ws_text_of(const char *message, const char *key);

#endif
