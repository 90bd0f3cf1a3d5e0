/*
 * db: statements and rows, over the MySQL client library.
 *
 * Room: fcgi-api/store, inside. Calls session and sql.
 */
#include "db.h"

#include <assert.h>
#include "session.h"
#include "sql.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

#define REPLAY_MS 500       /* a first statement that failed within this time is run again, once */

unsigned db_error(const struct store *st)
{
	return st->error;
}

const char *db_duplicate(const struct store *st)
{
	return st->duplicate;
}

const struct store_settings *db_settings(const struct store *st)
{
	return &st->settings;
}

const struct db_sql *db_by_room(const struct store *st, const struct db_sql two[2])
{
	return &two[st->room_index];
}

bool db_returns(const struct store *st)
{
	return st->returns;
}

struct known *db_known(struct store *st)
{
	return st->known;
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

/* A free place, made free if need be. Nothing is being read when something is prepared. */
static struct statement *statement_place(struct store *st)
{
	struct statement *oldest = st->statements;
	size_t i;

	if (st->statement_count < STATEMENTS_MAX)
		return &st->statements[st->statement_count];
	for (i = 1; i < st->statement_count; i++) {
		if (st->statements[i].used < oldest->used)
			oldest = &st->statements[i];
	}
	mysql_stmt_close(oldest->stmt);
	*oldest = st->statements[--st->statement_count];
	return &st->statements[st->statement_count];
}

static struct statement *statement_find(struct store *st, const struct db_sql *sql, size_t size)
{
	size_t i;

	for (i = 0; i < st->statement_count; i++) {
		if (st->statements[i].sql == sql && st->statements[i].size == size)
			return &st->statements[i];
	}
	return NULL;
}

static enum store_verdict prepare(struct store *st, const struct db_sql *sql, size_t size,
				  const struct statement **s_r)
{
	struct statement *s = statement_find(st, sql, size);
	struct buf text = BUF_INIT;
	int bad;

	*s_r = s;
	if (s) {
		s->used = ++st->runs;
		return STORE_OK;
	}
	s = statement_place(st);
	*s = (struct statement){ sql, size, mysql_stmt_init(st->my), ++st->runs, false };
	if (!s->stmt)
		return session_fail(st, sql->name, mysql_errno(st->my), mysql_error(st->my));
	sql_expand(&text, sql->text, size);
	bad = mysql_stmt_prepare(s->stmt, text.data, text.len);
	buf_fini(&text);
	s->late = !bad && sql->columns && mysql_stmt_field_count(s->stmt) == 0;
	if (bad || (sql->columns && !s->late && bind_columns(st, s->stmt, sql->columns) != 0)) {
		st->error = mysql_stmt_errno(s->stmt);
		snprintf(st->trouble, sizeof(st->trouble), "%s", mysql_stmt_error(s->stmt));
		mysql_stmt_close(s->stmt);
		return session_fail(st, sql->name, st->error ? st->error : 2027, strdupa(st->trouble));
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

/* The library notes an error that ends rows under way with the connection, not with the statement. */
static enum store_verdict fail_statement(struct store *st, const struct statement *s)
{
	unsigned error = mysql_stmt_errno(s->stmt);
	const char *text = error ? mysql_stmt_error(s->stmt) : mysql_error(st->my);

	if (!error)
		error = mysql_errno(st->my);
	return session_fail(st, s->sql->name, error ? error : 2013, strdupa(text));
}

static enum store_verdict run_prepared(struct store *st, const struct db_ask *ask)
{
	const struct statement *s;
	enum store_verdict v = prepare(st, ask->sql, ask->size, &s);

	if (v)
		return v;
	if (mysql_stmt_param_count(s->stmt) != ask->in_count)
		return session_fail(st, ask->sql->name, 2034, "wrong number of values");
	bind_values(st, ask->in, ask->in_count);
	if ((ask->in_count && mysql_stmt_bind_param(s->stmt, st->binds)) || mysql_stmt_execute(s->stmt) ||
	    (s->late && bind_columns(st, s->stmt, ask->sql->columns) != 0))
		return fail_statement(st, s);
	st->rows_verdict = STORE_OK;
	if (ask->sql->columns)
		st->open = s;
	else
		st->affected = mysql_stmt_affected_rows(s->stmt);
	return STORE_OK;
}

/* The statement with its numbers written into it. */
static void put_with_numbers(struct buf *b, const struct db_ask *ask)
{
	struct buf text = BUF_INIT;
	const char *p, *mark;
	size_t i;

	sql_expand(&text, ask->sql->text, ask->size);
	p = text.data;
	for (i = 0; i < ask->in_count && (mark = memchr(p, '?', text.len - (size_t)(p - text.data))); i++) {
		buf_put(b, p, (size_t)(mark - p));
		buf_put_u64(b, (uint64_t)ask->in[i].number);
		p = mark + 1;
	}
	buf_put(b, p, text.len - (size_t)(p - text.data));
	buf_puts(b, "; ");
	buf_fini(&text);
}

/* Takes in the rows of the question whose turn it is. */
static enum store_verdict open_rows(struct store *st)
{
	st->rows = mysql_store_result(st->my);
	if (!st->rows)
		return session_fail(st, "rows", mysql_errno(st->my) ? mysql_errno(st->my) : 2027,
				    mysql_error(st->my));
	return STORE_OK;
}

static enum store_verdict run_as_text(struct store *st, const struct db_ask *asks, size_t count)
{
	struct buf text = BUF_INIT;
	size_t i;
	int bad;

	for (i = 0; i < count; i++)
		put_with_numbers(&text, &asks[i]);
	bad = mysql_real_query(st->my, text.data, text.len);
	buf_fini(&text);
	if (bad)
		return session_fail(st, asks[0].sql->name, mysql_errno(st->my), mysql_error(st->my));
	return st->rows_verdict = open_rows(st);
}

static enum store_verdict run_once(struct store *st, const struct db_ask *asks, size_t count, bool together)
{
	return together ? run_as_text(st, asks, count) : run_prepared(st, asks);
}

static enum store_verdict run(struct store *st, const struct db_ask *asks, size_t count, bool together)
{
	int64_t start = clock_mono_ms();
	enum store_verdict v;

	if (!st->my)
		return STORE_LOST;
	st->error = 0;
	v = session_late(st, asks->sql->name);
	if (v == STORE_OK)
		v = session_run_later(st, false);
	if (v)
		return v;
	v = run_once(st, asks, count, together);
	/*
	 * nothing of this transaction has happened yet and nothing commits by itself: the dead session is
	 * replaced unseen
	 */
	if (v == STORE_LOST && !st->ran && clock_mono_ms() - start < REPLAY_MS) {
		v = session_connect(st);
		if (v == STORE_OK)
			v = run_once(st, asks, count, together);
	}
	if (v == STORE_OK)
		st->ran++;
	return v;
}

enum store_verdict db_run(struct store *st, const struct db_sql *sql, size_t size, const struct db_value *in,
			  size_t count)
{
	struct db_ask ask = { sql, size, in, count };

	return run(st, &ask, 1, false);
}

enum store_verdict db_run_together(struct store *st, const struct db_ask *asks, size_t count)
{
	return run(st, asks, count, true);
}

void db_run_later(struct store *st, const struct db_sql *sql, size_t size, const struct db_value *in,
		  size_t in_count)
{
	struct db_ask ask = { sql, size, in, in_count };

	assert(st->ran);
	session_put_later(st, sql->name, "");
	put_with_numbers(&st->later, &ask);
}

/* ---- rows ---- */

bool db_next(struct store *st)
{
	int r;

	if (st->rows) {
		st->row = mysql_fetch_row(st->rows);
		st->row_lens = mysql_fetch_lengths(st->rows);
		return st->row != NULL;
	}
	if (!st->open || st->rows_verdict)
		return false;
	r = mysql_stmt_fetch(st->open->stmt);
	if (r == 0 || r == MYSQL_DATA_TRUNCATED)
		return true;
	if (r != MYSQL_NO_DATA)
		st->rows_verdict = fail_statement(st, st->open);
	return false;
}

/* From the rows of one question to those of the next that went with it. */
static enum store_verdict next_rows(struct store *st)
{
	int more;

	mysql_free_result(st->rows);
	st->rows = NULL;
	more = mysql_next_result(st->my);
	if (more > 0)
		return session_fail(st, "rows", mysql_errno(st->my), mysql_error(st->my));
	return more < 0 ? STORE_OK : open_rows(st);
}

enum store_verdict db_end(struct store *st)
{
	if (st->rows)
		return st->rows_verdict = next_rows(st);
	if (st->open && mysql_stmt_free_result(st->open->stmt) && !st->rows_verdict)
		st->rows_verdict = fail_statement(st, st->open);
	st->open = NULL;
	return st->rows_verdict;
}

uint64_t db_affected(const struct store *st)
{
	return st->affected;
}

int64_t db_number(struct store *st, unsigned column)
{
	if (st->rows)
		return st->row[column] ? strtoll(st->row[column], NULL, 10) : 0;
	return st->columns[column].null ? 0 : st->columns[column].number;
}

struct slice db_text(struct store *st, unsigned column, struct arena *a)
{
	struct column *c = &st->columns[column];
	unsigned long len = c->len;
	MYSQL_BIND whole;
	char *p;

	if (st->rows) {
		if (!st->row[column])
			return SLICE_NONE;
		return arena_copy(a, (struct slice){ st->row[column], st->row_lens[column] });
	}
	if (c->null || !st->open)  /* not open: a column before this one ended the connection */
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
		st->rows_verdict = fail_statement(st, st->open);
		return SLICE_NONE;
	}
	return (struct slice){ p, len };
}

enum store_verdict db_one(struct store *st, const struct db_sql *sql, const struct db_value *in, size_t count,
			  int64_t *number_r)
{
	enum store_verdict v = db_run(st, sql, 1, in, count);

	*number_r = 0;
	if (v)
		return v;
	while (db_next(st))
		*number_r = db_number(st, 0);
	return db_end(st);
}
