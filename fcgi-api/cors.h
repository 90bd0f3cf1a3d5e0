/*
 * cors: which pages of other sites may read what REST answers (CORS_ALLOWED_ORIGINS, as for sockets).
 *
 * Room: fcgi-api. Called by door_fcgi.
 * Pure. Nobody is refused here: a browser keeps from its page what is not allowed. No credentials of a browser's own
 * are allowed, because none count here. Source: Fetch, CORS protocol.
 */
#ifndef CORS_H
#define CORS_H

#include "http.h"

/* A browser's question before a page's request (a preflight): answers it, and returns true; else false. */
bool cors_preflight(const struct http_request *r, const char *allowed, struct http_response *p);
/* Adds to an answer what lets the page of an allowed origin read it. `allowed`: "*", a comma list, or "" for none. */
void cors_allow(const struct http_request *r, const char *allowed, struct http_response *p);

#endif
