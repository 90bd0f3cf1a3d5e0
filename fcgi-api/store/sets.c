/*
 * sets: statements over lists, in the sizes that are prepared.
 *
 * Room: fcgi-api/store, inside. Calls db.
 */
#include "sets.h"

/* Close enough together that little is filled up, few enough that each is prepared soon. */
static const size_t sizes[] = { 1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 48, STORE_SET_MAX };
#define SIZE_COUNT (sizeof(sizes) / sizeof(*sizes))

size_t sets_size(size_t n)
{
	size_t i = 0;

	while (sizes[i] < n && i < SIZE_COUNT - 1)
		i++;
	return sizes[i];
}

enum store_verdict sets_run_list(struct store *st, const struct db_sql *sql, struct db_value *in, size_t n,
				 size_t width)
{
	size_t size = sets_size(n), i;

	for (i = n; i < size; i++)
		memcpy(in + i * width, in + (n - 1) * width, width * sizeof(*in));
	return db_run(st, sql, size, in, size * width);
}
