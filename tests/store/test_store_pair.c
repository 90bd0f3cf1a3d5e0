/*
 * test_store_pair: what goes to the server in one text, when one of the two questions fails there. The text is
 * changed once on its way, so that the server itself says no, or ends the session, at a known place.
 */
// objects: shared/buf.o shared/arena.o shared/ids.o shared/log.o shared/json_write.o fcgi-api/store/*.o
// ldflags: -Wl,--wrap=mysql_real_query
#include "campus.h"

#define DEADLOCK "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213"
#define LOSS "KILL CONNECTION_ID()"

static struct {
	const char *instead;  /* what is asked in place of a question of the next pair; NULL: nothing */
	bool second;          /* of which of the two */
} bad;

int __real_mysql_real_query(MYSQL *my, const char *text, unsigned long len);
int __wrap_mysql_real_query(MYSQL *my, const char *text, unsigned long len);

int __wrap_mysql_real_query(MYSQL *my, const char *text, unsigned long len)
{
	bool pair = bad.instead && len > 6 && !memcmp(text, "SELECT", 6);
	const char *end = pair ? memmem(text, len, "; ", 2) : NULL;
	int first_len, r, n;
	char *changed;

	if (!end)
		return __real_mysql_real_query(my, text, len);
	first_len = (int)(end - text);
	if (bad.second)
		n = asprintf(&changed, "%.*s; %s; ", first_len, text, bad.instead);
	else
		n = asprintf(&changed, "%s%.*s", bad.instead, (int)len - first_len, end);
	assert_true(n > 0);
	bad.instead = NULL;
	r = __real_mysql_real_query(my, changed, (unsigned long)n);
	free(changed);
	return r;
}

static struct store_room room;

static int64_t stored(const struct store_send *s)
{
	return admin_number("SELECT COUNT(*) FROM mensajes WHERE mensaje_uuid = '%s'", s->uuid.p);
}

/* Sends with a pair that is broken, and once more as a door does it; `sessions`: how many more it took. */
static void fails_then_holds(const char *instead, bool second, enum store_verdict verdict, unsigned sessions)
{
	struct store_send s = campus_send(room.uuid, ID(1), "x");
	unsigned before;

	campus_say(&room, ID(1), "antes");
	before = store_generation(st);
	BEGIN();
	bad.instead = instead;
	bad.second = second;
	assert_int_equal(store_message_save(st, &s, 1, mem), verdict);
	assert_null(bad.instead);
	store_rollback(st);
	assert_int_equal(stored(&s), 0);
	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	COMMIT();
	assert_int_equal(s.verdict, STORE_SEND_STORED);
	assert_int_equal(s.message.sender.id, ID(1));
	assert_int_equal(stored(&s), 1);
	assert_int_equal(store_generation(st), before + sessions);
	campus_say(&room, ID(2), "después");
}

static void the_first_deadlocks(void **state)
{
	(void)state;
	fails_then_holds(DEADLOCK, false, STORE_AGAIN, 0);
}

static void the_second_deadlocks(void **state)
{
	(void)state;
	fails_then_holds(DEADLOCK, true, STORE_AGAIN, 0);
}

/* The first has its rows already: nothing is run again behind the caller's back. */
static void the_session_ends_between_the_two(void **state)
{
	(void)state;
	fails_then_holds(LOSS, true, STORE_LOST, 1);
}

/* Nothing of the transaction has happened yet: the session is replaced unseen. */
static void the_session_ends_before_both(void **state)
{
	struct store_send s = campus_send(room.uuid, ID(1), "x");
	unsigned before;

	(void)state;
	campus_say(&room, ID(1), "antes");  /* the room's number is known from here on, */
	s.fresh = true;                     /* and no repeat is looked for: the pair comes first */
	before = store_generation(st);
	BEGIN();
	bad.instead = LOSS;
	bad.second = false;
	OK(store_message_save(st, &s, 1, mem));
	COMMIT();
	assert_null(bad.instead);
	assert_int_equal(s.verdict, STORE_SEND_STORED);
	assert_int_equal(stored(&s), 1);
	assert_int_equal(store_generation(st), before + 1);
}

static int setup(void **state)
{
	if (campus_setup(state))
		return -1;
	room = campus_direct(ID(1), ID(2));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_deadlocks),
		cmocka_unit_test(the_second_deadlocks),
		cmocka_unit_test(the_session_ends_between_the_two),
		cmocka_unit_test(the_session_ends_before_both),
	};

	return cmocka_run_group_tests(tests, setup, campus_teardown);
}
