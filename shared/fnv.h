/*
 * fnv: FNV-1a, a hash for places in a table and for torn files. Whoever knows it can make collisions: where a stranger
 * gains by them, siphash. (Fowler, Noll and Vo; the numbers are theirs.)
 *
 * Room: shared (foundation). Called by all; calls buf.
 */
#ifndef FNV_H
#define FNV_H

#include "buf.h"

#define FNV64_BASIS UINT64_C(14695981039346656037)

/* Of a text, in 32 bits. */
static inline uint32_t fnv32(struct slice s)
{
	uint32_t h = UINT32_C(2166136261);

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * UINT32_C(16777619);
	return h;
}

/* In 64 bits: of what gave `h` (FNV64_BASIS: nothing, or that mixed with a seed) and the text behind it. */
static inline uint64_t fnv64(uint64_t h, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * UINT64_C(1099511628211);
	return h;
}

#endif
