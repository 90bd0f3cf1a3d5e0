/*
 * session: the body of a store: one connection, what is prepared on it, and the row being read.
 *
 * Room: fcgi-api/store, inside. Seen by session.c and db.c alone.
 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "connect.h"
#include "db.h"
#include "log.h"

#define STATEMENTS_MAX 256  /* prepared at one time, kinds x sizes; the server has 16,382 for all */
#define TEXT_ROOM 512       /* bytes of a text column fetched at once; longer ones are asked for again */

struct statement {
	const struct db_sql *sql;
	size_t size;
	MYSQL_STMT *stmt;
	uint64_t used;                    /* when, in runs */
	bool late;                        /* its columns are known only when it runs (INSERT … RETURNING) */
};

struct column {
	int64_t number;
	unsigned long len;
	db_bool null, error;
	char text[TEXT_ROOM];
};

#define LATER_MAX 8                       /* names of what is put off; the last one stands for all behind it */

struct store {
	struct store_settings settings;
	struct store_durability durability;
	MYSQL *my;
	unsigned host, generation;
	bool spare;                       /* this host takes no writes, and none that does answered */
	time_t looked_s;                  /* when the hosts were last tried, by the wall clock */
	int64_t looking_ms;               /* how long that took */
	unsigned ran;                     /* statements that went well in this transaction */
	unsigned error;
	char trouble[300], duplicate[200]; /* the last of either kind, as text */
	struct statement statements[STATEMENTS_MAX];
	size_t statement_count;
	uint64_t runs;
	bool returns, room_index;
	struct known *known;
	struct buf later;                 /* statements that go with the next one, or with the COMMIT */
	const char *later_names[LATER_MAX];
	size_t later_count;
	int64_t until_ms;                 /* of this transaction; 0: it has all the time */
	const struct statement *open;     /* whose rows are being read */
	MYSQL_RES *rows;                  /* or these, of questions that went together */
	MYSQL_ROW row;
	unsigned long *row_lens;
	enum store_verdict rows_verdict;  /* what ended them */
	uint64_t affected;                /* rows that the last statement without rows changed */
	struct column columns[DB_COLUMNS_MAX];
	MYSQL_BIND binds[DB_VALUES_MAX];
	unsigned long lens[DB_VALUES_MAX];
	struct log_limit limit;
	unsigned logged;                  /* the error of the last line: the same again is one line a second */
	char told[300];                   /* why there is no connection, as last logged; empty: there is one */
	time_t told_s;
};

/*
 * Takes note of an error: says it once, ends the connection where it is of no more use, and turns to the next host where this
 * one takes no writes.
 */
enum store_verdict session_fail(struct store *st, const char *name, unsigned error, const char *text);
/* Puts off a statement, or the beginning of its text, which the caller adds to `later`. */
void session_put_later(struct store *st, const char *name, const char *text);
/* AGAIN when the transaction's time is over before the statement of that name. */
STORE_CHECK enum store_verdict session_late(struct store *st, const char *name);
/*
 * Runs what was put off (db_run_later), and COMMIT behind it if told so, in one round trip. The first
 * statement that fails ends the list: no COMMIT after a failure. Nothing put off: OK.
 */
STORE_CHECK enum store_verdict session_run_later(struct store *st, bool commit);
/* Opens a connection where there is none. */
STORE_CHECK enum store_verdict session_connect(struct store *st);

#endif
