/*
 * connect: from settings to a session that is set up; and what an error number means.
 *
 * Room: fcgi-api/store, inside. Calls hosts and the MySQL client library.
 * Written for the client libraries of MariaDB and of Oracle alike.
 */
#include "connect.h"
#include "hosts.h"

#include <stdio.h>
#include <stdlib.h>

#define CONNECT_TIMEOUT_S 3
#define READ_WRITE_TIMEOUT_S 2
#define LOOK_TIMEOUT_S 1       /* while readers wait, a host that is silent is not waited for */

/*
 * No autocommit: nothing is ever stored without a COMMIT of ours, also when a deadlock has ended the
 * transaction under us. A lock wait must end before the read timeout, or it looks like a dead server.
 * wait_timeout frees the locks of a connection whose other end has vanished. The rest a server may have set for
 * everybody: rows would be left out, statements refused, or the connection ended with its first COMMIT.
 */
#define SESSION_VALUES \
	"SET SESSION autocommit=0, sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'," \
	" innodb_lock_wait_timeout=1, lock_wait_timeout=1, wait_timeout=60," \
	" sql_select_limit=18446744073709551615, sql_big_selects=1, sql_safe_updates=0, completion_type=0"
static const char *const session_setup[] = {
	/* the handshake has said it: to a server with init_connect or skip-character-set-client-handshake in vain */
	"SET NAMES utf8mb4",
	SESSION_VALUES,
	"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE",
	"COMMIT"
};
/*
 * A worker that stands still in a transaction holds its rooms' locks: not longer than a command may take (5 s). And a
 * statement that nobody waits for any more (rw_s, 2 s) would go on, with its locks, while its job is tried again. MySQL knows
 * no limit of the first kind, and one of the second for SELECT alone.
 */
static const char *const session_limits[] = {
	"SET SESSION idle_transaction_timeout=4, max_statement_time=1.9",
	"SET SESSION max_execution_time=1900"
};
/* A node of a Galera cluster reads what the others have committed: whoever asks there missed nothing. */
static const char cluster_ask[] = "SHOW VARIABLES LIKE 'wsrep_on'";
static const char cluster_setup[] = "SET SESSION wsrep_sync_wait=1";

struct target {
	struct hosts_entry host;
	const char *socket;
	unsigned wait_s;
	bool tcp;  /* do not let the library turn "localhost" into its socket */
};

/* What a server said, not the client library. */
static bool is_servers(unsigned error)
{
	return (error > 0 && error < 2000) || error >= 3000;
}

enum store_verdict connect_verdict(unsigned error)
{
	switch (error) {
	case 0:
		return STORE_OK;
	case 1040: case 1047: case 1053: case 1152: case 1180: case 1203: case 1243:
	case 1290: case 1836: case 1927: case 3169: case 4031:
		return STORE_LOST;
	case 1044: case 1045: case 1049: case 1054: case 1064: case 1142:
	case 1143: case 1146: case 1153: case 1176: case 1364: case 1461: case 1665: case 1698:
	case 2026: case 2059:
		return STORE_CONFIG;
	case 1048: case 1062: case 1264: case 1265: case 1366: case 1406:
	case 1452: case 1644: case 3140: case 3819: case 4025:
		return STORE_REFUSED;
	default:
		/* 1205 1213 1020 1317 1969 3024 3101 3572 and whatever else a statement may meet */
		return is_servers(error) ? STORE_AGAIN : STORE_LOST;
	}
}

/* Trouble stays in the handle's error number. */
static void join_cluster(MYSQL *my)
{
	MYSQL_RES *res = mysql_query(my, cluster_ask) == 0 ? mysql_store_result(my) : NULL;
	MYSQL_ROW row = res ? mysql_fetch_row(res) : NULL;
	bool on = row && row[1] && strcmp(row[1], "ON") == 0;

	mysql_free_result(res);
	if (on)
		(void)mysql_query(my, cluster_setup);
}

/* False: trouble, which stays in the handle's error number. */
static bool limit_session(MYSQL *my)
{
	bool unknown = true;

	for (size_t i = 0; unknown && i < sizeof(session_limits) / sizeof(*session_limits); i++)
		unknown = mysql_query(my, session_limits[i]) != 0 && mysql_errno(my) == 1193;
	return unknown || mysql_errno(my) == 0;
}

/* With the check of the host's name: without it both libraries go on in plain text where a server knows no TLS. */
static void demand_tls(MYSQL *my, const char *ca)
{
#ifdef LIBMARIADB
	db_bool on = 1;

	mysql_options(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
#else
	unsigned mode = SSL_MODE_VERIFY_IDENTITY;

	mysql_options(my, MYSQL_OPT_SSL_MODE, &mode);
#endif
	mysql_options(my, MYSQL_OPT_SSL_CA, ca);
}

static MYSQL *try_target(const struct store_settings *s, const struct target *t)
{
	unsigned connect_s = t->wait_s, rw_s = READ_WRITE_TIMEOUT_S, tcp = MYSQL_PROTOCOL_TCP;
	MYSQL *my = mysql_init(NULL);  /* a new handle per attempt: a failed connect wipes the options */

	if (!my) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	mysql_options(my, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(my, MYSQL_OPT_READ_TIMEOUT, &rw_s);
	mysql_options(my, MYSQL_OPT_WRITE_TIMEOUT, &rw_s);
	mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (t->tcp)
		mysql_options(my, MYSQL_OPT_PROTOCOL, &tcp);
	if (t->tcp && s->ssl_ca && *s->ssl_ca)
		demand_tls(my, s->ssl_ca);
#ifndef LIBMARIADB
	bool key = true;

	mysql_options(my, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &key);
#endif
	if (mysql_real_connect(my, *t->host.name ? t->host.name : NULL, s->user, s->password, s->database, t->host.port,
			       t->socket, CLIENT_MULTI_STATEMENTS)) {
		size_t i = 0;

		while (i < sizeof(session_setup) / sizeof(*session_setup) &&
		       mysql_query(my, session_setup[i]) == 0)
			i++;
		if (i == sizeof(session_setup) / sizeof(*session_setup) && limit_session(my))
			join_cluster(my);
	}
	return my;
}

/* True when the handle is connected and set up; else it is closed, with the reason told. */
static bool keep_or_close(MYSQL *my, const struct target *t, enum store_verdict *verdict_r, char *error_r,
			  size_t size)
{
	unsigned error = mysql_errno(my);
	char port[16];

	if (error == 0)
		return true;
	*verdict_r = connect_verdict(error) == STORE_CONFIG ? STORE_CONFIG : STORE_LOST;
	snprintf(port, sizeof(port), ":%u", t->host.port);
	snprintf(error_r, size, "%u %s (connect to %s%s)", error, mysql_error(my), t->socket ? t->socket : t->host.name,
		 t->socket ? "" : t->tcp ? port : " by its socket");
	mysql_close(my);
	return false;
}

static bool host_at(const struct store_settings *s, unsigned n, struct target *t)
{
	t->socket = NULL;
	t->wait_s = CONNECT_TIMEOUT_S;
	t->tcp = true;
	return hosts_at(s->hosts ? s->hosts : "", n, s->port, &t->host);
}

static bool is_on(const char *value)
{
	return value && strcmp(value, "0") != 0 && strcasecmp(value, "OFF") != 0;
}

/* By the socket any server of this machine may answer: the one that is meant has the port, or listens on none. */
static bool is_meant(MYSQL *my, unsigned port)
{
	static const char ask[] = "SELECT @@GLOBAL.port, @@GLOBAL.skip_networking";
	MYSQL_RES *res = mysql_query(my, ask) == 0 ? mysql_store_result(my) : NULL;
	MYSQL_ROW row = res ? mysql_fetch_row(res) : NULL;
	bool yes = row && ((row[0] && strtoul(row[0], NULL, 10) == port) || is_on(row[1]));

	mysql_free_result(res);
	return yes;
}

/*
 * One host. "localhost" meant TCP for the server that the guide describes, and means the socket for MySQL's
 * own tools: the first that answers is right. What is told is what a server said, or else what became of TCP.
 */
static MYSQL *try_host(const struct store_settings *s, struct target *t, enum store_verdict *verdict_r,
		       char *error_r, size_t size)
{
	MYSQL *my = try_target(s, t);
	bool answered = is_servers(mysql_errno(my)), kept;

	if (keep_or_close(my, t, verdict_r, error_r, size))
		return my;
	if (strcmp(t->host.name, "localhost") != 0 && *t->host.name)
		return NULL;
	t->tcp = false;
	my = try_target(s, t);
	kept = mysql_errno(my) == 0 ? is_meant(my, t->host.port) : is_servers(mysql_errno(my)) && !answered;
	if (kept)
		return keep_or_close(my, t, verdict_r, error_r, size) ? my : NULL;
	mysql_close(my);
	return NULL;
}

/* A host that lives and takes no writes: a replica, or a primary that was retired. */
static bool is_read_only(MYSQL *my)
{
	static const char ask[] = "SELECT @@GLOBAL.read_only, @@GLOBAL.innodb_read_only";
	MYSQL_RES *res = mysql_query(my, ask) == 0 ? mysql_store_result(my) : NULL;
	MYSQL_ROW row = res ? mysql_fetch_row(res) : NULL;
	bool yes = row && (is_on(row[0]) || is_on(row[1]));

	mysql_free_result(res);
	return yes;
}

MYSQL *connect_open(const struct store_settings *s, unsigned *host_io, bool *spare_io, enum store_verdict *verdict_r,
		    char *error_r, size_t size)
{
	struct target t;
	MYSQL *spare = NULL;
	bool looking = *spare_io;
	unsigned n = 0, i, first = *host_io;

	*spare_io = false;
	if (s->socket && *s->socket) {
		struct target local = { .socket = s->socket, .wait_s = CONNECT_TIMEOUT_S, .host = { "localhost", s->port } };
		MYSQL *my = try_target(s, &local);

		return keep_or_close(my, &local, verdict_r, error_r, size) ? my : NULL;
	}
	while (host_at(s, n, &t))
		n++;
	for (i = 0; i < n; i++) {
		unsigned at = (first + i) % n;
		MYSQL *my;

		host_at(s, at, &t);
		if (looking)
			t.wait_s = LOOK_TIMEOUT_S;
		my = try_host(s, &t, verdict_r, error_r, size);
		if (!my)
			continue;
		if (!is_read_only(my)) {
			if (spare)
				mysql_close(spare);
			*host_io = at;
			*spare_io = false;
			return my;
		}
		if (spare) {
			mysql_close(my);
			continue;
		}
		spare = my;
		*host_io = at;
		*spare_io = true;
	}
	return spare;
}

void connect_durability(MYSQL *my, struct store_durability *d)
{
	static const char durability[] = "SELECT @@GLOBAL.innodb_flush_log_at_trx_commit, @@GLOBAL.sync_binlog,"
					 " @@GLOBAL.log_bin";
	MYSQL_RES *res;
	MYSQL_ROW row;

	memset(d, 0, sizeof(*d));
	if (mysql_query(my, durability) != 0)
		return;
	res = mysql_store_result(my);
	if (!res)
		return;
	row = mysql_fetch_row(res);
	if (row && row[0] && row[1] && row[2]) {
		d->known = true;
		d->flush_log = atoi(row[0]);
		d->sync_binlog = atoi(row[2]) ? atoi(row[1]) : -1;
		d->can_lose = d->flush_log != 1 || (d->sync_binlog != 1 && d->sync_binlog != -1);
	}
	mysql_free_result(res);
}

bool connect_room_index(MYSQL *my)
{
	static const char ask[] = "SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE()"
				  " AND table_name = 'mensajes' AND index_name = 'upred_mensajes_sala_id' LIMIT 1";
	MYSQL_RES *res = mysql_query(my, ask) == 0 ? mysql_store_result(my) : NULL;
	bool yes = res && mysql_fetch_row(res);

	mysql_free_result(res);
	return yes;
}

/* "10.11.6-MariaDB…", for old clients' sake sometimes with "5.5.5-" in front. */
bool connect_returns(MYSQL *my)
{
	const char *info = mysql_get_server_info(my);
	unsigned major = 0, minor = 0;

	if (!info || !strstr(info, "MariaDB"))
		return false;
	if (strncmp(info, "5.5.5-", 6) == 0)
		info += 6;
	return sscanf(info, "%u.%u", &major, &minor) == 2 && (major > 10 || (major == 10 && minor >= 5));
}
