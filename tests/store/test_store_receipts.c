/* test_store_receipts: delivered, read, read all, and the unread counts that follow from them. */
// objects: shared/buf.o shared/arena.o shared/ids.o shared/log.o shared/json_write.o fcgi-api/store/*.o
#include "campus.h"

/* Of a room, or of all (NULL). */
static int64_t unread(int64_t person, const struct store_room *room)
{
	int64_t n;

	BEGIN();
	if (room)
		n = campus_unread(person, room);
	else
		OK(store_unread_count(st, person, &n));
	COMMIT();
	return n;
}

static struct store_receipt mark(int64_t message, int64_t person, enum store_mark m)
{
	struct store_receipt r = { .message_id = message, .person_id = person, .mark = m };

	BEGIN();
	OK(store_receipt_mark(st, &r, 1, mem));
	COMMIT();
	return r;
}

static void marks_are_made_once(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	int64_t id = campus_say(&room, ID(1), "x");
	struct store_receipt r;

	(void)state;
	r = mark(id, ID(2), STORE_DELIVERED);
	assert_int_equal(r.verdict, STORE_RECEIPT_STORED);
	assert_true(r.changed && r.delivered_at && !r.read_at);
	assert_int_equal(r.author_id, ID(1));
	assert_int_equal(r.room.id, room.id);
	admin("UPDATE destinatarios_mensaje SET entregado_en = '2021-01-01 00:00:00' WHERE mensaje_id = %lld",
	      L(id));
	r = mark(id, ID(2), STORE_DELIVERED);
	assert_true(!r.changed && r.delivered_at < 1700000000);
	r = mark(id, ID(2), STORE_READ);
	assert_true(r.changed && r.read_at > 1700000000 && r.delivered_at < 1700000000);
	r = mark(id, ID(2), STORE_READ);
	assert_false(r.changed);
	r = mark(id, ID(2), STORE_DELIVERED);
	assert_true(!r.changed && r.read_at);
	r = mark(id, ID(1), STORE_READ);
	assert_int_equal(r.verdict, STORE_RECEIPT_OWN);
	assert_int_equal(mark(id, ID(3), STORE_READ).verdict, STORE_RECEIPT_NOT_MEMBER);
	assert_int_equal(mark(INT64_MAX, ID(3), STORE_READ).verdict, STORE_RECEIPT_NOT_FOUND);
	assert_int_equal(
		admin_number("SELECT COUNT(*) FROM destinatarios_mensaje WHERE mensaje_id = %lld", L(id)), 1);
}

static void read_implies_delivered_where_there_is_no_row(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	int64_t id = campus_say(&room, ID(1), "x");
	struct store_receipt r;

	(void)state;
	admin("DELETE FROM destinatarios_mensaje WHERE mensaje_id = %lld", L(id));
	r = mark(id, ID(2), STORE_READ);
	assert_true(r.changed && r.read_at && r.delivered_at);
}

static void set_of_many(void **state)
{
	struct store_room direct = campus_direct(ID(1), ID(2)), group = campus_group_room(ID(10), ID(1));
	struct store_receipt set[STORE_SET_MAX];
	int64_t one = campus_say(&direct, ID(1), "x"), all = campus_say(&group, ID(1), "y");
	size_t i;

	(void)state;
	for (i = 0; i < STORE_SET_MAX; i++)
		set[i] = (struct store_receipt){ .message_id = i % 2 ? one : all, .person_id = ID(1 + i % 7),
						 .mark = i % 3 ? STORE_READ : STORE_DELIVERED };
	BEGIN();
	OK(store_receipt_mark(st, set, STORE_SET_MAX, mem));
	COMMIT();
	for (i = 0; i < STORE_SET_MAX; i++) {
		int64_t person = set[i].person_id;
		bool in = i % 2 ? person <= ID(2) : person <= ID(5);

		assert_int_equal(set[i].verdict, !in ? STORE_RECEIPT_NOT_MEMBER :
				 person == ID(1) ? STORE_RECEIPT_OWN : STORE_RECEIPT_STORED);
		assert_true(!set[i].changed || (set[i].delivered_at && i < 28));
	}
	assert_int_equal(
		admin_number("SELECT COUNT(*) FROM destinatarios_mensaje WHERE mensaje_id IN (%lld, %lld)"
			     " AND leido_en IS NOT NULL",
			     L(one), L(all)),
		5);
}

static void direct_unread_and_read_all(void **state)
{
	struct store_room room = campus_direct(ID(3), ID(4));
	struct store_read_all all;
	int64_t last = 0;
	int i;

	(void)state;
	assert_int_equal(unread(ID(4), NULL), 0);
	for (i = 0; i < 5; i++)
		last = campus_say(&room, ID(3), "x");
	campus_say(&room, ID(4), "mío");
	admin("UPDATE mensajes SET eliminado_en = CURRENT_TIMESTAMP WHERE id = %lld", L(last - 1));
	assert_int_equal(unread(ID(4), NULL), 4);
	assert_int_equal(unread(ID(4), &room), 4);
	assert_int_equal(unread(ID(3), NULL), 1);
	BEGIN();
	OK(store_receipt_read_all(st, &room, ID(4), mem, &all));
	COMMIT();
	assert_int_equal(all.count, 4);
	assert_int_equal(all.author_count, 1);
	assert_int_equal(all.authors[0].author_id, ID(3));
	assert_int_equal(all.authors[0].newest_id, last);
	assert_true(llabs(all.read_at - time(NULL)) <= 5);
	assert_int_equal(unread(ID(4), NULL), 0);
	BEGIN();
	OK(store_receipt_read_all(st, &room, ID(4), mem, &all));
	COMMIT();
	assert_int_equal(all.count, 0);
}

static void group_without_rows_counts_from_the_newest_read(void **state)
{
	struct store_room room = campus_group_room(ID(11), ID(1));
	struct store_read_all all;
	int64_t ids[6];
	int i;

	(void)state;
	admin("UPDATE miembros_grupo SET unido_en = CURRENT_TIMESTAMP - INTERVAL 1 HOUR WHERE grupo_id ="
	      " %lld",
	      L(ID(11)));
	for (i = 0; i < 6; i++)
		ids[i] = campus_say(&room, i == 5 ? ID(2) : ID(1), "x");
	admin("DELETE FROM destinatarios_mensaje WHERE mensaje_id BETWEEN %lld AND %lld", L(ids[0]),
	      L(ids[5]));
	admin("UPDATE mensajes SET enviado_en = CURRENT_TIMESTAMP - INTERVAL 2 HOUR WHERE id = %lld",
	      L(ids[0]));
	assert_int_equal(unread(ID(2), NULL), 4);      /* 1..4: 0 is older than the membership, 5 is their own */
	mark(ids[2], ID(2), STORE_READ);
	assert_int_equal(unread(ID(2), NULL), 2);      /* 3 and 4 */
	assert_int_equal(unread(ID(3), &room), 5);
	BEGIN();
	OK(store_receipt_read_all(st, &room, ID(3), mem, &all));
	COMMIT();
	assert_int_equal(all.count, 5);
	assert_int_equal(all.author_count, 2);
	assert_int_equal(unread(ID(3), &room), 0);
	assert_int_equal(
		admin_number("SELECT COUNT(*) FROM destinatarios_mensaje WHERE destinatario_id = %lld"
			     " AND mensaje_id >= %lld",
			     L(ID(3)), L(ids[0])),
		1);
	assert_int_equal(
		admin_number("SELECT MAX(mensaje_id) FROM destinatarios_mensaje WHERE destinatario_id = %lld",
			     L(ID(3))),
		ids[5]);
}

/* Another device says that it got what was read, or what is older than the membership: it stays as it was counted. */
static void delivered_makes_nothing_unread(void **state)
{
	struct store_room room = campus_group_room(ID(11), ID(1));
	struct store_receipt set[3], r;
	int64_t ids[6];
	int i;

	(void)state;
	admin("DELETE FROM mensajes WHERE sala_chat_id = %lld", L(room.id));
	admin("UPDATE miembros_grupo SET unido_en = CURRENT_TIMESTAMP - INTERVAL 1 HOUR WHERE grupo_id = %lld", L(ID(11)));
	for (i = 0; i < 6; i++)
		ids[i] = campus_say(&room, ID(1), "x");
	admin("DELETE FROM destinatarios_mensaje WHERE mensaje_id BETWEEN %lld AND %lld", L(ids[0]), L(ids[5]));
	admin("UPDATE mensajes SET enviado_en = CURRENT_TIMESTAMP - INTERVAL 2 HOUR WHERE id = %lld", L(ids[0]));
	r = mark(ids[0], ID(2), STORE_DELIVERED);
	assert_true(r.changed && r.read_too && r.delivered_at && r.read_at);
	assert_int_equal(unread(ID(2), &room), 5);
	r = mark(ids[1], ID(2), STORE_DELIVERED);
	assert_true(r.changed && !r.read_too && r.delivered_at && !r.read_at);
	assert_int_equal(unread(ID(2), &room), 5);
	mark(ids[3], ID(2), STORE_READ);
	assert_int_equal(unread(ID(2), &room), 3);      /* 1, which has a row of its own, 4 and 5 */
	/* the newer one first: one question is for both */
	set[0] = (struct store_receipt){ .message_id = ids[4], .person_id = ID(2), .mark = STORE_DELIVERED };
	set[1] = (struct store_receipt){ .message_id = ids[2], .person_id = ID(2), .mark = STORE_DELIVERED };
	BEGIN();
	OK(store_receipt_mark(st, set, 2, mem));
	COMMIT();
	assert_true(set[0].changed && !set[0].read_too && !set[0].read_at);
	assert_true(set[1].changed && set[1].read_too && set[1].read_at);
	r = mark(ids[2], ID(2), STORE_DELIVERED);
	assert_true(!r.changed && !r.read_too);
	assert_false(mark(ids[1], ID(2), STORE_DELIVERED).changed);
	assert_int_equal(unread(ID(2), &room), 3);
	/* the newest read and older ones delivered in one set */
	set[0] = (struct store_receipt){ .message_id = ids[5], .person_id = ID(3), .mark = STORE_READ };
	set[1] = (struct store_receipt){ .message_id = ids[4], .person_id = ID(3), .mark = STORE_DELIVERED };
	set[2] = (struct store_receipt){ .message_id = ids[2], .person_id = ID(3), .mark = STORE_DELIVERED };
	BEGIN();
	OK(store_receipt_mark(st, set, 3, mem));
	COMMIT();
	assert_true(set[1].read_too && set[2].read_too && set[0].changed && !set[0].read_too);
	assert_int_equal(unread(ID(3), &room), 0);
}

/* What the other device says it got, and this one read, in one set: the first made it read, the second has nothing to do. */
static void read_by_its_delivered_mark_is_not_read_again(void **state)
{
	struct store_room room = campus_group_room(ID(11), ID(1));
	int64_t id = campus_say(&room, ID(1), "x"), newer = campus_say(&room, ID(1), "y");
	struct store_receipt set[3];
	size_t i;

	(void)state;
	admin("DELETE FROM destinatarios_mensaje WHERE mensaje_id IN (%lld, %lld)", L(id), L(newer));
	mark(newer, ID(2), STORE_READ);
	for (i = 0; i < 3; i++)
		set[i] = (struct store_receipt){ .message_id = id, .person_id = ID(2),
						 .mark = i == 1 ? STORE_READ : STORE_DELIVERED };
	BEGIN();
	OK(store_receipt_mark(st, set, 3, mem));
	COMMIT();
	assert_true(set[0].changed && set[0].read_too && set[0].read_at);
	assert_true(!set[1].changed && !set[2].changed);
	assert_true(set[1].verdict == STORE_RECEIPT_STORED && set[1].read_at == set[0].read_at);
}

static int setup(void **state)
{
	if (campus_setup(state))
		return -1;
	campus_group(ID(10), 5);
	campus_group(ID(11), 3);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_made_once),
		cmocka_unit_test(read_implies_delivered_where_there_is_no_row),
		cmocka_unit_test(direct_unread_and_read_all),
		cmocka_unit_test(group_without_rows_counts_from_the_newest_read),
		cmocka_unit_test(set_of_many),
		cmocka_unit_test(delivered_makes_nothing_unread),
		cmocka_unit_test(read_by_its_delivered_mark_is_not_read_again),
	};

	return cmocka_run_group_tests(tests, setup, campus_teardown);
}
