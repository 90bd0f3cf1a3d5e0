/*
 * db: statements and rows, over the MySQL client library; the transaction around them is session.c's.
 *
 * Room: fcgi-api/store, inside. Called by every file of this room.
 * Nothing of it is seen outside.
 *
 * A statement is a static db_sql. Where its text holds {…}, the part in braces is repeated `size` times with
 * ", " between (or with what follows a |, as in {(a = ? AND b = ?)| OR }). Statements are prepared at first
 * use and kept, per size, as long as the connection; sets.h has the sizes.
 *
 *	v = db_run(st, &find_x, 1, in, 1);
 *	if (v)
 *		return v;
 *	while (db_next(st))
 *		id = db_number(st, 0);
 *	return db_end(st);
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "store.h"

struct known;

#define DB_COLUMNS_MAX 32
#define DB_VALUES_MAX (STORE_SET_MAX * 8)

struct db_sql {
	const char *name;     /* for the log */
	const char *text;
	const char *columns;  /* of the result, a letter each: 'i' number, 't' text; NULL: no result */
};

/* A value to bind. */
struct db_value {
	enum { DB_NULL, DB_NUMBER, DB_TEXT } type;
	int64_t number;
	struct slice text;    /* borrowed until db_run returns */
};

static inline struct db_value db_of_number(int64_t n)
{
	return (struct db_value){ DB_NUMBER, n, SLICE_NONE };
}

/* p NULL: NULL. */
static inline struct db_value db_of_text(struct slice s)
{
	return (struct db_value){ s.p ? DB_TEXT : DB_NULL, 0, s };
}

/*
 * Runs a statement. OK; REFUSED and the transaction lives; other trouble. With a result, rows follow by
 * db_next until it is false, then db_end, before anything else is run.
 */
STORE_CHECK enum store_verdict db_run(struct store *st, const struct db_sql *sql, size_t size,
				      const struct db_value *in, size_t in_count);
/* One of several questions. */
struct db_ask {
	const struct db_sql *sql;
	size_t size;
	const struct db_value *in;
	size_t in_count;
};

/*
 * Runs SELECTs whose values are all numbers in one round trip, as text. OK: the rows of the first follow by
 * db_next until it is false; its db_end leads on to the rows of the second, and so on. The first that fails
 * ends the list. After a db_end that is not OK nothing more is read.
 */
STORE_CHECK enum store_verdict db_run_together(struct store *st, const struct db_ask *asks, size_t count);
/*
 * A statement without result whose values are all numbers: put off, to go with the next one or with the
 * COMMIT, which saves its round trip; only behind one that ran (else there is no transaction to commit). The numbers are written into its text; nothing from outside can be.
 * Whatever goes wrong is told by what it goes with (never REFUSED).
 */
void db_run_later(struct store *st, const struct db_sql *sql, size_t size, const struct db_value *in,
		  size_t in_count);
/* True: there is a row. */
bool db_next(struct store *st);
/* Ends the rows, read or not: OK, or the trouble that ended them. */
STORE_CHECK enum store_verdict db_end(struct store *st);

/* Runs a statement that answers one number; 0 for none or NULL. The verdict is that of the statement or of its rows. */
STORE_CHECK enum store_verdict db_one(struct store *st, const struct db_sql *sql, const struct db_value *in, size_t count,
				      int64_t *number_r);

/*
 * Rows that the last db_run without rows really changed; of an INSERT … ON DUPLICATE KEY UPDATE 1 for each it inserted and 2
 * for each it changed, as MySQL counts (CLIENT_FOUND_ROWS is not set).
 */
uint64_t db_affected(const struct store *st);

/* Columns of the present row: 0 and SLICE_NONE for NULL. db_text copies into the arena. */
int64_t db_number(struct store *st, unsigned column);
struct slice db_text(struct store *st, unsigned column, struct arena *a);

/* Error number of the last db_run, e.g. 1062. */
unsigned db_error(const struct store *st);
/* The last 1062 as text: which key, and the statement. */
const char *db_duplicate(const struct store *st);
const struct store_settings *db_settings(const struct store *st);
/*
 * Of two forms of a statement that walks a room's messages by id the one to run: the second, where the optional index on them
 * is there (indexes.sql), has DB_BY_ROOM behind the table. Without that word MariaDB walks all rooms' messages by the primary
 * key sooner or later, always once a prepared statement has been run a few times; without that index the word makes it sort
 * the room.
 */
const struct db_sql *db_by_room(const struct store *st, const struct db_sql two[2]);
#define DB_BY_ROOM " IGNORE INDEX (PRIMARY)"

/* Whether INSERT … RETURNING is understood (MariaDB 10.5 and later; MySQL never). */
bool db_returns(const struct store *st);
/* Numbers of rooms met before. */
struct known *db_known(struct store *st);

#endif
