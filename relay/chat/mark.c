/*
 * mark: feed.mark.
 *
 * Room: relay/chat. Calls holes.
 */
#include "mark.h"

#include <errno.h>
#include <stdio.h>
#include "clock.h"
#include "fault.h"
#include "holes.h"
#include "log.h"

void mark_write(struct hall *h)
{
	static struct log_limit limit;
	char path[512], fresh[520];
	FILE *out;

	snprintf(path, sizeof(path), "%s/feed.mark", h->config.run_dir);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	out = fopen(fresh, "we");
	if (out) {
		fprintf(out, "%llu %llu\n",
			(unsigned long long)holes_cursor(h->holes, eio_loop_now_ms(h->loop)),
			(unsigned long long)clock_wall_ms());
		if (fclose(out) == 0 && !FAULT_FAILS("feed.mark") && rename(fresh, path) == 0)
			return;
	}
	h->stats.marks_failed++;
	if (log_limited(&limit, LOG_LEVEL_WARN, 5))
		log_warn("feed", "%s: %s", path, strerror(errno));
}
