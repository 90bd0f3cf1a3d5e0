/*
 * cursor: reading and writing the safe place.
 *
 * Room: fcgi-api. Calls store, ids.
 */
#include "cursor.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"

int cursor_parse(struct slice text, struct cursor *c_r)
{
	const char *dash = text.n ? memchr(text.p, '-', text.n) : NULL;
	struct slice head = { text.p, dash ? (size_t)(dash - text.p) : text.n };

	if (ids_parse_edge(head, &c_r->safe) != 0)
		return -1;
	c_r->next = c_r->safe;
	if (!dash)
		return 0;
	return ids_parse_edge((struct slice){ dash + 1, text.n - head.n - 1 }, &c_r->next);
}

void cursor_text(const struct cursor *c, char out[CURSOR_TEXT_MAX])
{
	if (c->next == c->safe)
		snprintf(out, CURSOR_TEXT_MAX, "%lld", (long long)c->safe);
	else
		snprintf(out, CURSOR_TEXT_MAX, "%lld-%lld", (long long)c->safe, (long long)c->next);
}

struct cursor cursor_after(const struct cursor *from, int64_t safe, int64_t last)
{
	struct cursor next = { safe, safe };

	if (from->next != from->safe && from->safe < safe)
		next.safe = next.next = from->safe;
	if (last)
		next.next = last;
	return next;
}

int cursor_parse_mark(const char *text, int64_t now_ms, int64_t *safe_r)
{
	long long safe, at;

	if (sscanf(text, "%lld %lld", &safe, &at) != 2 || safe < 0)
		return 0;
	if (at > now_ms + CURSOR_MARK_MS || at < now_ms - CURSOR_MARK_MS)
		return 0;
	*safe_r = safe;
	return 1;
}

static int by_mark(const char *run_dir, int64_t *safe_r)
{
	char path[256], text[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/feed.mark", run_dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return cursor_parse_mark(text, clock_wall_ms(), safe_r);
}

enum store_verdict cursor_safe(struct call *c, int64_t *safe_r)
{
	if (c->door == CALL_BUS && c->command.cursor > 0 && c->command.cursor <= INT64_MAX) {
		*safe_r = (int64_t)c->command.cursor;
		return STORE_OK;
	}
	if (by_mark(c->settings->run_dir, safe_r))
		return STORE_OK;
	return store_feed_cursor(c->store, c->settings->feed_hole_s, safe_r);
}

enum store_verdict cursor_settle(struct call *c, const struct cursor *from, int64_t *safe_io)
{
	int64_t here;
	enum store_verdict v;

	if (!store_is_spare(c->store))
		return STORE_OK;
	if (from) {
		here = from->next < from->safe ? from->next : from->safe;
	} else {
		v = store_feed_cursor(c->store, c->settings->feed_hole_s, &here);
		if (v)
			return v;
	}
	if (here < *safe_io)
		*safe_io = here;
	return STORE_OK;
}
