/*
 * session: the connection and its transaction.
 *
 * Room: fcgi-api/store; the connection functions of store.h are here. Calls connect, hosts, known and log.
 */
#include "session.h"
#include "clock.h"
#include "fault.h"
#include "hosts.h"
#include "known.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TELL_AGAIN_S 30  /* the same trouble with connecting */
#define SPARE_S 10       /* so long a host that takes no writes is good enough for reading */
#define SPARE_WRITE_S 1  /* and a write is refused at once: one may have been promoted meanwhile */
#define SPARE_WRITE_LONG_S 3  /* where a host is silent, which takes a second of the readers' */
#define LOOKING_LONG_MS 200

struct store *store_open(const struct store_settings *settings)
{
	struct store *st = mem_zero(1, sizeof(*st));

	st->settings = *settings;
	st->known = known_new();
	return st;
}

static void disconnect(struct store *st)
{
	size_t i;

	for (i = 0; i < st->statement_count; i++)
		mysql_stmt_close(st->statements[i].stmt);
	st->statement_count = 0;
	st->open = NULL;
	mysql_free_result(st->rows);
	st->rows = NULL;
	buf_reset(&st->later);
	st->later_count = 0;
	if (st->my)
		mysql_close(st->my);
	st->my = NULL;
}

void store_close(struct store *st)
{
	if (!st)
		return;
	disconnect(st);
	buf_fini(&st->later);
	known_free(st->known);
	free(st);
}

bool store_is_open(const struct store *st)
{
	return st->my != NULL;
}

unsigned store_generation(const struct store *st)
{
	return st->generation;
}

/* A sole host has nobody to lag behind: its name is looked up again like a spare's, and it is believed. */
bool store_is_spare(const struct store *st)
{
	struct hosts_entry second;

	return st->spare && hosts_at(st->settings.hosts ? st->settings.hosts : "", 1, st->settings.port, &second);
}

bool store_may_lag(const struct store *st)
{
	return st->ran > 0 && store_is_spare(st);
}

const struct store_durability *store_durability(const struct store *st)
{
	return &st->durability;
}

const char *store_trouble(const struct store *st)
{
	return st->trouble;
}

static void note_trouble(struct store *st, enum store_verdict v, const char *name, unsigned error, const char *text)
{
	const char *value = strstr(text, ": '");  /* "Incorrect … value: '…'": what was sent is not for the log */
	bool slow = error == 1969 || error == 3024;  /* a statement that took too long may do so every time */
	bool refused = v == STORE_REFUSED && error != 1366;  /* whose column has not the character set that it should */
	enum log_level level = (v == STORE_AGAIN && !slow) || refused ? LOG_LEVEL_INFO : LOG_LEVEL_WARN;

	snprintf(st->trouble, sizeof(st->trouble), "%u %.*s (%s)", error,
		 value ? (int)(value - text) : (int)strlen(text), text, name);
	/* 2006 before anything ran: the server closed an idle session, which is replaced unseen (or says so there) */
	if (error == 2006 && !st->ran)
		log_debug("store", "%s", st->trouble);
	else if (log_limited(&st->limit, level, error == st->logged ? 1 : 5))
		log_line(level, "store", "%s", st->trouble);
	st->logged = error;
}

/* A replica stays behind, and a primary may be back: time to look again. */
static bool spare_is_over(const struct store *st)
{
	return labs(time(NULL) - st->looked_s) >= SPARE_S;
}

/* For a write sooner. */
static bool spare_may_write(const struct store *st)
{
	return labs(time(NULL) - st->looked_s) >= (st->looking_ms < LOOKING_LONG_MS ? SPARE_WRITE_S : SPARE_WRITE_LONG_S);
}

enum store_verdict session_fail(struct store *st, const char *name, unsigned error, const char *text)
{
	bool read_only = error == 1290 || error == 1836;
	enum store_verdict v = connect_verdict(error);

	st->error = error;
	if (error == 1062) {  /* a repeat, not trouble; which key says more than which value */
		const char *key = strstr(text, " for key ");

		snprintf(st->duplicate, sizeof(st->duplicate), "1062 Duplicate entry%s (%s)", key ? key : "", name);
		return v;
	}
	if (read_only && st->spare && !spare_may_write(st))  /* as known: no other host takes it, and this one is read */
		v = STORE_CONFIG;
	note_trouble(st, v, name, error, text);
	if (v == STORE_CONFIG && read_only)
		return v;
	if (read_only || error == 1047)  /* it lives and takes no writes: another may */
		st->host++;
	if (v == STORE_LOST || v == STORE_CONFIG)
		disconnect(st);
	return v;
}

/* At once, and then now and then: every command tries again. */
static void tell_no_connection(struct store *st)
{
	time_t now = time(NULL);

	if (strcmp(st->told, st->trouble) == 0 && now - st->told_s >= 0 && now - st->told_s < TELL_AGAIN_S)
		return;
	snprintf(st->told, sizeof(st->told), "%s", st->trouble);
	st->told_s = now;
	log_warn("store", "%s", st->trouble);
}

enum store_verdict session_connect(struct store *st)
{
	enum store_verdict v = STORE_LOST;
	int64_t began = clock_mono_ms();

	st->my = connect_open(&st->settings, &st->host, &st->spare, &v, st->trouble, sizeof(st->trouble));
	if (!st->my) {
		tell_no_connection(st);
		return v;
	}
	connect_durability(st->my, &st->durability);
	st->returns = connect_returns(st->my);
	st->room_index = connect_room_index(st->my);
	if (mysql_query(st->my, "COMMIT") != 0)  /* the question opened a transaction */
		return session_fail(st, "connect", mysql_errno(st->my), mysql_error(st->my));
	st->generation++;
	st->looked_s = time(NULL);
	st->looking_ms = clock_mono_ms() - began;
	if (st->spare) {
		snprintf(st->trouble, sizeof(st->trouble), "no host of DB_HOST takes writes, this one answers reads");
		tell_no_connection(st);
	} else {
		if (*st->told)
			log_info("store", "the database is back");
		st->told[0] = '\0';
	}
	log_debug("store", "connected, session %u", st->generation);
	return STORE_OK;
}

/* Drops what is left of rows, so that the connection takes the next statement. */
static void drop_rows(struct store *st)
{
	if (st->open)
		mysql_stmt_free_result(st->open->stmt);
	st->open = NULL;
	mysql_free_result(st->rows);
	st->rows = NULL;
	while (st->my && mysql_more_results(st->my) && mysql_next_result(st->my) == 0)
		mysql_free_result(mysql_use_result(st->my));
}

/* ---- the transaction ---- */

enum store_verdict store_begin(struct store *st, int64_t until_ms)
{
	if (st->ran)  /* somebody forgot to end the last one */
		store_rollback(st);
	st->error = 0;
	st->until_ms = until_ms;
	st->trouble[0] = '\0';
	if (st->my && st->spare && spare_is_over(st))
		disconnect(st);
	/* without autocommit the first statement opens the transaction: no round trip here */
	return st->my ? STORE_OK : session_connect(st);
}

void session_put_later(struct store *st, const char *name, const char *text)
{
	if (st->later_count < LATER_MAX)
		st->later_names[st->later_count++] = name;
	buf_puts(&st->later, text);
}

enum store_verdict session_late(struct store *st, const char *name)
{
	if (!st->until_ms || clock_mono_ms() <= st->until_ms)
		return STORE_OK;
	snprintf(st->trouble, sizeof(st->trouble), "no time left (%s)", name);
	return STORE_AGAIN;
}

enum store_verdict session_run_later(struct store *st, bool commit)
{
	enum store_verdict v;
	const char *name;
	size_t at;
	int bad, next = -1;

	if (commit)
		session_put_later(st, "commit", "COMMIT");
	if (!st->later.len)
		return STORE_OK;
	bad = mysql_real_query(st->my, st->later.data, st->later.len);
	for (at = 0; !bad && (next = mysql_next_result(st->my)) == 0; at++)
		;
	at += !bad;
	name = st->later_names[at < LATER_MAX ? at : LATER_MAX - 1];
	buf_reset(&st->later);
	st->later_count = 0;
	if (commit && !bad && FAULT_FAILS("store.committed"))
		return session_fail(st, "commit", 2013, "the answer to COMMIT was lost");
	if (!bad && next < 0)
		return STORE_OK;
	v = session_fail(st, name, mysql_errno(st->my), mysql_error(st->my));
	if (st->error == 1062)  /* here it is no repeat */
		note_trouble(st, v, name, st->error, mysql_error(st->my));
	/* a row that they name was deleted at this very moment: look again, from the start */
	return v == STORE_REFUSED ? STORE_AGAIN : v;
}

enum store_verdict store_commit(struct store *st)
{
	if (!st->my)
		return STORE_LOST;
	if (!st->ran)
		return STORE_OK;
	st->ran = 0;
	FAULT("store.commit");
	return session_run_later(st, true);
}

void store_rollback(struct store *st)
{
	st->ran = 0;
	buf_reset(&st->later);
	st->later_count = 0;
	drop_rows(st);
	if (!st->my || mysql_query(st->my, "ROLLBACK") == 0)
		return;
	(void)session_fail(st, "rollback", mysql_errno(st->my), mysql_error(st->my));
	/* Whatever it was (somebody's KILL QUERY may be all): the transaction may be open, and the next COMMIT is another's. */
	if (st->my)
		disconnect(st);
}
