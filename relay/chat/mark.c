/*
 * mark: feed.mark.
 *
 * Room: relay/chat. Calls holes.
 */
#include "mark.h"

#include <errno.h>
#include <stdio.h>
#include "clock.h"
#include "holes.h"
#include "log.h"
#include "replace.h"

#define TELL_AGAIN_MS 30000            /* a disk may be full for a day, and this comes once a second */

static void note_failure(struct hall *h, const char *path, int why)
{
	uint64_t now = eio_loop_now_ms(h->loop);

	h->stats.marks_failed++;
	if (h->mark_told_ms && now - h->mark_told_ms < TELL_AGAIN_MS)
		return;
	log_warn("feed", "%s: %s", path, strerror(why));
	h->mark_told_ms = now;
}

static void note_written(struct hall *h, const char *path)
{
	if (h->mark_told_ms)
		log_info("feed", "%s can be written again", path);
	h->mark_told_ms = 0;
}

void mark_write(struct hall *h)
{
	char path[512], line[64];
	int n;

	snprintf(path, sizeof(path), "%s/feed.mark", h->config.run_dir);
	n = snprintf(line, sizeof(line), "%llu %llu\n",
		     (unsigned long long)holes_cursor(h->holes, eio_loop_now_ms(h->loop)),
		     (unsigned long long)clock_wall_ms());
	if (replace_file(path, 0644, (struct slice){ line, (size_t)n }) == 0)
		note_written(h, path);
	else
		note_failure(h, path, errno);
}
