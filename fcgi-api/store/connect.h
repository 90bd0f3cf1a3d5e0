/*
 * connect: from settings to a session that is set up; and what an error number means.
 *
 * Room: fcgi-api/store, inside. Called by session.
 */
#ifndef STORE_CONNECT_H
#define STORE_CONNECT_H

#include "store.h"

#include <mysql.h>

/* my_bool in MariaDB's client, bool in Oracle's. */
typedef __typeof__(*((MYSQL_BIND *)0)->is_null) db_bool;

/*
 * Tries the hosts in order, beginning with the one that answered last (*host_io), and sets the session up:
 * utf8mb4, READ COMMITTED, strict, no autocommit, short waits. One that takes no writes is used only when no other
 * answers (*spare_io); from there, with *spare_io set, silent ones are waited for only shortly. The handle is the caller's
 * (mysql_close); NULL: none answered, with the verdict and one line in error_r.
 */
MYSQL *connect_open(const struct store_settings *s, unsigned *host_io, bool *spare_io, enum store_verdict *verdict_r,
		    char *error_r, size_t error_size);
/* Asks the session how durable a commit is. */
void connect_durability(MYSQL *my, struct store_durability *d_r);
/* Whether the optional index on a room's messages by id is there (sql/indexes.sql). */
bool connect_room_index(MYSQL *my);
/* Whether the server understands INSERT … RETURNING. */
bool connect_returns(MYSQL *my);
/* What an error number of server or client means. 1062 counts as REFUSED. */
enum store_verdict connect_verdict(unsigned error);

#endif
