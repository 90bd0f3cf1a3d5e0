/*
 * arena: memory that is born piece by piece and dies at once.
 *
 * Room: shared (foundation). Calls buf's mem_alloc.
 */
#include "arena.h"

#include <stdlib.h>

#define ARENA_BLOCK 16384
#define ARENA_ALIGN 16

struct block {
	struct block *next;
	size_t size, used;
	/* the header is padded, so that what follows it is aligned like itself */
	_Alignas(ARENA_ALIGN) char data[];
};

struct arena {
	struct block *first;  /* the block in use; fuller ones behind it */
};

static struct block *block_new(size_t size)
{
	struct block *b = mem_alloc(sizeof(*b) + size);

	b->next = NULL;
	b->size = size;
	b->used = 0;
	return b;
}

/*
 * Some that are free, each with an empty block: a job of 64 calls takes and leaves 64. Not under
 * AddressSanitizer, which shall see who uses an arena after its end.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)   /* clang says it so */
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SPARE_MAX 0
#else
#define SPARE_MAX 64
#endif
static struct arena *spare[SPARE_MAX + 1];
static size_t spare_count;

struct arena *arena_new(void)
{
	struct arena *a;

	if (spare_count)
		return spare[--spare_count];
	a = mem_zero(1, sizeof(*a));
	a->first = block_new(ARENA_BLOCK);
	return a;
}

static void blocks_free(struct block *b)
{
	while (b) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_reset(struct arena *a)
{
	blocks_free(a->first->next);
	a->first->next = NULL;
	if (a->first->size > ARENA_BLOCK) {
		free(a->first);
		a->first = block_new(ARENA_BLOCK);
	}
	a->first->used = 0;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	if (spare_count + 1 <= SPARE_MAX) { /* (gcc has words about "< 0" under the sanitizer) */
		arena_reset(a);
		spare[spare_count++] = a;
		return;
	}
	blocks_free(a->first);
	free(a);
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t need = (n + ARENA_ALIGN) &
		      ~(size_t)(ARENA_ALIGN - 1); /* one more than asked: n = 0 is a place of its own */
	struct block *b = a->first;
	char *p;

	if (b->size - b->used < need) {
		b = block_new(need > ARENA_BLOCK ? need : ARENA_BLOCK);
		b->next = a->first;
		a->first = b;
	}
	p = b->data + b->used;
	b->used += need;
	return memset(p, 0, need);
}

struct slice arena_copy(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct slice){ p, s.n };
}
