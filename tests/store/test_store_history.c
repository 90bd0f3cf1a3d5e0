/* test_store_history: pages of messages, single ones, my rooms, and the feed's questions. */
// objects: shared/buf.o shared/arena.o shared/ids.o shared/log.o shared/json_write.o fcgi-api/store/*.o
#include "campus.h"

static void pages_are_oldest_first_by_id(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	struct store_history h;
	int64_t ids[10];
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		ids[i] = campus_say(&room, ID(1 + i % 2), "x");
	admin("UPDATE mensajes SET eliminado_en = CURRENT_TIMESTAMP WHERE id = %lld", L(ids[8]));
	admin("UPDATE mensajes SET enviado_en = '2020-01-01 00:00:00' WHERE id = %lld", L(ids[9]));
	h = campus_page((struct store_page){ room.id, -1, -1, 0, 3, 0, false });
	assert_int_equal(h.count, 3);
	assert_int_equal(h.messages[0].id, ids[6]);
	assert_int_equal(h.messages[2].id, ids[9]);
	assert_int_equal(h.messages[2].sender.id, ID(2));
	h = campus_page((struct store_page){ room.id, -1, -1, 2, 3, 0, false });
	assert_int_equal(h.messages[0].id, ids[4]);
	assert_int_equal(h.messages[2].id, ids[6]);
	h = campus_page((struct store_page){ room.id, ids[3], -1, 0, 50, 0, false });
	assert_int_equal(h.count, 3);
	assert_int_equal(h.messages[2].id, ids[2]);
	h = campus_page((struct store_page){ room.id, -1, ids[3], 0, 3, 0, false });
	assert_int_equal(h.count, 3);
	assert_int_equal(h.messages[0].id, ids[4]);
	h = campus_page((struct store_page){ room.id, -1, INT64_MAX, 0, 3, 0, false });
	assert_int_equal(h.count, 0);
	h = campus_page((struct store_page){ room.id, -1, 0, 0, 100, 0, false });
	assert_int_equal(h.count, 9);
	assert_false(h.truncated);
}

static void page_ends_at_its_bytes(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(3));
	char *text = malloc(60001);
	struct store_history h;
	int64_t last = 0;
	int i;

	(void)state;
	memset(text, 'x', 60000);
	text[60000] = '\0';
	for (i = 0; i < 20; i++)
		last = campus_say(&room, ID(1), text);
	h = campus_page((struct store_page){ room.id, -1, -1, 0, 50, 0, false });
	assert_true(h.truncated && h.count == 8);
	assert_int_equal(h.messages[h.count - 1].id, last);
	assert_int_equal(h.messages[0].contenido.n, 60000);
	h = campus_page((struct store_page){ room.id, -1, 0, 0, 50, 0, false });
	assert_true(h.truncated);
	assert_true(h.messages[h.count - 1].id < last);
	h = campus_page((struct store_page){ room.id, -1, -1, 0, 50, 2000000, false });
	assert_int_equal(h.count, 20);
	assert_false(h.truncated);
	free(text);
}

/* A control character is six bytes there. */
static void page_ends_by_what_it_is_as_json(void **state)
{
	struct store_room room = campus_direct(ID(2), ID(4));
	struct store_history h;

	(void)state;
	admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) "
		"SELECT UUID(), %lld, %lld, REPEAT(CHAR(1), 20000) FROM seq_1_to_20", L(room.id), L(ID(2)));
	h = campus_page((struct store_page){ room.id, -1, -1, 0, 50, 0, false });
	assert_true(h.truncated && h.count == 4);
	admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido, url_archivo) "
		"VALUES (UUID(), %lld, %lld, REPEAT(CHAR(1), 65535), REPEAT(CHAR(1), 65535))", L(room.id), L(ID(2)));
	h = campus_page((struct store_page){ room.id, -1, -1, 0, 50, 0, false });
	assert_true(h.truncated && h.count == 1);
}

static void pictures_count_where_they_are_shown(void **state)
{
	struct store_room room = campus_direct(ID(6), ID(4));
	int64_t before = campus_say(&room, ID(4), "antes");
	struct store_news news = { ID(6), before, 300, true };
	struct store_room_entry *rooms;
	struct store_history h;
	size_t n;

	(void)state;
	admin("UPDATE usuarios SET foto_perfil_url = REPEAT('p', 60000) WHERE id = %lld", L(ID(4)));
	for (int i = 0; i < 20; i++)
		campus_say(&room, ID(4), "hola");
	assert_int_equal(campus_page((struct store_page){ room.id, -1, -1, 0, 50, 0, false }).count, 21);
	h = campus_page((struct store_page){ room.id, -1, -1, 0, 50, 0, true });
	assert_true(h.truncated && h.count == 8);
	BEGIN();
	OK(store_message_news(st, &news, mem, &h));
	COMMIT();
	assert_true(h.truncated && h.count == 8 && h.last_id == h.messages[7].id);
	news.pictures = false;
	BEGIN();
	OK(store_message_news(st, &news, mem, &h));
	OK(store_room_list(st, ID(6), 100, mem, &rooms, &n));
	COMMIT();
	assert_true(!h.truncated && h.count == 20);
	assert_true(n >= 1 && rooms[0].last && !rooms[0].left_out);
	admin("UPDATE usuarios SET foto_perfil_url = NULL WHERE id = %lld", L(ID(4)));
}

/* Those of the latest activity come first; who comes after the bound goes without, whether looked at or not. */
static void newest_messages_of_a_list_are_bounded(void **state)
{
	struct store_room_entry *rooms;
	size_t n, told = 0;

	(void)state;
	admin("INSERT INTO usuarios (id, nombre, apellido_paterno, correo_institucional, hash_contrasena) "
		"SELECT %lld + seq, 'Lista', seq, CONCAT('lista', seq, '@upred.example'), '-' FROM seq_1_to_150", L(ID(500)));
	admin("INSERT INTO salas_chat (sala_uuid, tipo_sala, usuario_a_id, usuario_b_id) "
		"SELECT UUID(), 'directo', %lld, %lld + seq FROM seq_1_to_150", L(ID(7)), L(ID(500)));
	admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT UUID(), id, %lld, "
		"REPEAT(CHAR(2), 20000) FROM salas_chat WHERE usuario_b_id > %lld AND usuario_b_id <= %lld",
		L(ID(7)), L(ID(500)), L(ID(650)));
	BEGIN();
	OK(store_room_list(st, ID(7), 1000, mem, &rooms, &n));
	COMMIT();
	assert_true(n >= 150);
	while (told < n && rooms[told].last)
		told++;
	assert_in_range(told, 50, 54);
	for (size_t i = told; i < n; i++)
		assert_true(rooms[i].left_out && !rooms[i].last);
	admin("DELETE FROM mensajes WHERE contenido = REPEAT(CHAR(2), 20000)");
	admin("DELETE FROM salas_chat WHERE usuario_b_id > %lld AND usuario_b_id <= %lld", L(ID(500)), L(ID(650)));
}

static void one_message_with_its_reader(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	int64_t id = campus_say(&room, ID(1), "hola");
	struct store_message m;
	bool member;

	(void)state;
	BEGIN();
	OK(store_message_find(st, id, ID(3), mem, &m, &member));
	assert_false(member);
	assert_text(m.contenido, "hola");
	assert_null(m.url.p);
	assert_int_equal(m.room.a_id, ID(1));
	assert_int_equal(store_message_find(st, INT64_MAX, ID(1), mem, &m, &member), STORE_NONE);
	COMMIT();
}

static void fetch_leaves_out_what_is_not_there(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	int64_t ids[5] = { campus_say(&room, ID(1), "a"), campus_say(&room, ID(1), "b"),
			   campus_say(&room, ID(1), "c"), INT64_MAX, 1 };
	struct store_message *m;
	size_t n;

	(void)state;
	admin("UPDATE mensajes SET eliminado_en = CURRENT_TIMESTAMP WHERE id = %lld", L(ids[1]));
	BEGIN();
	OK(store_message_fetch(st, ids, 5, mem, &m, &n));
	COMMIT();
	assert_int_equal(n, 2);
	assert_int_equal(m[0].id, ids[0]);
	assert_int_equal(m[1].id, ids[2]);
}

static void my_rooms_with_last_and_unread(void **state)
{
	struct store_room a = campus_direct(ID(5), ID(6)), b = campus_direct(ID(7), ID(5)),
			  g = campus_group_room(ID(10), ID(5));
	struct store_room_entry *rooms;
	size_t n;

	(void)state;
	campus_say(&a, ID(6), "uno");
	campus_say(&a, ID(6), "dos");
	campus_say(&g, ID(1), "grupo");
	admin("UPDATE salas_chat SET actualizado_en = '2022-01-01 00:00:00' WHERE id = %lld", L(a.id));
	admin("UPDATE salas_chat SET actualizado_en = '2021-01-01 00:00:00' WHERE id = %lld", L(b.id));
	BEGIN();
	OK(store_room_list(st, ID(5), 100, mem, &rooms, &n));
	COMMIT();
	assert_int_equal(n, 3);
	assert_int_equal(rooms[0].room.id, g.id);
	assert_text(rooms[0].last->contenido, "grupo");
	assert_int_equal(rooms[0].unread, 1);
	assert_int_equal(rooms[1].room.id, a.id);
	assert_text(rooms[1].last->contenido, "dos");
	assert_int_equal(rooms[1].unread, 2);
	assert_int_equal(rooms[2].room.id, b.id);
	assert_null(rooms[2].last);
	assert_int_equal(rooms[2].unread, 0);
	admin("UPDATE mensajes SET eliminado_en = CURRENT_TIMESTAMP WHERE sala_chat_id = %lld"
	      " AND contenido = 'dos'", L(a.id));
	BEGIN();
	OK(store_room_list(st, ID(5), 100, mem, &rooms, &n));
	COMMIT();
	assert_text(rooms[1].last->contenido, "uno");
	assert_int_equal(rooms[1].unread, 1);
	admin("UPDATE mensajes SET eliminado_en = CURRENT_TIMESTAMP WHERE sala_chat_id = %lld", L(a.id));
	BEGIN();
	OK(store_room_list(st, ID(5), 100, mem, &rooms, &n));
	COMMIT();
	assert_null(rooms[1].last);
	BEGIN();
	OK(store_room_list(st, ID(5), 1, mem, &rooms, &n));
	COMMIT();
	assert_int_equal(n, 1);
}

static struct store_swept sweep(struct store_sweep s)
{
	struct store_swept r;

	BEGIN();
	OK(store_feed_sweep(st, &s, mem, &r));
	COMMIT();
	return r;
}

static void sweep_finds_new_rows_and_holes(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	struct store_swept first = sweep((struct store_sweep){ .first = true }), r;
	struct store_range holes[3];
	int64_t ids[3];
	int i;

	(void)state;
	assert_true(first.upto == first.max_id && !first.truncated);
	assert_true(first.from == (first.max_id > 1000 ? first.max_id - 1000 : 0));
	for (i = 0; i < 3; i++)
		ids[i] = campus_say(&room, ID(1), "x");
	admin("UPDATE mensajes SET eliminado_en = CURRENT_TIMESTAMP WHERE id = %lld", L(ids[1]));
	r = sweep((struct store_sweep){ .high = first.max_id });
	assert_int_equal(r.count, 3);
	assert_int_equal(r.rows[0].id, ids[0]);
	assert_text(r.rows[0].room.uuid, room.uuid.p);
	assert_int_equal(r.rows[0].room.a_id, ID(1));
	assert_true(r.rows[1].deleted && !r.rows[2].deleted);
	assert_int_equal(r.upto, ids[2]);
	holes[0] = (struct store_range){ ids[0], ids[0] };
	holes[1] = (struct store_range){ ids[1], ids[2] };
	holes[2] = (struct store_range){ ids[2] + 1000000, ids[2] + 1000000 };
	r = sweep((struct store_sweep){ .high = ids[2], .holes = holes, .hole_count = 3 });
	assert_int_equal(r.count, 3);
	assert_int_equal(r.upto, ids[2]);
	assert_int_equal(r.max_id, ids[2]);
	r = sweep((struct store_sweep){ .high = INT64_MAX - 1 });
	assert_int_equal(r.count, 0);
	assert_int_equal(r.max_id, ids[2]);
}

static void sweep_comes_in_pages(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	int64_t high = campus_say(&room, ID(1), "x");
	struct store_swept r;
	int i, k;

	(void)state;
	for (i = 0; i < 5; i++) {
		struct store_send set[STORE_SET_MAX];

		for (k = 0; k < STORE_SET_MAX; k++)
			set[k] = campus_send(room.uuid, ID(1), "y");
		BEGIN();
		OK(store_message_save(st, set, STORE_SET_MAX, mem));
		COMMIT();
	}
	r = sweep((struct store_sweep){ .high = high });
	assert_true(r.truncated);
	assert_int_equal(r.count, STORE_SWEEP_PAGE);
	assert_int_equal(r.upto, r.rows[STORE_SWEEP_PAGE - 1].id);
	r = sweep((struct store_sweep){ .high = r.upto });
	assert_int_equal(r.count, 120);
	assert_false(r.truncated);
}

static void cursor_stays_below_young_rows(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	int64_t a = campus_say(&room, ID(1), "x"), b = campus_say(&room, ID(1), "x"), cursor, below;

	(void)state;
	admin("UPDATE mensajes SET enviado_en = CURRENT_TIMESTAMP - INTERVAL 1 HOUR WHERE id < %lld AND"
	      " enviado_en >"
	      " CURRENT_TIMESTAMP - INTERVAL 1 MINUTE",
	      L(a));
	BEGIN();
	OK(store_feed_cursor(st, 15, &cursor));
	assert_true(cursor < a);
	COMMIT();
	below = cursor;
	admin("UPDATE mensajes SET enviado_en = CURRENT_TIMESTAMP - INTERVAL 1 HOUR WHERE id = %lld", L(b));
	BEGIN();
	OK(store_feed_cursor(st, 15, &cursor));
	assert_int_equal(cursor, below);  /* b is old, and above a young one */
	COMMIT();
	admin("UPDATE mensajes SET enviado_en = CURRENT_TIMESTAMP - INTERVAL 1 HOUR WHERE id = %lld", L(a));
	BEGIN();
	OK(store_feed_cursor(st, 15, &cursor));
	assert_int_equal(cursor, b);
	COMMIT();
}

/* An id without a row may be that of an open transaction: a young row behind it says nothing about it. */
static void cursor_stays_below_holes_before_young_rows(void **state)
{
	struct store_room room = campus_direct(ID(1), ID(2));
	int64_t old = campus_say(&room, ID(1), "x"), hole = campus_say(&room, ID(1), "x"), cursor;

	(void)state;
	admin("DELETE FROM destinatarios_mensaje WHERE mensaje_id = %lld", L(hole));
	admin("DELETE FROM mensajes WHERE id = %lld", L(hole));
	admin("UPDATE mensajes SET enviado_en = CURRENT_TIMESTAMP - INTERVAL 1 HOUR");
	campus_say(&room, ID(1), "x");
	BEGIN();
	OK(store_feed_cursor(st, 15, &cursor));
	assert_int_equal(cursor, old);
	COMMIT();
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
		cmocka_unit_test(pages_are_oldest_first_by_id),
		cmocka_unit_test(page_ends_at_its_bytes),
		cmocka_unit_test(page_ends_by_what_it_is_as_json),
		cmocka_unit_test(pictures_count_where_they_are_shown),
		cmocka_unit_test(newest_messages_of_a_list_are_bounded),
		cmocka_unit_test(one_message_with_its_reader),
		cmocka_unit_test(fetch_leaves_out_what_is_not_there),
		cmocka_unit_test(my_rooms_with_last_and_unread),
		cmocka_unit_test(sweep_finds_new_rows_and_holes),
		cmocka_unit_test(sweep_comes_in_pages),
		cmocka_unit_test(cursor_stays_below_young_rows),
		cmocka_unit_test(cursor_stays_below_holes_before_young_rows),
	};

	return cmocka_run_group_tests(tests, setup, campus_teardown);
}
