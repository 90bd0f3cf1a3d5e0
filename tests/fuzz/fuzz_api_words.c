// objects: fcgi-api/cursor.o fcgi-api/etag.o fcgi-api/answer.o fcgi-api/refusals.o fcgi-api/http.o fcgi-api/call.o shared/*.o
/*
 * The small texts that handlers read: cursors from clients, the relay's feed.mark, If-None-Match lists. The first
 * byte picks which.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "cursor.h"
#include "etag.h"

#define TAG "6d1f6c0e-0b6e-5c51-9a0b-8f7d6a3c2e10"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

bool store_is_spare(const struct store *st)
{
	(void)st;
	return false;
}

enum store_verdict store_feed_cursor(struct store *st, unsigned age_s, int64_t *cursor_r)
{
	(void)st, (void)age_s, (void)cursor_r;
	abort();
}

/* A cursor that was taken reads the same from its own text, and what follows it never goes back. */
static void check_cursor(struct slice text)
{
	struct cursor c, again, next;
	char out[CURSOR_TEXT_MAX];
	int rc = cursor_parse(text, &c);

	if (rc != 0)
		return;
	assert(c.safe >= 0 && c.next >= 0);
	cursor_text(&c, out);
	rc = cursor_parse(slice_of(out), &again);
	assert(rc == 0 && again.safe == c.safe && again.next == c.next);
	for (int64_t last = 0; last < 2; last++) {
		next = cursor_after(&c, c.safe, last ? c.next : 0);
		assert(next.safe == c.safe && (last == 0 || next.next == c.next || c.next == 0));
	}
}

/* Whatever the file says: a cursor is believed only when it is from just now. */
static void check_mark(const char *text)
{
	int64_t now[] = { 0, 1700000000000, INT64_MAX - CURSOR_MARK_MS }, safe;
	long long number, at;

	for (size_t i = 0; i < 3; i++) {
		safe = -1;
		if (!cursor_parse_mark(text, now[i], &safe))
			continue;
		assert(safe >= 0 && sscanf(text, "%lld %lld", &number, &at) == 2 && number == safe);
		assert(at >= now[i] - CURSOR_MARK_MS && at <= now[i] + CURSOR_MARK_MS);
	}
}

/* A list is said to name the tag only if it does, as it is or compressed on its way, or if it holds a star. */
static void check_list(struct slice list)
{
	static const char *const names[] = { "*", "\"" TAG "\"", "\"" TAG "-gzip\"", "\"" TAG "-br\"" };
	bool there = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		there |= list.n && memmem(list.p, list.n, names[i], strlen(names[i]));
	assert(!etag_is_named(list, SLICE(TAG)) || there);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	/* a copy of its own, so that one byte too far is seen */
	char *bytes = malloc(size);
	memcpy(bytes, data + 1, size - 1);
	bytes[size - 1] = '\0';
	if (data[0] % 3 == 0) {
		check_cursor((struct slice){ bytes, size - 1 });
	} else if (data[0] % 3 == 1) {
		check_mark(bytes);
	} else {
		bytes = realloc(bytes, size - 1 ? size - 1 : 1);
		check_list((struct slice){ bytes, size - 1 });
	}
	free(bytes);
	return 0;
}
