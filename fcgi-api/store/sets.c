/*
 * sets: statements over lists, in the few sizes that are prepared.
 *
 * Room: fcgi-api/store, inside. Called by this room's query files; calls db.
 */
#include "sets.h"

static const size_t sizes[] = { 1, 4, 16, STORE_SET_MAX };
#define SIZE_COUNT (sizeof(sizes) / sizeof(*sizes))

size_t sets_size(size_t n)
{
	size_t i = 0;

	while (sizes[i] < n && i < SIZE_COUNT - 1)
		i++;
	return sizes[i];
}

size_t sets_piece(size_t n)
{
	size_t i = SIZE_COUNT - 1;

	while (i > 0 && sizes[i] > n)
		i--;
	return sizes[i];
}

enum store_verdict sets_run_list(struct store *st, const struct db_sql *sql, struct db_value *in, size_t n, size_t width)
{
	size_t size = sets_size(n), i;

	for (i = n; i < size; i++)
		memcpy(in + i * width, in + (n - 1) * width, width * sizeof(*in));
	return db_run(st, sql, size, in, size * width);
}

enum store_verdict sets_run_rows(struct store *st, const struct db_sql *sql, const struct db_value *in, size_t n,
				 size_t width)
{
	enum store_verdict v = STORE_OK;
	size_t i, size;

	for (i = 0; v == STORE_OK && i < n; i += size) {
		size = sets_piece(n - i);
		v = db_run(st, sql, size, in + i * width, size * width);
	}
	return v;
}
