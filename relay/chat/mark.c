/*
 * mark: feed.mark.
 *
 * Room: relay/chat. Calls holes.
 */
#include "mark.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "clock.h"
#include "fault.h"
#include "holes.h"
#include "log.h"

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
	char path[512], fresh[520];
	FILE *out;
	int why;

	snprintf(path, sizeof(path), "%s/feed.mark", h->config.run_dir);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	out = fopen(fresh, "we");
	if (out) {
		fprintf(out, "%llu %llu\n",
			(unsigned long long)holes_cursor(h->holes, eio_loop_now_ms(h->loop)),
			(unsigned long long)clock_wall_ms());
		if (fclose(out) == 0 && !FAULT_FAILS("feed.mark") && rename(fresh, path) == 0) {
			note_written(h, path);
			return;
		}
	}
	why = errno;
	unlink(fresh);
	note_failure(h, path, why);
}
