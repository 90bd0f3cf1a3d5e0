/*
 * cursor: the place up to which nothing new can still appear.
 *
 * Room: fcgi-api. Called by handlers.
 * The relay knows best and says it with each command, and in RUN_DIR/feed.mark for everybody on its machine. Without it
 * all rows up to the cursor must be FEED_HOLE_S old.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include "call.h"

#define CURSOR_TEXT_MAX 48
#define CURSOR_MARK_MS 5000   /* an older feed.mark is not believed */

struct cursor {
	int64_t safe;   /* nothing up to here can still appear */
	int64_t next;   /* where the next page begins (exclusive); = safe when no walk is under way */
};

/* Takes "safe" or "safe-next": 0, or -1. "0" is legal. Pure. */
int cursor_parse(struct slice text, struct cursor *c_r);
/* The text that clients get. Pure. */
void cursor_text(const struct cursor *c, char out[CURSOR_TEXT_MAX]);
/*
 * Where to go on behind a page that began at `from`. `last`: the page's last id when there is more, else 0.
 * While a walk over full pages lasts, the safe place of its beginning is kept: what appeared behind the
 * walker meanwhile is read when the walk ends there again. Pure.
 */
struct cursor cursor_after(const struct cursor *from, int64_t safe, int64_t last);
/*
 * Takes the two numbers of a feed.mark, "cursor milliseconds": 1 and the cursor when it is fresh, else 0.
 * Pure.
 */
int cursor_parse_mark(const char *text, int64_t now_ms, int64_t *safe_r);
/* The safe cursor for a call; to be asked before the rows are read. */
STORE_CHECK enum store_verdict cursor_safe(struct call *c, int64_t *safe_r);
/*
 * To be asked when the rows have been read. Where they came from a host that may lag (store_is_spare), the cursor goes no
 * further than where the page began, `from`, and if there was none (NULL), than where the rows of that host are all old.
 */
STORE_CHECK enum store_verdict cursor_settle(struct call *c, const struct cursor *from, int64_t *safe_io);

#endif
