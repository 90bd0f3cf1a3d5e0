/*
 * buf: the growable run of bytes and the allocators that never return NULL.
 *
 * Room: shared (foundation). Calls libc alone.
 */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BUF_FIRST_CAP 64

/* The logger may itself be what asked for memory, so the last line goes straight to stderr. */
static _Noreturn void mem_die(size_t n)
{
	fprintf(stderr, "error memory out of memory (%zu bytes asked)\n", n);
	_exit(1);
}

void *mem_alloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		mem_die(n);
	return p;
}

void *mem_zero(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		mem_die(size);
	return p;
}

void *mem_resize(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		mem_die(n);
	return p;
}

char *mem_copy(struct slice s)
{
	char *p = mem_alloc(s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

void buf_init(struct buf *b)
{
	*b = BUF_INIT;
}

void buf_fini(struct buf *b)
{
	free(b->data);
	*b = BUF_INIT;
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t more)
{
	size_t need, cap;

	if (more >= SIZE_MAX / 4 - b->len)
		mem_die(more);
	need = b->len + more + 1;
	if (need > b->cap) {
		cap = b->cap ? b->cap * 2 : BUF_FIRST_CAP;
		if (cap < need)
			cap = need;
		b->data = mem_resize(b->data, cap);
		b->cap = cap;
		b->data[b->len] = '\0';
	}
	return b->data + b->len;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	char *to = buf_reserve(b, n);

	if (n)
		memcpy(to, p, n);
	b->len += n;
	to[n] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_put_slice(struct buf *b, struct slice s)
{
	buf_put(b, s.p, s.n);
}

void buf_putc(struct buf *b, char c)
{
	char *to = buf_reserve(b, 1);

	to[0] = c;
	to[1] = '\0';
	b->len++;
}

void buf_putf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;
	char *to = buf_reserve(b, 127);
	size_t room = b->cap - b->len;

	va_start(ap, fmt);
	n = vsnprintf(to, room, fmt, ap);
	va_end(ap);
	if (n < 0) {
		to[0] = '\0';
		return;
	}
	if ((size_t)n >= room) {
		to = buf_reserve(b, (size_t)n);
		va_start(ap, fmt);
		vsnprintf(to, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)n;
}

void buf_put_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_put(b, digits + at, sizeof(digits) - at);
}

struct slice buf_slice(const struct buf *b)
{
	return (struct slice){ b->data, b->len };
}

char *buf_take(struct buf *b)
{
	char *p = buf_reserve(b, 0) - b->len;

	*b = BUF_INIT;
	return p;
}
