/*
 * test_store_unread: a large group that somebody has not read for long is counted without being walked, and to the last
 * message; marcar-leidos works there, and for however many authors; who is named in a group's row is no member. Beyond a hundred thousand of one's own
 * the count ends, and marcar-leidos goes on call by call.
 */
// objects: shared/buf.o shared/arena.o shared/ids.o shared/log.o shared/json_write.o fcgi-api/store/*.o
// ldflags: -Wl,--wrap=mysql_stmt_prepare
#include "campus.h"

#define FAR 30000        /* ids without a message: what lies below them is not near any more */

static struct store_room group, elsewhere;
static int64_t receipt_in_between;  /* of ID(2), made by somebody else just before our INSERT */

int __real_mysql_stmt_prepare(MYSQL_STMT *s, const char *text, unsigned long len);
int __wrap_mysql_stmt_prepare(MYSQL_STMT *s, const char *text, unsigned long len);
int __wrap_mysql_stmt_prepare(MYSQL_STMT *s, const char *text, unsigned long len)
{
	if (receipt_in_between && !strncmp(text, "INSERT INTO destinatarios_mensaje", 33)) {
		admin("INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id) VALUES (%lld, %lld)",
		      L(receipt_in_between), L(ID(2)));
		receipt_in_between = 0;
	}
	return __real_mysql_stmt_prepare(s, text, len);
}

/* The companion's arithmetic, with nothing spared. */
static int64_t companion(int64_t person)
{
	return admin_number(
		"SELECT COUNT(*) FROM mensajes m LEFT JOIN destinatarios_mensaje d ON d.mensaje_id = m.id AND"
		" d.destinatario_id = %lld WHERE m.sala_chat_id = %lld AND m.eliminado_en IS NULL AND"
		" ((d.mensaje_id IS NOT NULL AND d.leido_en IS NULL) OR (d.mensaje_id IS NULL AND m.remitente_id <> %lld"
		" AND m.id > (SELECT COALESCE(MAX(r.mensaje_id), 0) FROM destinatarios_mensaje r JOIN mensajes o"
		" ON o.id = r.mensaje_id WHERE r.destinatario_id = %lld AND r.leido_en IS NOT NULL AND o.sala_chat_id ="
		" %lld) AND m.enviado_en > (SELECT unido_en FROM miembros_grupo WHERE grupo_id = %lld AND usuario_id ="
		" %lld)))",
		L(person), L(group.id), L(person), L(person), L(group.id), L(ID(10)), L(person));
}

static void same(int64_t person, int64_t at_least)
{
	int64_t n, theirs = companion(person);

	BEGIN();
	n = campus_unread(person, &group);
	COMMIT();
	assert_int_equal(n, theirs);
	assert_true(n >= at_least);
}

static void joined(int64_t person, const char *ago)
{
	admin("UPDATE miembros_grupo SET unido_en = CURRENT_TIMESTAMP - INTERVAL %s WHERE grupo_id = %lld AND usuario_id"
	      " = %lld", ago, L(ID(10)), L(person));
}

/* 4,096 messages by two authors, their times falling once into the past; some are deleted. */
static void fill(void)
{
	int i;

	campus_say(&group, ID(1), "x");
	campus_say(&group, ID(2), "x");
	for (i = 0; i < 11; i++)
		admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT UUID(),"
		      " sala_chat_id, remitente_id, 'x' FROM mensajes WHERE sala_chat_id = %lld", L(group.id));
	admin("DELETE d FROM destinatarios_mensaje d JOIN mensajes m ON m.id = d.mensaje_id WHERE m.sala_chat_id = %lld",
	      L(group.id));
	admin("SET @n = 0");
	admin("UPDATE mensajes SET enviado_en = CURRENT_TIMESTAMP - INTERVAL (8192 - (@n := @n + 1) +"
	      " IF(@n BETWEEN 2000 AND 2100, 1500, 0)) SECOND WHERE sala_chat_id = %lld ORDER BY id", L(group.id));
	admin("UPDATE mensajes SET eliminado_en = CURRENT_TIMESTAMP WHERE sala_chat_id = %lld AND id %% 7 = 0",
	      L(group.id));
	admin("INSERT INTO mensajes (id, mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT MAX(id) + %d, UUID(),"
	      " %lld, %lld, 'x' FROM mensajes", FAR, L(elsewhere.id), L(ID(1)));
}

static int64_t nth(int n)
{
	return admin_number("SELECT id FROM mensajes WHERE sala_chat_id = %lld ORDER BY id LIMIT 1 OFFSET %d",
			    L(group.id), n);
}

static void receipt(int64_t message, int64_t person, const char *read)
{
	admin("INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id, leido_en) VALUES (%lld, %lld, %s)",
	      L(message), L(person), read);
}

static void a_large_group_is_counted_to_the_last_message(void **state)
{
	(void)state;
	same(ID(3), 3000);                               /* never read anything, joined before all */
	same(ID(2), 1500);                               /* half of them are their own */
	joined(ID(3), "6500 SECOND");                    /* behind and before the fall of the times */
	same(ID(3), 1500);
	joined(ID(3), "4100 SECOND");
	same(ID(3), 0);
	joined(ID(3), "1 DAY");
	receipt(nth(2500), ID(3), "NULL");               /* rows of their own: one older, some newer */
	receipt(nth(3500), ID(3), "NULL");
	receipt(nth(4095), ID(3), "NULL");
	same(ID(3), 3000);
	receipt(nth(2600), ID(3), "CURRENT_TIMESTAMP");  /* read up to here */
	same(ID(3), 1000);
	joined(ID(3), "5000 SECOND");                    /* and come again later */
	same(ID(3), 500);
	joined(ID(3), "1 DAY");
}

static void all_of_a_large_group_is_read(void **state)
{
	struct store_read_all all;
	int64_t theirs = companion(ID(2)), newest;

	(void)state;
	newest = admin_number("SELECT MAX(id) FROM mensajes WHERE sala_chat_id = %lld AND remitente_id = %lld AND"
			      " eliminado_en IS NULL", L(group.id), L(ID(1)));
	receipt_in_between = newest;
	BEGIN();
	OK(store_receipt_read_all(st, &group, ID(2), mem, &all));
	COMMIT();
	assert_int_equal(all.count, theirs);
	assert_int_equal(all.author_count, 1);
	assert_int_equal(all.authors[0].newest_id, newest);
	assert_int_equal(receipt_in_between, 0);
	assert_int_equal(admin_number("SELECT COUNT(*) FROM destinatarios_mensaje WHERE destinatario_id = %lld AND"
				      " mensaje_id = %lld AND leido_en IS NOT NULL AND entregado_en IS NOT NULL",
				      L(ID(2)), L(newest)), 1);
	same(ID(2), 0);
	assert_int_equal(companion(ID(2)), 0);
}

static struct store_receipt delivered(int64_t message, int64_t person)
{
	struct store_receipt r = { .message_id = message, .person_id = person, .mark = STORE_DELIVERED };

	BEGIN();
	OK(store_receipt_mark(st, &r, 1, mem));
	COMMIT();
	assert_true(r.changed);
	return r;
}

static int64_t nth_of_others(int n, int64_t person)
{
	return admin_number("SELECT id FROM mensajes WHERE sala_chat_id = %lld AND id >= %lld AND remitente_id <> %lld AND"
			    " eliminado_en IS NULL ORDER BY id LIMIT 1", L(group.id), L(nth(n)), L(person));
}

/* What was read over long ago does not begin to count because a device says that it got it, however far below it lies. */
static void delivered_far_below_makes_nothing_unread(void **state)
{
	int64_t before = companion(ID(5)), between;

	(void)state;
	delivered(nth_of_others(1000, ID(5)), ID(5));    /* nothing was read yet: it counted, and goes on */
	assert_int_equal(companion(ID(5)), before);
	receipt(nth(1500), ID(5), "CURRENT_TIMESTAMP");
	before = companion(ID(5));
	between = nth_of_others(1200, ID(5));
	assert_true(delivered(between, ID(5)).read_too);
	assert_false(delivered(nth_of_others(1600, ID(5)), ID(5)).read_too);
	assert_int_equal(companion(ID(5)), before);
	same(ID(5), 2000);
}

/* Behind a step full of the reader's own messages there are others'. */
static void reading_all_goes_on_in_steps(void **state)
{
	struct store_read_all all;
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT"
		      " UUID(), sala_chat_id, %lld, 'x' FROM mensajes WHERE sala_chat_id = %lld", L(ID(4)), L(group.id));
	same(ID(4), 3000);
	BEGIN();
	OK(store_receipt_read_all(st, &group, ID(4), mem, &all));
	COMMIT();
	assert_true(all.count > 3000 && all.author_count == 2);
	same(ID(4), 0);
	assert_int_equal(companion(ID(4)), 0);
}

/* All is read and counted, also what more authors wrote than are told: of these the 1,000 of the newest messages. */
static void more_authors_than_are_told(void **state)
{
	struct store_room crowd = campus_group_room(ID(11), ID(1));
	struct store_read_all all;
	int64_t n, newest;
	int person, rows;

	(void)state;
	admin("SET @n = 1000");
	admin("INSERT INTO usuarios (id, correo_institucional, hash_contrasena, nombre, apellido_paterno, fecha_nacimiento, rol)"
	      " SELECT %lld + (@n := @n + 1), CONCAT(UUID(), '@upred.example'), '!', 'Uno', 'Más', '2000-01-01', 'estudiante'"
	      " FROM mensajes LIMIT 1200", L(ID(0)));
	admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT UUID(), %lld, id, 'x'"
	      " FROM usuarios WHERE id BETWEEN %lld AND %lld ORDER BY id", L(crowd.id), L(ID(1001)), L(ID(2200)));
	newest = admin_number("SELECT MAX(id) FROM mensajes WHERE sala_chat_id = %lld", L(crowd.id));
	admin("INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id) SELECT id, %lld FROM mensajes WHERE"
	      " sala_chat_id = %lld", L(ID(2)), L(crowd.id));
	for (person = 2; person <= 3; person++) {
		BEGIN();
		OK(store_receipt_read_all(st, &crowd, ID(person), mem, &all));
		n = campus_unread(ID(person), &crowd);
		COMMIT();
		assert_int_equal(n, 0);
		assert_int_equal(all.count, 1200);
		assert_int_equal(all.author_count, 1000);
		assert_int_equal(all.authors[0].newest_id, newest);
		rows = person == 2 ? 1200 : 1;
		assert_int_equal(admin_number("SELECT COUNT(*) FROM destinatarios_mensaje WHERE destinatario_id = %lld AND"
					      " mensaje_id <= %lld AND leido_en IS NOT NULL AND mensaje_id > %lld - 1200",
					      L(ID(person)), L(newest), L(newest)), rows);
	}
	admin("DELETE FROM usuarios WHERE id BETWEEN %lld AND %lld", L(ID(1001)), L(ID(2200)));
}

static void a_name_in_the_row_of_a_group_is_no_membership(void **state)
{
	struct store_message m;
	struct store_history h;
	struct store_room room;
	bool member;

	(void)state;
	admin("UPDATE salas_chat SET usuario_a_id = %lld WHERE id = %lld", L(ID(6)), L(group.id));
	BEGIN();
	OK(store_room_by_id(st, group.id, ID(6), mem, &room, &member));
	assert_false(member);
	OK(store_room_by_uuid(st, group.uuid, ID(6), mem, &room, &member));
	assert_false(member);
	OK(store_message_find(st, nth(0), ID(6), mem, &m, &member));
	assert_false(member);
	OK(store_message_news(st, &(struct store_news){ ID(6), nth(4000), 300, false }, mem, &h));
	assert_int_equal(h.count, 0);
	OK(store_room_by_id(st, group.id, ID(3), mem, &room, &member));
	assert_true(member);
	OK(store_room_by_id(st, elsewhere.id, ID(2), mem, &room, &member));
	assert_true(member);
	COMMIT();
}

static int64_t unread_elsewhere(void)
{
	return admin_number("SELECT COUNT(*) FROM destinatarios_mensaje d JOIN mensajes m ON m.id = d.mensaje_id WHERE"
			    " d.destinatario_id = %lld AND d.leido_en IS NULL AND m.sala_chat_id = %lld",
			    L(ID(2)), L(elsewhere.id));
}

/* 131,072 messages of one to the other, none of them read. */
static void a_count_ends_and_marking_goes_on(void **state)
{
	struct store_room beside = campus_direct(ID(3), ID(2));
	struct store_read_all all;
	int64_t n, left = 131072;
	int i;

	(void)state;
	campus_say(&beside, ID(3), "before");
	for (i = 0; i < 17; i++)
		admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT UUID(), sala_chat_id,"
		      " remitente_id, 'x' FROM mensajes WHERE sala_chat_id = %lld", L(elsewhere.id));
	admin("INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id) SELECT id, %lld FROM mensajes WHERE"
	      " sala_chat_id = %lld", L(ID(2)), L(elsewhere.id));
	assert_int_equal(unread_elsewhere(), left);
	campus_say(&beside, ID(3), "behind");
	BEGIN();
	OK(store_receipt_read_all(st, &beside, ID(2), mem, &all));
	COMMIT();
	assert_int_equal(all.count, 2);
	while (left > 0) {
		BEGIN();
		n = campus_unread(ID(2), &elsewhere);
		assert_int_equal(n, left < 100000 ? left : 100000);
		OK(store_receipt_read_all(st, &elsewhere, ID(2), mem, &all));
		COMMIT();
		assert_true(all.count > 20000 || all.count == left);
		assert_int_equal(all.author_count, 1);
		left -= all.count;
		assert_int_equal(unread_elsewhere(), left);
		assert_int_equal(admin_number("SELECT COUNT(*) FROM destinatarios_mensaje WHERE destinatario_id = %lld AND"
					      " mensaje_id <= %lld AND leido_en IS NULL", L(ID(2)),
					      L(all.authors[0].newest_id)), 0);
	}
	campus_say(&group, ID(3), "x");
	/* below the hundred thousand nothing counts, and does not begin to */
	assert_true(delivered(nth_of_others(5000, ID(2)), ID(2)).read_too);
	BEGIN();
	n = campus_unread(ID(2), &group);
	COMMIT();
	assert_int_equal(n, 1);
	BEGIN();
	n = campus_unread(ID(1), &group);  /* whose newest hundred thousand all came later, but one */
	COMMIT();
	assert_int_equal(n, 1);
}

static int setup(void **state)
{
	if (campus_setup(state))
		return -1;
	campus_group(ID(10), 5);
	campus_group(ID(11), 3);
	group = campus_group_room(ID(10), ID(1));
	elsewhere = campus_direct(ID(1), ID(2));
	fill();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_large_group_is_counted_to_the_last_message),
		cmocka_unit_test(delivered_far_below_makes_nothing_unread),
		cmocka_unit_test(all_of_a_large_group_is_read),
		cmocka_unit_test(reading_all_goes_on_in_steps),
		cmocka_unit_test(more_authors_than_are_told),
		cmocka_unit_test(a_name_in_the_row_of_a_group_is_no_membership),
		cmocka_unit_test(a_count_ends_and_marking_goes_on),
	};

	return cmocka_run_group_tests(tests, setup, campus_teardown);
}
