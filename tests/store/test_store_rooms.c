/* test_store_rooms: one room per pair and per group, whoever asks first; membership; people. */
// objects: shared/buf.o shared/arena.o shared/ids.o shared/log.o shared/json_write.o fcgi-api/store/*.o
#include "campus.h"

static void pair_has_one_room_in_either_order(void **state)
{
	char uuid[IDS_UUID_LEN + 1];
	struct store_room one, two;
	bool created;

	(void)state;
	BEGIN();
	assert_int_equal(store_room_direct_find(st, ID(1), ID(2), mem, &one), STORE_NONE);
	OK(store_room_direct(st, ID(2), ID(1), mem, &one, &created));
	assert_true(created);
	OK(store_room_direct(st, ID(1), ID(2), mem, &two, &created));
	assert_false(created);
	COMMIT();
	ids_uuid_direct(ID(1), ID(2), uuid);
	assert_int_equal(one.id, two.id);
	assert_text(one.uuid, uuid);
	assert_int_equal(one.kind, STORE_DIRECTO);
	assert_int_equal(one.a_id, ID(1));
	assert_int_equal(one.b_id, ID(2));
	assert_true(one.created_at > 0 && one.updated_at >= one.created_at);
}

static void companions_room_wins_and_keeps_its_uuid(void **state)
{
	struct store_room room;
	bool created;

	(void)state;
	admin("INSERT INTO salas_chat (sala_uuid, tipo_sala, usuario_a_id, usuario_b_id) VALUES"
	      " ('companion-%lld', 'directo', %lld, %lld), ('companion-b-%lld', 'directo', %lld, %lld)",
	      L(campus_base), L(ID(4)), L(ID(3)), L(campus_base), L(ID(3)), L(ID(4)));
	BEGIN();
	OK(store_room_direct(st, ID(3), ID(4), mem, &room, &created));
	COMMIT();
	assert_false(created);
	assert_int_equal(room.id,
			 admin_number("SELECT MIN(id) FROM salas_chat WHERE usuario_a_id IN (%lld, %lld)"
				      " AND usuario_b_id IN (%lld,"
				      " %lld)",
				      L(ID(3)), L(ID(4)), L(ID(3)), L(ID(4))));
	assert_int_equal(room.a_id, ID(4));
}

static void unknown_person_makes_no_room(void **state)
{
	struct store_room room;
	bool created;

	(void)state;
	BEGIN();
	assert_int_equal(store_room_direct(st, ID(1), ID(900), mem, &room, &created), STORE_REFUSED);
	OK(store_room_direct(st, ID(1), ID(6), mem, &room, &created));  /* the transaction lives */
	COMMIT();
}

static void group_room_is_for_active_members(void **state)
{
	char uuid[IDS_UUID_LEN + 1];
	struct store_room room, again;
	bool created, known, member;

	(void)state;
	ids_uuid_group(ID(10), uuid);
	BEGIN();
	assert_int_equal(store_room_group_find(st, ID(10), ID(1), mem, &room, &member, &known), STORE_NONE);
	assert_true(member && known);
	assert_int_equal(store_room_group(st, ID(10), ID(7), mem, &room, &created, &known), STORE_NONE);
	assert_true(known);
	assert_int_equal(store_room_group(st, ID(11), ID(1), mem, &room, &created, &known), STORE_NONE);
	assert_false(known);
	OK(store_room_group(st, ID(10), ID(1), mem, &room, &created, NULL));
	assert_true(created);
	OK(store_room_group(st, ID(10), ID(2), mem, &again, &created, NULL));
	assert_false(created);
	OK(store_room_group_find(st, ID(10), ID(7), mem, &again, &member, &known));
	assert_false(member);
	COMMIT();
	assert_int_equal(room.id, again.id);
	assert_text(room.uuid, uuid);
	assert_int_equal(room.group_id, ID(10));
	admin("UPDATE miembros_grupo SET estado_membresia = 'salio' WHERE grupo_id = %lld AND usuario_id ="
	      " %lld",
	      L(ID(10)), L(ID(3)));
	BEGIN();
	assert_int_equal(store_room_group(st, ID(10), ID(3), mem, &room, &created, NULL), STORE_NONE);
	COMMIT();
}

static void rooms_are_found_with_membership(void **state)
{
	struct store_room direct = campus_direct(ID(1), ID(2)), group = campus_group_room(ID(10), ID(1)),
			  room;
	struct slice upper = arena_copy(mem, direct.uuid);
	bool member;
	size_t i;

	(void)state;
	for (i = 0; i < upper.n; i++)
		((char *)(uintptr_t)upper.p)[i] = (char)(upper.p[i] >= 'a' ? upper.p[i] - 32 : upper.p[i]);
	BEGIN();
	OK(store_room_by_id(st, direct.id, ID(2), mem, &room, &member));
	assert_true(member && room.id == direct.id);
	OK(store_room_by_uuid(st, direct.uuid, ID(5), mem, &room, &member));
	assert_true(!member && room.id == direct.id);
	OK(store_room_by_uuid(st, group.uuid, ID(2), mem, &room, &member));
	assert_true(member && room.kind == STORE_GRUPAL);
	OK(store_room_by_id(st, group.id, ID(7), mem, &room, &member));
	assert_false(member);
	assert_int_equal(store_room_by_uuid(st, upper, ID(1), mem, &room, &member), STORE_NONE);
	assert_int_equal(store_room_by_uuid(st, SLICE_NONE, ID(1), mem, &room, &member), STORE_NONE);
	assert_int_equal(store_room_by_id(st, INT64_MAX, ID(1), mem, &room, &member), STORE_NONE);
	COMMIT();
}

static void people_are_found(void **state)
{
	char correo[64];
	struct store_person p;

	(void)state;
	snprintf(correo, sizeof(correo), "p%lld@upred.example", L(ID(1)));
	BEGIN();
	OK(store_person_by_id(st, ID(8), mem, &p));
	assert_false(p.active);
	assert_text(p.nombre, "Ñandú");
	assert_null(p.apellido_materno.p);
	OK(store_person_by_correo(st, slice_of(correo), mem, &p));
	assert_true(p.active && p.id == ID(1));
	correo[0] = 'P';
	assert_int_equal(store_person_by_correo(st, slice_of(correo), mem, &p), STORE_NONE);
	assert_int_equal(store_person_by_id(st, ID(900), mem, &p), STORE_NONE);
	COMMIT();
}

static void members_are_checked_in_sets(void **state)
{
	struct store_room direct = campus_direct(ID(1), ID(2)), group = campus_group_room(ID(10), ID(1));
	struct store_member set[] = {
		{ .person_id = ID(1), .sala_uuid = group.uuid },
		{ .person_id = ID(7), .sala_uuid = group.uuid },
		{ .person_id = ID(2), .sala_uuid = direct.uuid },
		{ .person_id = ID(8) },
		{ .person_id = ID(900) },
		{ .person_id = ID(1), .sala_uuid = SLICE("none") },
	};

	(void)state;
	BEGIN();
	OK(store_member_check(st, set, 6, mem));
	COMMIT();
	assert_true(set[0].active && set[0].member && set[0].group_id == ID(10));
	assert_true(set[1].active && !set[1].member);
	assert_true(set[2].active && set[2].member);
	assert_true(!set[3].active && !set[3].member);
	assert_true(!set[4].active);
	assert_true(set[5].active && !set[5].member);
}

/* Times have whole seconds: within one the newer message goes first, in whichever room. */
static void rooms_of_one_second_go_by_their_messages(void **state)
{
	struct store_room older = campus_direct(ID(3), ID(6)), newer = campus_direct(ID(4), ID(6));
	struct store_room_entry *rooms;
	size_t n;

	(void)state;
	for (int i = 0; i < 2; i++)
		admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) VALUES"
		      " (UUID(), %lld, %lld, 'hola')", L(i ? older.id : newer.id), L(ID(6)));
	admin("UPDATE salas_chat SET actualizado_en = '2025-11-03 10:00:00' WHERE id IN (%lld, %lld)",
	      L(older.id), L(newer.id));
	BEGIN();
	OK(store_room_list(st, ID(6), 100, mem, &rooms, &n));
	COMMIT();
	assert_true(n >= 2);
	assert_int_equal(rooms[n - 2].room.id, older.id);
	assert_int_equal(rooms[n - 1].room.id, newer.id);
	assert_true(older.id < newer.id);
}

static const struct store_room_entry *entry_of(const struct store_room_entry *rooms, size_t n, const struct store_room *room)
{
	for (size_t i = 0; i < n; i++) {
		if (rooms[i].room.id == room->id)
			return &rooms[i];
	}
	fail_msg("room %lld is not in the list", (long long)room->id);
	return NULL;
}

static void rooms_are_called_as_the_other_person_and_the_group(void **state)
{
	struct store_room direct = campus_direct(ID(1), ID(5)), group = campus_group_room(ID(10), ID(1)), alone;
	struct store_room_entry *rooms, lone = { .unread = -1 };
	char wanted[40];
	bool member;
	size_t n;

	(void)state;
	admin("INSERT INTO salas_chat (sala_uuid, tipo_sala, usuario_a_id) VALUES ('alone-%lld', 'directo', %lld)",
	      L(campus_base), L(ID(1)));
	admin("UPDATE usuarios SET nombre = 'Núria \"😀\"', apellido_paterno = '' WHERE id = %lld", L(ID(1)));
	snprintf(wanted, sizeof(wanted), "alone-%lld", L(campus_base));
	BEGIN();
	OK(store_room_by_uuid(st, slice_of(wanted), ID(1), mem, &alone, &member));
	OK(store_room_list(st, ID(1), 100, mem, &rooms, &n));
	assert_false(entry_of(rooms, n, &direct)->named);
	OK(store_room_names(st, ID(1), mem, rooms, n));
	assert_text(entry_of(rooms, n, &direct)->name, "Ñandú Pérez");
	snprintf(wanted, sizeof(wanted), "grupo %lld", L(ID(10)));
	assert_text(entry_of(rooms, n, &group)->name, wanted);
	assert_true(entry_of(rooms, n, &alone)->named);
	assert_null(entry_of(rooms, n, &alone)->name.p);
	lone.room = direct;
	OK(store_room_names(st, ID(5), mem, &lone, 1));
	COMMIT();
	assert_text(lone.name, "Núria \"😀\"");
}

/* More than one set of them, and a limit that is not passed. */
static void names_of_many_rooms_are_bounded(void **state)
{
	enum { MANY = 1100 };
	struct store_room_entry *rooms = arena_alloc(mem, MANY * sizeof(*rooms));
	size_t bytes = 0, named = 0;

	(void)state;
	admin("UPDATE usuarios SET nombre = REPEAT('😀', 80), apellido_paterno = REPEAT('😀', 80) WHERE id = %lld", L(ID(2)));
	for (size_t i = 0; i < MANY; i++)
		rooms[i].room = (struct store_room){ .id = 1, .kind = STORE_DIRECTO, .a_id = ID(1), .b_id = ID(2) };
	BEGIN();
	OK(store_room_names(st, ID(1), mem, rooms, MANY));
	COMMIT();
	for (size_t i = 0; i < MANY; i++) {
		assert_true(rooms[i].named);
		bytes += rooms[i].name.n;
		named += rooms[i].name.p != NULL;
	}
	assert_true(bytes <= STORE_NAMES_BYTES && bytes > STORE_NAMES_BYTES - 1000);
	assert_true(named == bytes / 641 && rooms[named - 1].name.p && !rooms[named].name.p);
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
		cmocka_unit_test(pair_has_one_room_in_either_order),
		cmocka_unit_test(companions_room_wins_and_keeps_its_uuid),
		cmocka_unit_test(unknown_person_makes_no_room),
		cmocka_unit_test(group_room_is_for_active_members),
		cmocka_unit_test(rooms_are_found_with_membership),
		cmocka_unit_test(people_are_found),
		cmocka_unit_test(members_are_checked_in_sets),
		cmocka_unit_test(rooms_of_one_second_go_by_their_messages),
		cmocka_unit_test(rooms_are_called_as_the_other_person_and_the_group),
		cmocka_unit_test(names_of_many_rooms_are_bounded),
	};

	return cmocka_run_group_tests(tests, setup, campus_teardown);
}
