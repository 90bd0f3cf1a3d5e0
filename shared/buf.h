/*
 * buf: a growable run of bytes, and the borrowed slice.
 *
 * Room: shared (foundation). Called by every room.
 * Running out of memory ends the process with one line (the supervisor restarts it): whoever takes a size from outside
 * caps it before calling here.
 */
#ifndef BUF_H
#define BUF_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed bytes: never freed through a slice; p may be NULL when n is 0. Not NUL-terminated. */
struct slice {
	const char *p;
	size_t n;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })
#define SLICE_NONE ((struct slice){ NULL, 0 })

/* A slice over a NUL-terminated string; NULL gives the empty slice. */
static inline struct slice slice_of(const char *s)
{
	return (struct slice){ s, s ? strlen(s) : 0 };
}

/* What follows the first n bytes, of which there must be so many. */
static inline struct slice slice_behind(struct slice s, size_t n)
{
	return (struct slice){ s.p + n, s.n - n };
}

/* Without the blanks, tabs and line breaks around it. */
static inline struct slice slice_trim(struct slice s)
{
	static const char blank[] = " \t\r\n\v\f";

	for (; s.n && memchr(blank, *s.p, sizeof(blank) - 1); s.n--)
		s.p++;
	while (s.n && memchr(blank, s.p[s.n - 1], sizeof(blank) - 1))
		s.n--;
	return s;
}

/*
 * Takes the next part off the front of a list, without the blanks around it; it may be empty ("a,,b" has three). False
 * behind the last: then *list is SLICE_NONE.
 */
static inline bool slice_cut(struct slice *list, char separator, struct slice *part_r)
{
	const char *at = list->n ? (const char *)memchr(list->p, separator, list->n) : NULL;
	size_t n = at ? (size_t)(at - list->p) : list->n;

	if (!list->p)
		return false;
	*part_r = slice_trim((struct slice){ list->p, n });
	*list = at ? (struct slice){ at + 1, list->n - n - 1 } : SLICE_NONE;
	return true;
}

/* True when both hold the same bytes. */
static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* True when the slice holds exactly the bytes of the NUL-terminated string. */
static inline bool slice_is(struct slice a, const char *s)
{
	return slice_eq(a, slice_of(s));
}

/* What a hexadecimal digit stands for, or -1. */
static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte behind the % at s.p[at] in percent-encoding (RFC 3986 section 2.1), or -1 where no two digits follow. */
static inline int slice_escaped(struct slice s, size_t at)
{
	int high = at + 2 < s.n ? hex_digit(s.p[at + 1]) : -1;
	int low = high < 0 ? -1 : hex_digit(s.p[at + 2]);

	return low < 0 ? -1 : high << 4 | low;
}

/*
 * Owned bytes. `data` is NULL until the first byte is put; always NUL-terminated behind `len` once it is not
 * NULL.
 */
struct buf {
	char *data;
	size_t len;
	size_t cap;
};

#define BUF_INIT ((struct buf){ NULL, 0, 0 })

void buf_init(struct buf *b);
/* Frees the bytes; the buf may be used again. */
void buf_fini(struct buf *b);
/* Forgets the bytes and keeps the memory. */
void buf_reset(struct buf *b);
/* Makes room for `more` further bytes; returns where they go (len is not moved). */
char *buf_reserve(struct buf *b, size_t more);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_put_slice(struct buf *b, struct slice s);
void buf_putc(struct buf *b, char c);
void buf_putf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Decimal digits of an unsigned number, without printf's cost. */
void buf_put_u64(struct buf *b, uint64_t v);
struct slice buf_slice(const struct buf *b);
/*
 * Returns the bytes as an owned NUL-terminated string (never NULL) and leaves the buf empty; the caller
 * frees.
 */
char *buf_take(struct buf *b);

/* malloc, calloc, realloc, strdup that end the process instead of returning NULL. The caller frees. */
void *mem_alloc(size_t n);
void *mem_zero(size_t count, size_t size);
void *mem_resize(void *p, size_t n);
char *mem_copy(struct slice s);

#ifdef __cplusplus
}
#endif

#endif
