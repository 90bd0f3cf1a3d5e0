/* test_store_send: messages are stored in sets, once, in order, by members only, byte for byte. */
// objects: shared/buf.o shared/arena.o shared/ids.o shared/log.o shared/json_write.o fcgi-api/store/*.o
// ldflags: -Wl,--wrap=mysql_real_query
#include "campus.h"

static bool hour_passes;     /* in the store's session, before its next statements as text */

__typeof__(mysql_real_query) __real_mysql_real_query, __wrap_mysql_real_query;
int __wrap_mysql_real_query(MYSQL *my, const char *text, unsigned long len)
{
	static const char later[] = "SET timestamp = UNIX_TIMESTAMP() + 3600";

	if (hour_passes && my != campus_admin) {
		hour_passes = false;
		assert_int_equal(__real_mysql_real_query(my, later, sizeof(later) - 1), 0);
	}
	return __real_mysql_real_query(my, text, len);
}

static void direct_message_has_row_recipient_and_time(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	struct store_send s = campus_send(room.uuid, ID(1), "Hola ñ \"comillas\" 😀\n");

	(void)state;
	s.metadatos = SLICE("{\"client_timestamp\":\"x\"}");
	s.url = SLICE("");
	s.fresh = true;
	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	COMMIT();
	assert_int_equal(s.verdict, STORE_SEND_STORED);
	assert_true(s.message.id > 0);
	assert_int_equal(s.message.room.id, room.id);
	assert_int_equal(s.message.room.kind, STORE_DIRECTO);
	assert_text(s.message.sender.nombre, "Ñandú");
	assert_true(llabs(s.message.sent_at - time(NULL)) <= 5);
	assert_int_equal(admin_number("SELECT COUNT(*) FROM mensajes WHERE id = %lld AND remitente_id = %lld"
				      " AND HEX(contenido) = HEX('Hola ñ \"comillas\" 😀\n') AND url_archivo = ''"
				      " AND sala_chat_id = %lld AND mensaje_uuid = '%s'",
				      L(s.message.id), L(ID(1)), L(room.id), s.uuid.p), 1);
	assert_int_equal(admin_number("SELECT destinatario_id FROM destinatarios_mensaje WHERE mensaje_id = %lld"
				      " AND entregado_en IS NULL AND leido_en IS NULL", L(s.message.id)), ID(2));
	assert_int_equal(admin_number("SELECT COUNT(*) FROM destinatarios_mensaje WHERE mensaje_id = %lld",
				      L(s.message.id)), 1);
}

static void set_keeps_its_order_and_every_size(void **state)
{
	struct store_room direct = campus_direct(ID(1), ID(2)), group = campus_group_room(ID(10), ID(1));
	size_t counts[] = { 1, 2, 4, 7, 16, 33, 63, 64 }, c, i;

	(void)state;
	for (c = 0; c < sizeof(counts) / sizeof(*counts); c++) {
		struct store_send set[STORE_SET_MAX];
		int64_t last = 0;

		for (i = 0; i < counts[c]; i++)
			set[i] = campus_send(i % 3 ? direct.uuid : group.uuid, i % 2 ? ID(1) : ID(2), "x");
		BEGIN();
		OK(store_message_save(st, set, counts[c], mem));
		COMMIT();
		for (i = 0; i < counts[c]; i++) {
			assert_int_equal(set[i].verdict, STORE_SEND_STORED);
			assert_true(set[i].message.id > last);
			last = set[i].message.id;
			assert_int_equal(
				admin_number(
					"SELECT COUNT(*) FROM destinatarios_mensaje WHERE mensaje_id = %lld",
					L(last)),
				i % 3 ? 1 : 4);
		}
	}
}

static void refusals_leave_the_others_alone(void **state)
{
	struct store_room direct = campus_direct(ID(1), ID(2)), group = campus_group_room(ID(10), ID(1));
	struct slice upper = arena_copy(mem, direct.uuid);
	struct store_send set[7];
	size_t i;

	(void)state;
	for (i = 0; i < upper.n; i++)
		((char *)(uintptr_t)upper.p)[i] = (char)(upper.p[i] >= 'a' ? upper.p[i] - 32 : upper.p[i]);
	set[0] = campus_send(SLICE("no-such-room"), ID(1), "x");
	set[1] = campus_send(direct.uuid, ID(3), "x");
	set[2] = campus_send(direct.uuid, ID(1), "bien");
	set[3] = campus_send(group.uuid, ID(7), "x");   /* no member */
	set[4] = campus_send(direct.uuid, ID(1), "x");
	set[4].expected = STORE_GRUPAL;
	set[5] = campus_send(upper, ID(1), "x");
	set[6] = campus_send(group.uuid, ID(4), "x");   /* pending */
	admin("UPDATE miembros_grupo SET estado_membresia = 'pendiente' WHERE grupo_id = %lld AND"
	      " usuario_id = %lld",
	      L(ID(10)), L(ID(4)));
	BEGIN();
	OK(store_message_save(st, set, 7, mem));
	COMMIT();
	admin("UPDATE miembros_grupo SET estado_membresia = 'activo' WHERE grupo_id = %lld", L(ID(10)));
	assert_int_equal(set[0].verdict, STORE_SEND_NOT_FOUND);
	assert_int_equal(set[1].verdict, STORE_SEND_NOT_MEMBER);
	assert_int_equal(set[2].verdict, STORE_SEND_STORED);
	assert_int_equal(set[3].verdict, STORE_SEND_NOT_MEMBER);
	assert_int_equal(set[4].verdict, STORE_SEND_TYPE_MISMATCH);
	assert_int_equal(set[5].verdict, STORE_SEND_NOT_FOUND);
	assert_int_equal(set[6].verdict, STORE_SEND_NOT_MEMBER);
}

static void suspended_people_do_not_send(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(8));
	struct store_send s = campus_send(room.uuid, ID(8), "x");

	(void)state;
	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	COMMIT();
	assert_int_equal(s.verdict, STORE_SEND_NOT_MEMBER);
}

/* The look-up alone, which stores nothing whatever room the send names. */
static void look_up_repeats(struct store_send again, struct store_send foreign, const struct store_message *first)
{
	struct store_send other = campus_send(again.sala_uuid, ID(1), "sin fila");

	OK(store_message_repeat(st, &again, mem));
	OK(store_message_repeat(st, &foreign, mem));
	assert_int_equal(store_message_repeat(st, &other, mem), STORE_NONE);
	assert_int_equal(again.verdict, STORE_SEND_DUPLICATE);
	assert_int_equal(again.message.id, first->id);
	assert_text(again.message.contenido, "primero");
	assert_int_equal(foreign.verdict, STORE_SEND_REFUSED);
	assert_int_equal(admin_number("SELECT COUNT(*) FROM mensajes WHERE contenido = 'sin fila'"), 0);
}

static void repeat_returns_the_first_row(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2)), other = campus_direct(ID(1), ID(3));
	struct store_send first = campus_send(room.uuid, ID(1), "primero"), again, foreign;

	(void)state;
	first.metadatos = SLICE("{\"a\":1}");
	BEGIN();
	OK(store_message_save(st, &first, 1, mem));
	COMMIT();
	again = campus_send(other.uuid, ID(1), "otro texto"); /* another room: the repeat is answered first */
	again.uuid = first.uuid;
	foreign = campus_send(room.uuid, ID(2), "x");
	foreign.uuid = first.uuid;
	BEGIN();
	look_up_repeats(again, foreign, &first.message);
	OK(store_message_save(st, &again, 1, mem));
	OK(store_message_save(st, &foreign, 1, mem));
	COMMIT();
	assert_int_equal(again.verdict, STORE_SEND_DUPLICATE);
	assert_int_equal(again.message.id, first.message.id);
	assert_int_equal(again.message.room.id, room.id);
	assert_text(again.message.contenido, "primero");
	assert_int_equal(again.message.sent_at, first.message.sent_at);
	assert_text(again.message.sender.apellido_paterno, "Pérez");
	assert_int_equal(foreign.verdict, STORE_SEND_REFUSED);
}

/* The write behind which a found row is acked leaves the room's time, also when the row ceases to be young meanwhile. */
static void repeat_leaves_the_time_of_the_room(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	struct store_send first = campus_send(room.uuid, ID(1), "primero"), again;
	int64_t before;

	(void)state;
	BEGIN();
	OK(store_message_save(st, &first, 1, mem));
	COMMIT();
	before = admin_number("SELECT UNIX_TIMESTAMP(actualizado_en) FROM salas_chat WHERE id = %lld", L(room.id));
	again = first;
	BEGIN();
	OK(store_message_save(st, &again, 1, mem));
	hour_passes = true;
	COMMIT();
	assert_false(hour_passes);
	assert_int_equal(again.verdict, STORE_SEND_DUPLICATE);
	assert_int_equal(admin_number("SELECT UNIX_TIMESTAMP(actualizado_en) FROM salas_chat WHERE id = %lld", L(room.id)),
			 before);
	store_close(st);
	st = store_open(&campus_settings);
}

static void wrong_hint_and_mixed_set_are_safe(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	struct store_send first = campus_send(room.uuid, ID(1), "primero"), set[5];
	size_t i;

	(void)state;
	BEGIN();
	OK(store_message_save(st, &first, 1, mem));
	COMMIT();
	for (i = 0; i < 5; i++) {
		set[i] = campus_send(room.uuid, ID(1), "x");
		set[i].fresh = true;
	}
	set[2].uuid =
		first.uuid; /* "fresh", and there all the same: the INSERT of all fails, then each alone */
	BEGIN();
	OK(store_message_save(st, set, 5, mem));
	COMMIT();
	for (i = 0; i < 5; i++)
		assert_int_equal(set[i].verdict, i == 2 ? STORE_SEND_DUPLICATE : STORE_SEND_STORED);
	assert_text(set[2].message.contenido, "primero");
}

static void equal_uuids_in_a_set(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	struct store_send set[4];

	(void)state;
	set[0] = campus_send(SLICE("no-such-room"), ID(1), "a");
	set[1] = campus_send(room.uuid, ID(1), "b");
	set[2] = campus_send(room.uuid, ID(1), "c");
	set[3] = campus_send(SLICE("no-such-room"), ID(1), "d");
	set[0].uuid = set[2].uuid = set[3].uuid = set[1].uuid;
	BEGIN();
	OK(store_message_save(st, set, 4, mem));
	COMMIT();
	assert_int_equal(set[0].verdict, STORE_SEND_NOT_FOUND);
	assert_int_equal(set[1].verdict, STORE_SEND_STORED);
	assert_int_equal(set[2].verdict, STORE_SEND_DUPLICATE);
	assert_int_equal(set[3].verdict, STORE_SEND_DUPLICATE);
	assert_text(set[2].message.contenido, "b");
	assert_int_equal(set[3].message.id, set[1].message.id);
	assert_int_equal(
		admin_number("SELECT COUNT(*) FROM mensajes WHERE mensaje_uuid = '%s'", set[1].uuid.p), 1);
}

static void long_texts_are_exact(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	char *text = malloc(STORE_TEXT_MAX + 2);
	struct store_send s, big;
	struct store_message back;
	bool member;
	size_t i;

	(void)state;
	for (i = 0; i < STORE_TEXT_MAX + 1; i++)
		text[i] = (char)('!' + i % 90);
	text[STORE_TEXT_MAX + 1] = '\0';
	s = campus_send(room.uuid, ID(1), "");
	s.contenido = (struct slice){ text, STORE_TEXT_MAX };
	s.url = s.contenido;
	big = campus_send(room.uuid, ID(1), text);
	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	OK(store_message_save(st, &big, 1, mem));
	OK(store_message_find(st, s.message.id, ID(2), mem, &back, &member));
	COMMIT();
	assert_int_equal(s.verdict, STORE_SEND_STORED);
	assert_int_equal(big.verdict, STORE_SEND_REFUSED);
	assert_true(member);
	assert_true(slice_eq(back.contenido, s.contenido));
	assert_true(slice_eq(back.url, s.url));
	assert_null(back.metadatos.p);
	free(text);
}

static void bad_values_are_refused_alone(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	struct store_send set[4];
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		set[i] = campus_send(room.uuid, ID(1), "x");
	set[0].contenido = SLICE("\xff\xfe");
	set[1].metadatos = SLICE("{no json");
	set[2].tipo = SLICE("video");
	BEGIN();
	OK(store_message_save(st, set, 4, mem));
	COMMIT();
	assert_int_equal(set[0].verdict, STORE_SEND_REFUSED);
	assert_int_equal(set[1].verdict, STORE_SEND_REFUSED);
	assert_int_equal(set[2].verdict, STORE_SEND_REFUSED);
	assert_int_equal(set[3].verdict, STORE_SEND_STORED);
}

static void large_groups_get_no_recipient_rows(void **state)
{
	struct store_room room = campus_group_room(ID(10), ID(1));
	struct store_settings few = campus_settings;
	struct store_send s = campus_send(room.uuid, ID(1), "x"), full = campus_send(room.uuid, ID(1), "y");
	struct store *small;

	(void)state;
	few.recipient_rows_max = 4;  /* the group has five */
	small = store_open(&few);
	OK(store_begin(small, 0));
	OK(store_message_save(small, &s, 1, mem));
	OK(store_commit(small));
	store_close(small);
	few.recipient_rows_max = 5;
	small = store_open(&few);
	OK(store_begin(small, 0));
	OK(store_message_save(small, &full, 1, mem));
	OK(store_commit(small));
	store_close(small);
	assert_int_equal(admin_number("SELECT COUNT(*) FROM destinatarios_mensaje WHERE mensaje_id = %lld",
				      L(s.message.id)), 0);
	assert_int_equal(admin_number("SELECT COUNT(*) FROM destinatarios_mensaje WHERE mensaje_id = %lld",
				      L(full.message.id)), 4);
}

static void rooms_are_touched(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(5));

	(void)state;
	admin("UPDATE salas_chat SET actualizado_en = '2020-01-01 00:00:00' WHERE id = %lld", L(room.id));
	campus_say(&room, ID(5), "x");
	assert_int_equal(
		admin_number("SELECT actualizado_en >= CURRENT_TIMESTAMP - INTERVAL 5 SECOND FROM salas_chat"
			     " WHERE id = %lld",
			     L(room.id)),
		1);
}

static void rollback_leaves_nothing(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	struct store_send s = campus_send(room.uuid, ID(1), "x");

	(void)state;
	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	store_rollback(st);
	assert_int_equal(admin_number("SELECT COUNT(*) FROM mensajes WHERE mensaje_uuid = '%s'", s.uuid.p),
			 0);
}

/* Rooms are known by heart; one that was deleted and made again has the same uuid and another number. */
static void room_that_came_back_is_found(void **state)
{
	struct store_room room = campus_direct(ID(3), ID(4)), again;
	struct store_send s = campus_send(room.uuid, ID(3), "antes");

	(void)state;
	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	COMMIT();
	admin("DELETE FROM salas_chat WHERE id = %lld", L(room.id));
	s = campus_send(room.uuid, ID(3), "sin sala");
	BEGIN();
	assert_int_equal(store_message_save(st, &s, 1, mem), STORE_AGAIN);
	store_rollback(st);
	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	COMMIT();
	assert_int_equal(s.verdict, STORE_SEND_NOT_FOUND);
	again = campus_direct(ID(3), ID(4));
	assert_int_not_equal(again.id, room.id);
	s = campus_send(room.uuid, ID(3), "después");
	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	COMMIT();
	assert_int_equal(s.verdict, STORE_SEND_STORED);
	assert_int_equal(s.message.room.id, again.id);
}

static int setup(void **state)
{
	if (campus_setup(state))
		return -1;
	campus_group(ID(10), 5);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(direct_message_has_row_recipient_and_time),
		cmocka_unit_test(set_keeps_its_order_and_every_size),
		cmocka_unit_test(refusals_leave_the_others_alone),
		cmocka_unit_test(suspended_people_do_not_send),
		cmocka_unit_test(repeat_returns_the_first_row),
		cmocka_unit_test(repeat_leaves_the_time_of_the_room),
		cmocka_unit_test(wrong_hint_and_mixed_set_are_safe),
		cmocka_unit_test(equal_uuids_in_a_set),
		cmocka_unit_test(long_texts_are_exact),
		cmocka_unit_test(bad_values_are_refused_alone),
		cmocka_unit_test(large_groups_get_no_recipient_rows),
		cmocka_unit_test(rooms_are_touched),
		cmocka_unit_test(rollback_leaves_nothing),
		cmocka_unit_test(room_that_came_back_is_found),
	};

	return cmocka_run_group_tests(tests, setup, campus_teardown);
}
