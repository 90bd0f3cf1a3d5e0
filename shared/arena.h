/*
 * arena: memory that is born piece by piece and dies at once.
 *
 * Room: shared (foundation). Called by fcgi-api (a call's memory) and its store (result rows).
 * Out of memory ends the process: whoever takes a size from outside caps it before asking.
 */
#ifndef ARENA_H
#define ARENA_H

#include "buf.h"

struct arena;

/* An empty arena; the caller frees it. */
struct arena *arena_new(void);
/* Frees everything that came from it. NULL is allowed. */
void arena_free(struct arena *a);
/* Forgets everything and keeps one block for the next use. */
void arena_reset(struct arena *a);
/* n zeroed bytes, aligned for any type; never NULL, also for n = 0. */
void *arena_alloc(struct arena *a, size_t n);
/* A copy with a NUL behind it; p is never NULL. */
struct slice arena_copy(struct arena *a, struct slice s);

#endif
