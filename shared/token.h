/*
 * token: the companion API's JWT, HS256 over SECRET_KEY.
 *
 * Room: shared (foundation). Called by fcgi-api's identity and its make-token.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include "buf.h"

/*
 * Checks form (three unpadded base64url parts, at most 4 KiB), HS256, signature, no `crit`, no claim given twice, `nbf`
 * not in the future, `exp` after `now`, `sub` a non-empty string. Times are seconds since 1970: a fraction is cut off,
 * what lies before counts as 0. Returns 0 and `sub` (owned by the caller) and `exp`; -1 and a short English reason
 * (static, for the log; never the token).
 */
int token_check(struct slice token, struct slice secret, int64_t now, char **sub_r, int64_t *exp_r,
		const char **why_r);
/* Makes a token for tests and demos; the caller frees. NULL when libjwt refuses. */
char *token_make(const char *sub, int64_t exp, struct slice secret);

#endif
