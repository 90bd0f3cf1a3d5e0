/*
 * db: statements, rows and the transaction, over the MySQL client library.
 *
 * Room: fcgi-api/store, inside; the connection functions of store.h are here. Called by the doors and by
 * every file of this room; calls connect, sql and log.
 */
#include "db.h"
#include "connect.h"
#include "log.h"
#include "sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define STATEMENTS_MAX 256  /* statement kinds x sizes */
#define TEXT_ROOM 512       /* bytes of a text column fetched at once; longer ones are asked for again */
#define REPLAY_MS 500       /* a first statement that failed within this time is run again, once */

struct statement {
	const struct db_sql *sql;
	size_t size;
	MYSQL_STMT *stmt;
};

struct column {
	int64_t number;
	unsigned long len;
	db_bool null, error;
	char text[TEXT_ROOM];
};

struct store {
	struct store_settings settings;
	struct store_durability durability;
	MYSQL *my;
	unsigned host, generation;
	unsigned ran;                     /* statements that went well in this transaction */
	unsigned error;
	int64_t changed;
	char trouble[300];
	struct statement statements[STATEMENTS_MAX];
	size_t statement_count;
	const struct statement *open;     /* whose rows are being read */
	enum store_verdict rows_verdict;  /* what ended them */
	struct column columns[DB_COLUMNS_MAX];
	MYSQL_BIND binds[DB_VALUES_MAX];
	unsigned long lens[DB_VALUES_MAX];
	struct log_limit limit;
};

struct store *store_open(const struct store_settings *settings)
{
	struct store *st = mem_zero(1, sizeof(*st));

	st->settings = *settings;
	return st;
}

static void disconnect(struct store *st)
{
	size_t i;

	for (i = 0; i < st->statement_count; i++)
		mysql_stmt_close(st->statements[i].stmt);
	st->statement_count = 0;
	st->open = NULL;
	if (st->my)
		mysql_close(st->my);
	st->my = NULL;
}

void store_close(struct store *st)
{
	if (!st)
		return;
	disconnect(st);
	free(st);
}

unsigned store_generation(const struct store *st)
{
	return st->generation;
}

const struct store_durability *store_durability(const struct store *st)
{
	return &st->durability;
}

const char *store_trouble(const struct store *st)
{
	return st->trouble;
}

unsigned db_error(const struct store *st)
{
	return st->error;
}

const struct store_settings *db_settings(const struct store *st)
{
	return &st->settings;
}

/* Takes note of an error: says it once, and ends the connection where it is of no more use. */
static enum store_verdict fail(struct store *st, const char *name, unsigned error, const char *text)
{
	enum store_verdict v = connect_verdict(error);

	st->error = error;
	if (error == 1062)  /* a repeat, not trouble */
		return v;
	snprintf(st->trouble, sizeof(st->trouble), "%u %s (%s)", error, text, name);
	if (v == STORE_AGAIN || v == STORE_REFUSED)
		log_debug("store", "%s", st->trouble);
	else if (log_limited(&st->limit, 5))
		log_warn("store", "%s", st->trouble);
	if (v == STORE_LOST || v == STORE_CONFIG)
		disconnect(st);
	return v;
}

static enum store_verdict connect_now(struct store *st)
{
	enum store_verdict v = STORE_LOST;

	st->my = connect_open(&st->settings, &st->host, &v, st->trouble, sizeof(st->trouble));
	if (!st->my) {
		if (log_limited(&st->limit, 1))
			log_warn("store", "%s", st->trouble);
		return v;
	}
	connect_durability(st->my, &st->durability);
	if (mysql_query(st->my, "COMMIT") != 0)  /* the question opened a transaction */
		return fail(st, "connect", mysql_errno(st->my), mysql_error(st->my));
	st->generation++;
	log_debug("store", "connected, session %u", st->generation);
	return STORE_OK;
}

/* ---- the transaction ---- */

enum store_verdict store_begin(struct store *st)
{
	if (st->ran)  /* somebody forgot to end the last one */
		store_rollback(st);
	st->error = 0;
	/* without autocommit the first statement opens the transaction: no round trip here */
	return st->my ? STORE_OK : connect_now(st);
}

enum store_verdict store_commit(struct store *st)
{
	if (!st->my)
		return STORE_LOST;
	if (!st->ran)
		return STORE_OK;
	st->ran = 0;
	if (mysql_query(st->my, "COMMIT") == 0)
		return STORE_OK;
	return fail(st, "commit", mysql_errno(st->my), mysql_error(st->my));
}

void store_rollback(struct store *st)
{
	st->ran = 0;
	if (st->open)
		mysql_stmt_free_result(st->open->stmt);
	st->open = NULL;
	if (st->my && mysql_query(st->my, "ROLLBACK") != 0)
		(void)fail(st, "rollback", mysql_errno(st->my), mysql_error(st->my));
}

enum store_verdict store_ping(struct store *st)
{
	enum store_verdict v = STORE_OK;
	bool fresh = !st->my;

	if (fresh)
		v = connect_now(st);
	if (v == STORE_OK && mysql_ping(st->my) != 0) {
		v = fail(st, "ping", mysql_errno(st->my), mysql_error(st->my));
		if (!fresh)
			v = connect_now(st);
	}
	return v;
}

/* ---- statements ---- */

/* Where the columns of any result go. */
static int bind_columns(struct store *st, MYSQL_STMT *stmt, const char *letters)
{
	MYSQL_BIND out[DB_COLUMNS_MAX];
	size_t i;

	memset(out, 0, sizeof(out));
	for (i = 0; letters[i]; i++) {
		struct column *c = &st->columns[i];

		out[i].buffer_type = letters[i] == 'i' ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_STRING;
		out[i].buffer = letters[i] == 'i' ? (void *)&c->number : (void *)c->text;
		out[i].buffer_length = letters[i] == 'i' ? sizeof(c->number) : TEXT_ROOM;
		out[i].length = &c->len;
		out[i].is_null = &c->null;
		out[i].error = &c->error;
	}
	return mysql_stmt_bind_result(stmt, out) ? -1 : 0;
}

static enum store_verdict prepare(struct store *st, const struct db_sql *sql, size_t size,
				  const struct statement **s_r)
{
	struct statement *s = st->statements;
	struct buf text = BUF_INIT;
	int bad;

	for (; s < st->statements + st->statement_count; s++) {
		if (s->sql == sql && s->size == size) {
			*s_r = s;
			return STORE_OK;
		}
	}
	if (st->statement_count == STATEMENTS_MAX)
		return fail(st, sql->name, 1461, "too many kinds of statements");
	s->sql = sql;
	s->size = size;
	s->stmt = mysql_stmt_init(st->my);
	if (!s->stmt)
		return fail(st, sql->name, mysql_errno(st->my), mysql_error(st->my));
	sql_expand(&text, sql->text, size);
	bad = mysql_stmt_prepare(s->stmt, text.data, text.len);
	buf_fini(&text);
	if (bad || (sql->columns && bind_columns(st, s->stmt, sql->columns) != 0)) {
		st->error = mysql_stmt_errno(s->stmt);
		snprintf(st->trouble, sizeof(st->trouble), "%s", mysql_stmt_error(s->stmt));
		mysql_stmt_close(s->stmt);
		return fail(st, sql->name, st->error ? st->error : 2027, strdupa(st->trouble));
	}
	st->statement_count++;
	*s_r = s;
	return STORE_OK;
}

static void bind_values(struct store *st, const struct db_value *in, size_t count)
{
	static db_bool is_null = 1;
	size_t i;

	memset(st->binds, 0, count * sizeof(*st->binds));
	for (i = 0; i < count; i++) {
		MYSQL_BIND *b = &st->binds[i];

		if (in[i].type == DB_NUMBER) {
			b->buffer_type = MYSQL_TYPE_LONGLONG;
			b->buffer = (void *)(uintptr_t)&in[i].number;
			continue;
		}
		/* the same type for NULL, so that a statement's types do not change between runs */
		st->lens[i] = in[i].text.n;
		b->buffer_type = MYSQL_TYPE_STRING;
		b->buffer = (void *)(uintptr_t)(in[i].text.p ? in[i].text.p : "");
		b->buffer_length = st->lens[i];
		b->length = &st->lens[i];
		b->is_null = in[i].type == DB_NULL ? &is_null : NULL;
	}
}

static enum store_verdict run_once(struct store *st, const struct db_sql *sql, size_t size,
				   const struct db_value *in, size_t count)
{
	const struct statement *s;
	enum store_verdict v = prepare(st, sql, size, &s);

	if (v)
		return v;
	if (mysql_stmt_param_count(s->stmt) != count)
		return fail(st, sql->name, 2034, "wrong number of values");
	bind_values(st, in, count);
	if ((count && mysql_stmt_bind_param(s->stmt, st->binds)) || mysql_stmt_execute(s->stmt))
		return fail(st, sql->name, mysql_stmt_errno(s->stmt), strdupa(mysql_stmt_error(s->stmt)));
	st->rows_verdict = STORE_OK;
	if (sql->columns)
		st->open = s;
	else
		st->changed = (int64_t)mysql_stmt_affected_rows(s->stmt);
	return STORE_OK;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

enum store_verdict db_run(struct store *st, const struct db_sql *sql, size_t size, const struct db_value *in,
			  size_t count)
{
	int64_t start = now_ms();
	enum store_verdict v;

	if (!st->my)
		return STORE_LOST;
	st->error = 0;
	v = run_once(st, sql, size, in, count);
	/*
	 * nothing of this transaction has happened yet and nothing commits by itself: the dead session is
	 * replaced unseen
	 */
	if (v == STORE_LOST && !st->ran && now_ms() - start < REPLAY_MS) {
		v = connect_now(st);
		if (v == STORE_OK)
			v = run_once(st, sql, size, in, count);
	}
	if (v == STORE_OK)
		st->ran++;
	return v;
}

/* ---- rows ---- */

bool db_next(struct store *st)
{
	int r;

	if (!st->open || st->rows_verdict)
		return false;
	r = mysql_stmt_fetch(st->open->stmt);
	if (r == 0 || r == MYSQL_DATA_TRUNCATED)
		return true;
	if (r != MYSQL_NO_DATA) {
		MYSQL_STMT *stmt = st->open->stmt;

		st->rows_verdict = fail(st, st->open->sql->name, mysql_stmt_errno(stmt),
					strdupa(mysql_stmt_error(stmt)));
	}
	return false;
}

enum store_verdict db_end(struct store *st)
{
	if (st->open && mysql_stmt_free_result(st->open->stmt) && !st->rows_verdict) {
		MYSQL_STMT *stmt = st->open->stmt;

		st->rows_verdict = fail(st, st->open->sql->name, mysql_stmt_errno(stmt),
					strdupa(mysql_stmt_error(stmt)));
	}
	st->open = NULL;
	return st->rows_verdict;
}

bool db_is_null(struct store *st, unsigned column)
{
	return st->columns[column].null;
}

int64_t db_number(struct store *st, unsigned column)
{
	return st->columns[column].null ? 0 : st->columns[column].number;
}

struct slice db_text(struct store *st, unsigned column, struct arena *a)
{
	struct column *c = &st->columns[column];
	unsigned long len = c->len;
	MYSQL_BIND whole;
	char *p;

	if (c->null)
		return SLICE_NONE;
	if (len <= TEXT_ROOM)
		return arena_copy(a, (struct slice){ c->text, len });
	p = arena_alloc(a, len + 1);
	memset(&whole, 0, sizeof(whole));
	whole.buffer_type = MYSQL_TYPE_STRING;
	whole.buffer = p;
	whole.buffer_length = len;
	whole.length = &len;
	if (mysql_stmt_fetch_column(st->open->stmt, &whole, column, 0) != 0) {
		MYSQL_STMT *stmt = st->open->stmt;

		st->rows_verdict = fail(st, st->open->sql->name, mysql_stmt_errno(stmt),
					strdupa(mysql_stmt_error(stmt)));
		return SLICE_NONE;
	}
	return (struct slice){ p, len };
}

int64_t db_changed(struct store *st)
{
	return st->changed;
}
