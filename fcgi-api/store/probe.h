/*
 * probe: whether a host takes connections at all, asked in less time than the client library would wait.
 *
 * Room: fcgi-api/store, inside. Called by connect.
 */
#ifndef STORE_PROBE_H
#define STORE_PROBE_H

#include <stdbool.h>

/* True when one of the name's addresses takes a TCP connection within so many milliseconds, all together. Resolving not counted. */
bool probe_answers(const char *host, unsigned port, int ms);

#endif
