/*
 * clock: milliseconds of the machine's two clocks.
 *
 * Room: shared (foundation). Called by all; calls libc. The relay's files ask its loop instead (eio_loop_now_ms), whose
 * time stands still while the process does.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

/* For durations and deadlines: milliseconds since some moment before the process began, never back. */
static inline int64_t clock_mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* For what other processes read: milliseconds since 1970. May jump, also back. */
static inline int64_t clock_wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
