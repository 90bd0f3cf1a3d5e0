/*
 * share: how a bound for all is shared out.
 *
 * Room: shared (foundation). Called by the relay's rooms.
 */
#ifndef SHARE_H
#define SHARE_H

#include <stdbool.h>
#include <stddef.h>

#define SHARE_OF_LEFT 8                /* one may hold this part of what is left for all */

/*
 * Whether one may come to hold `size` bytes when all hold `held` of `max` already. The less is left, the less each may
 * hold, so that those who take much never leave nothing for the rest; `free_bytes` each may in any case.
 */
static inline bool share_fits(size_t size, size_t held, size_t max, size_t free_bytes)
{
	return size <= free_bytes || (held < max && size <= (max - held) / SHARE_OF_LEFT);
}

#endif
