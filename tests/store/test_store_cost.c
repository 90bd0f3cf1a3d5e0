/* test_store_cost: what a page costs is what it holds, wherever in a table of many rows. With indexes.sql in place. */
// objects: shared/buf.o shared/arena.o shared/ids.o shared/log.o shared/json_write.o fcgi-api/store/*.o
#include "campus.h"

/* Rows and index entries that the server read so far, whoever asked. */
static int64_t rows_read(void)
{
	return admin_number("SELECT SUM(VARIABLE_VALUE) FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME IN "
		"('HANDLER_READ_PREV', 'HANDLER_READ_NEXT', 'HANDLER_READ_RND_NEXT')");
}

/* With many rows the optimizer knows what it does; with few it may do as it likes. */
static void a_page_far_back_does_not_read_what_is_newer(void **state)
{
	struct store_room room = campus_direct(ID(2), ID(3));
	struct store_history h;
	int64_t middle, before;

	(void)state;
	admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) "
		"SELECT UUID(), %lld, %lld, 'x' FROM seq_1_to_20000", L(room.id), L(ID(2)));
	admin_number("ANALYZE TABLE mensajes");
	middle = admin_number("SELECT MIN(id) + 5000 FROM mensajes WHERE sala_chat_id = %lld", L(room.id));
	for (int skip = 0; skip <= 100; skip += 100) {
		before = rows_read();
		h = campus_page((struct store_page){ room.id, middle, -1, (unsigned)skip, 50, 0, false });
		assert_in_range(rows_read() - before, 50, 5000);
		assert_int_equal(h.count, 50);
		assert_int_equal(h.messages[49].id, middle - 1 - skip);
	}
}

/*
 * By the primary key a room's messages are found among everybody's. The optimizer takes that way once a prepared statement
 * has been run a few times, or the newest messages of a room are deleted ones.
 */
static void a_quiet_room_costs_what_it_holds(void **state)
{
	struct store_room quiet = campus_direct(ID(1), ID(4)), busy = campus_direct(ID(3), ID(4));
	struct store_history h;
	struct store_message last;
	int64_t first, before;

	(void)state;
	admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido, eliminado_en) SELECT UUID(), %lld,"
		" %lld, 'x', IF(seq < 200, NULL, CURRENT_TIMESTAMP) FROM seq_1_to_200", L(quiet.id), L(ID(1)));
	first = admin_number("SELECT MIN(id) FROM mensajes WHERE sala_chat_id = %lld", L(quiet.id));
	admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) "
		"SELECT UUID(), %lld, %lld, 'x' FROM seq_1_to_40000", L(busy.id), L(ID(3)));
	admin_number("ANALYZE TABLE mensajes");
	before = rows_read();
	for (int i = 0; i < 10; i++) {
		h = campus_page((struct store_page){ quiet.id, -1, -1, 0, 1, 0, false });
		assert_int_equal(h.count, 1);
		h = campus_page((struct store_page){ quiet.id, -1, first, 0, 1, 0, false });
		assert_int_equal(h.count, 1);
		BEGIN();
		OK(store_room_last(st, quiet.id, mem, &last));
		COMMIT();
		assert_int_equal(last.id, first + 198);
	}
	assert_in_range(rows_read() - before, 30, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_far_back_does_not_read_what_is_newer),
		cmocka_unit_test(a_quiet_room_costs_what_it_holds),
	};

	return cmocka_run_group_tests(tests, campus_setup, campus_teardown);
}
