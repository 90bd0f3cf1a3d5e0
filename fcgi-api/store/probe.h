/*
 * probe: whether a host takes connections at all, asked in less time than the client library would wait.
 *
 * Room: fcgi-api/store, inside. Called by connect.
 */
#ifndef STORE_PROBE_H
#define STORE_PROBE_H

enum probe {
	PROBE_ANSWERS,    /* one of the name's addresses takes a TCP connection */
	PROBE_SILENT,     /* none did within the time */
	PROBE_FAILS       /* none does, or the name has none: a connect says so at once */
};

/* Asks all addresses of the name (the first eight) at once, for so many milliseconds. Resolving is not counted. */
enum probe probe_host(const char *host, unsigned port, int ms);

#endif
