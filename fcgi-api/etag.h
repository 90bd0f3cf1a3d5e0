/*
 * etag: a list that has not changed is not sent again (RFC 9110, If-None-Match).
 *
 * Room: fcgi-api. Called by the REST handlers of lists.
 */
#ifndef ETAG_H
#define ETAG_H

#include "call.h"

/* Answers 200 with the body and its ETag, or 304 when the client has just that. Access was checked before. */
void etag_answer(struct call *c, struct slice body);
/*
 * The same for a body of which only a part counts as what may have changed (novedades: all but its cursor). `always`: 200,
 * whatever the client has.
 */
void etag_answer_part(struct call *c, struct slice part, struct slice body, bool always);
/*
 * Whether an If-None-Match list names the tag (36 characters, without quotes); weak and strong alike, `*`
 * too. Pure.
 */
bool etag_is_named(struct slice list, struct slice tag);

#endif
