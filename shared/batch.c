/*
 * batch: SCHED_BATCH for a thread, or for those it creates.
 *
 * Room: shared (foundation). Called by nano and by fcgi-api's door_bus; calls libc.
 */
#include "batch.h"

#include <errno.h>
#include <sched.h>

static void change(int policy)
{
	static const struct sched_param none;
	int saved = errno;

	(void)sched_setscheduler(0, policy, &none);
	errno = saved;
}

int batch_begin(void)
{
	int before = sched_getscheduler(0);

	if (before == SCHED_OTHER)
		change(SCHED_BATCH);
	return before;
}

void batch_end(int before)
{
	if (before == SCHED_OTHER)
		change(SCHED_OTHER);
}
