/*
 * test_store_session: a server that sets up everybody's session in its own way (init_connect, or what the handshake says
 * about characters passed over): the same statements are run here where the server would run them, before ours. And one
 * that answers a ROLLBACK with an error, as KILL QUERY at that moment brings it about.
 */
// objects: shared/buf.o shared/arena.o shared/ids.o shared/log.o shared/json_write.o fcgi-api/store/*.o
// ldflags: -Wl,--wrap=mysql_real_connect -Wl,--wrap=mysql_query
#include "campus.h"

static const char *init_connect;

__typeof__(mysql_real_connect) __real_mysql_real_connect, __wrap_mysql_real_connect;
MYSQL *__wrap_mysql_real_connect(MYSQL *my, const char *host, const char *user, const char *password, const char *database,
				 unsigned port, const char *socket, unsigned long flags)
{
	MYSQL *got = __real_mysql_real_connect(my, host, user, password, database, port, socket, flags);

	if (got && init_connect)
		assert_int_equal(mysql_query(got, init_connect), 0);
	return got;
}

static bool rollback_fails;

__typeof__(mysql_query) __real_mysql_query, __wrap_mysql_query;
int __wrap_mysql_query(MYSQL *my, const char *sql)
{
	if (rollback_fails && strcmp(sql, "ROLLBACK") == 0)
		sql = "SIGNAL SQLSTATE '70100' SET MYSQL_ERRNO = 1317, MESSAGE_TEXT = 'Query execution was interrupted'";
	return __real_mysql_query(my, sql);
}

/* Sends, reads and counts as people do, in a fresh session. */
static void everything_holds(const char *setup)
{
	static const char text[] = "Hola ñ 😀";
	struct store_room room = campus_direct(ID(1), ID(2));
	struct store_room_entry *rooms;
	struct store_history history;
	size_t count;
	int64_t id, unread;

	init_connect = setup;
	store_close(st);
	st = store_open(&campus_settings);
	id = campus_say(&room, ID(1), text);
	campus_say(&room, ID(1), text);
	init_connect = NULL;
	assert_int_equal(admin_number("SELECT HEX(contenido) = HEX('%s') FROM mensajes WHERE id = %lld", text, L(id)), 1);
	BEGIN();
	OK(store_message_history(st, &(struct store_page){ .room_id = room.id, .before = -1, .after = id - 1, .limit = 50 },
				 mem, &history));
	OK(store_room_list(st, ID(2), 50, mem, &rooms, &count));
	OK(store_unread_count(st, ID(2), &unread));
	COMMIT();
	assert_int_equal(history.count, 2);
	assert_text(history.messages[0].contenido, text);
	assert_text(history.messages[0].sender.nombre, "Ñandú");
	assert_int_equal(count, 1);
	assert_true(unread >= 2);
}

static void sessions_are_ours_whatever_the_server_sets(void **state)
{
	(void)state;
	everything_holds("SET NAMES latin1");
	everything_holds("SET NAMES utf8mb3");
	everything_holds("SET sql_select_limit = 1");
	everything_holds("SET sql_safe_updates = 1");
	everything_holds("SET max_join_size = 1");
	everything_holds("SET completion_type = 2");
	everything_holds("SET SESSION TRANSACTION READ ONLY");
	everything_holds("SET autocommit = 1, sql_mode = 'ANSI_QUOTES'");
}

/* Else the next COMMIT on this connection would be of what was given up. */
static void what_was_rolled_back_in_vain_is_never_committed(void **state)
{
	struct store_person person;
	struct store_room room;
	bool created;

	(void)state;
	BEGIN();
	OK(store_room_direct(st, ID(3), ID(4), mem, &room, &created));
	assert_true(created);
	rollback_fails = true;
	store_rollback(st);
	rollback_fails = false;
	BEGIN();
	OK(store_person_by_id(st, ID(1), mem, &person));
	COMMIT();
	assert_int_equal(admin_number("SELECT COUNT(*) FROM salas_chat WHERE id = %lld", L(room.id)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_are_ours_whatever_the_server_sets),
		cmocka_unit_test(what_was_rolled_back_in_vain_is_never_committed),
	};

	return cmocka_run_group_tests(tests, campus_setup, campus_teardown);
}
