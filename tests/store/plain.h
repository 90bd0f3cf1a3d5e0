/*
 * plain: a server that does not understand INSERT … RETURNING (MySQL, and MariaDB before 10.5), played by the one at
 * hand: what the store makes of its version is kept from it.
 *
 * Included before the tests that are to run so, by a program linked with --wrap=connect_returns and
 * --wrap=mysql_get_server_info; it renames their main, so that plain_main can look whether it was so.
 */
#ifndef TESTS_STORE_PLAIN_H
#define TESTS_STORE_PLAIN_H

#include "campus.h"

bool __wrap_connect_returns(MYSQL *my);
bool __real_connect_returns(MYSQL *my);
const char *__wrap_mysql_get_server_info(MYSQL *my);
const char *__real_mysql_get_server_info(MYSQL *my);

static unsigned plain_asked;
static const char *plain_version;   /* NULL: the server's own */

bool __wrap_connect_returns(MYSQL *my)
{
	(void)my;
	plain_asked++;
	return false;
}

const char *__wrap_mysql_get_server_info(MYSQL *my)
{
	return plain_version ? plain_version : __real_mysql_get_server_info(my);
}

static void versions_are_told_apart(void **state)
{
	static const struct { const char *version; bool returns; } rows[] = {
		{ "10.5.0-MariaDB", true },           { "10.11.6-MariaDB-0+deb12u1-log", true },
		{ "5.5.5-10.6.4-MariaDB", true },     { "11.4.2-MariaDB", true },
		{ "10.4.34-MariaDB", false },         { "5.5.5-10.4.9-MariaDB", false },
		{ "5.5.68-MariaDB", false },          { "8.0.36", false },
		{ "8.4.0-commercial", false },        { "MariaDB", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		plain_version = rows[i].version;
		if (__real_connect_returns(NULL) != rows[i].returns)
			fail_msg("%s", rows[i].version);
	}
	plain_version = NULL;
}

/* The tests before were no tests of this path if the store had not asked. */
static void the_store_asked(void **state)
{
	(void)state;
	assert_true(plain_asked > 0);
}

/* Runs the renamed main, then what belongs to all of them. */
static int plain_main(int (*tests_main)(void))
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_store_asked),
		cmocka_unit_test(versions_are_told_apart),
	};
	int failed = tests_main();

	return cmocka_run_group_tests(tests, NULL, NULL) || failed;
}

#endif
