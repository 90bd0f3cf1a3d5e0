/* test_store_race: many processes at once, and connections that die: one room, one row, nothing lost, nothing
 * doubled. */
// objects: shared/buf.o shared/arena.o shared/ids.o shared/log.o shared/json_write.o fcgi-api/store/*.o
#include "campus.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 10
#define ROUNDS 50
#define TRIES 20

/* What the processes share. */
static struct shared {
	pthread_barrier_t start;
	int64_t ids[PROCESSES][ROUNDS];
	int verdicts[PROCESSES][ROUNDS];
	unsigned again[PROCESSES];
	unsigned failed;
} *shm;

static void shared_new(void)
{
	pthread_barrierattr_t attr;

	shm = mmap(NULL, sizeof(*shm), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shm->start, &attr, PROCESSES);
}

static void wait_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* One transaction, as a door runs it: again after a deadlock, fresh after a loss. */
static enum store_verdict transact(struct store *s, enum store_verdict (*fn)(struct store *, int, int),
				   int me, int round)
{
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		enum store_verdict v = store_begin(s, 0);

		if (v == STORE_OK)
			v = fn(s, me, round);
		if (v == STORE_OK)
			v = store_commit(s);
		if (v == STORE_OK)
			return v;
		store_rollback(s);
		if (v != STORE_AGAIN && v != STORE_LOST)
			return v;
		shm->again[me]++;
		wait_ms((long)(ids_random64() % 10));
	}
	return STORE_AGAIN;
}

/* Forks PROCESSES, each with a store of its own; all begin each round together. */
static void race(enum store_verdict (*fn)(struct store *, int, int), int rounds)
{
	int me, round, status;

	for (me = 0; me < PROCESSES; me++) {
		if (fork() != 0)
			continue;
		struct store *own = store_open(&campus_settings);

		for (round = 0; round < rounds; round++) {
			pthread_barrier_wait(&shm->start);
			if (transact(own, fn, me, round) != STORE_OK) {
				fprintf(stderr, "process %d round %d: %s\n", me, round, store_trouble(own));
				__atomic_add_fetch(&shm->failed, 1, __ATOMIC_RELAXED);
			}
		}
		store_close(own);
		_exit(0);
	}
	for (me = 0; me < PROCESSES; me++)
		wait(&status);
	assert_int_equal(shm->failed, 0);
}

static enum store_verdict join_pair(struct store *s, int me, int round)
{
	struct arena *a = arena_new();
	struct store_room room;
	bool created;
	int64_t one = ID(101 + round % 10), other = ID(151 + round / 10);
	enum store_verdict v =
		store_room_direct(s, me % 2 ? one : other, me % 2 ? other : one, a, &room, &created);

	shm->ids[me][round] = room.id;
	arena_free(a);
	return v;
}

static enum store_verdict join_group(struct store *s, int me, int round)
{
	struct arena *a = arena_new();
	struct store_room room;
	bool created;
	enum store_verdict v = store_room_group(s, ID(500 + round), ID(1 + me % 5), a, &room, &created, NULL);

	shm->ids[me][round] = room.id;
	arena_free(a);
	return v;
}

static void check_ids(int rounds)
{
	int me, round;

	for (round = 0; round < rounds; round++) {
		for (me = 1; me < PROCESSES; me++)
			assert_int_equal(shm->ids[me][round], shm->ids[0][round]);
	}
}

static void ten_join_one_pair(void **state)
{
	int i;

	(void)state;
	shared_new();
	for (i = 0; i < 10; i++) {
		campus_person(ID(101 + i), "activo");
		campus_person(ID(151 + i), "activo");
	}
	race(join_pair, ROUNDS);
	check_ids(ROUNDS);
	assert_int_equal(
		admin_number("SELECT COUNT(*) FROM salas_chat WHERE usuario_a_id BETWEEN %lld AND %lld",
			     L(ID(101)), L(ID(160))),
		ROUNDS);
}

static void ten_join_one_group(void **state)
{
	int i;

	(void)state;
	shared_new();
	for (i = 0; i < ROUNDS; i++)
		campus_group(ID(500 + i), 5);
	race(join_group, ROUNDS);
	check_ids(ROUNDS);
	assert_int_equal(admin_number("SELECT COUNT(*) FROM salas_chat WHERE grupo_id BETWEEN %lld AND %lld",
				      L(ID(500)), L(ID(500 + ROUNDS))),
			 ROUNDS);
}

static struct store_room rooms[4];

static enum store_verdict same_message(struct store *s, int me, int round)
{
	struct arena *a = arena_new();
	char name[32], uuid[IDS_UUID_LEN + 1];
	struct store_send m = { .sala_uuid = rooms[0].uuid, .sender_id = ID(1), .tipo = SLICE("texto"),
				.contenido = SLICE("x"), .fresh = me % 2 };
	enum store_verdict v;

	snprintf(name, sizeof(name), "same-%d", round);
	ids_uuid_message(ID(1), slice_of(name), uuid);
	m.uuid = slice_of(uuid);
	v = store_message_save(s, &m, 1, a);
	shm->verdicts[me][round] = (int)m.verdict;
	shm->ids[me][round] = m.message.id;
	arena_free(a);
	return v;
}

static void ten_store_one_message(void **state)
{
	int me, round, stored;

	(void)state;
	shared_new();
	race(same_message, ROUNDS);
	check_ids(ROUNDS);
	for (round = 0; round < ROUNDS; round++) {
		for (stored = 0, me = 0; me < PROCESSES; me++)
			stored += shm->verdicts[me][round] == STORE_SEND_STORED;
		assert_int_equal(stored, 1);
	}
	assert_int_equal(admin_number("SELECT COUNT(*) FROM mensajes WHERE sala_chat_id = %lld", L(rooms[0].id)), ROUNDS);
}

/* Sets over four rooms in any order, for seconds: second boundaries (when rooms are touched) are among them. */
static enum store_verdict storm(struct store *s, int me, int round)
{
	struct arena *a = arena_new();
	struct store_send set[8];
	enum store_verdict v;
	char uuid[8][IDS_UUID_LEN + 1], name[64];
	int i;

	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "storm-%d-%d-%d", me, round, i);
		ids_uuid_message(ID(1), slice_of(name), uuid[i]);
		set[i] = (struct store_send){ .sala_uuid = rooms[ids_random64() % 4].uuid,
					      .sender_id = ID(1), .uuid = slice_of(uuid[i]),
					      .tipo = SLICE("texto"), .contenido = SLICE("x") };
	}
	v = store_message_save(s, set, 8, a);
	wait_ms((long)(ids_random64() % 40));
	arena_free(a);
	return v;
}

static void storm_loses_nothing(void **state)
{
	int64_t before = admin_number("SELECT COUNT(*) FROM mensajes WHERE remitente_id = %lld", L(ID(1))), after;
	unsigned again = 0;
	int me;

	(void)state;
	shared_new();
	race(storm, 20);
	after = admin_number("SELECT COUNT(*) FROM mensajes WHERE remitente_id = %lld", L(ID(1)));
	assert_int_equal(after - before, PROCESSES * 20 * 8);
	assert_int_equal(
		admin_number(
			"SELECT COUNT(*) FROM destinatarios_mensaje d JOIN mensajes m ON m.id = d.mensaje_id"
			" WHERE m.remitente_id = %lld AND m.sala_chat_id <>"
			" %lld",
			L(ID(1)), L(rooms[3].id)),
		admin_number(
			"SELECT COUNT(*) FROM mensajes WHERE remitente_id = %lld AND sala_chat_id <> %lld",
			L(ID(1)), L(rooms[3].id)));
	for (me = 0; me < PROCESSES; me++)
		again += shm->again[me];
	print_message("%u run again\n", again);
	assert_true(again < 20);
}

static enum store_verdict read_all(struct store *s, int me, int round)
{
	struct arena *a = arena_new();
	struct store_read_all all;
	enum store_verdict v = store_receipt_read_all(s, &rooms[0], ID(2), a, &all);

	(void)me, (void)round;
	arena_free(a);
	return v;
}

/* Ten devices mark the same thousands of rows: one after the other, and none is the victim of a deadlock. */
static void ten_mark_all_as_read(void **state)
{
	static const char unread[] = "SELECT COUNT(*) FROM destinatarios_mensaje d JOIN mensajes m ON m.id = d.mensaje_id"
				     " WHERE destinatario_id = %lld AND sala_chat_id = %lld AND leido_en IS NULL";
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		admin("INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT UUID(), sala_chat_id,"
		      " remitente_id, 'x' FROM mensajes WHERE sala_chat_id = %lld", L(rooms[0].id));
	admin("INSERT IGNORE INTO destinatarios_mensaje (mensaje_id, destinatario_id) SELECT id, %lld FROM mensajes WHERE"
	      " sala_chat_id = %lld", L(ID(2)), L(rooms[0].id));
	assert_true(admin_number(unread, L(ID(2)), L(rooms[0].id)) > 3000);
	shared_new();
	race(read_all, 1);
	for (i = 0; i < PROCESSES; i++)
		assert_int_equal(shm->again[i], 0);
	assert_int_equal(admin_number(unread, L(ID(2)), L(rooms[0].id)), 0);
}

/*
 * Ends every session of the programs' user, who sees and may end the own ones only: the test's is among them,
 * and the others know how to live with it.
 */
static void kill_session(void)
{
	MYSQL *own = campus_connect(campus_settings.user, campus_settings.password);
	MYSQL_RES *res;
	MYSQL_ROW row;
	char sql[64];

	if (mysql_query(own, "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()"))
		fail_msg("%s", mysql_error(own));
	res = mysql_store_result(own);
	while ((row = mysql_fetch_row(res))) {
		snprintf(sql, sizeof(sql), "KILL %s", row[0]);
		(void)mysql_query(own, sql);
	}
	mysql_free_result(res);
	mysql_close(own);
	wait_ms(50);
}

static void dead_idle_session_is_replaced_unseen(void **state)
{
	unsigned before;

	(void)state;
	campus_say(&rooms[0], ID(1), "antes");
	before = store_generation(st);
	kill_session();
	campus_say(&rooms[0], ID(1), "después");
	assert_int_equal(store_generation(st), before + 1);
}

static void session_lost_in_a_transaction_stores_nothing(void **state)
{
	struct store_send s = campus_send(rooms[0].uuid, ID(1), "x");

	(void)state;
	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	kill_session();
	assert_int_equal(store_commit(st), STORE_LOST);
	assert_int_equal(admin_number("SELECT COUNT(*) FROM mensajes WHERE mensaje_uuid = '%s'", s.uuid.p),
			 0);
	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	kill_session();
	assert_int_equal(store_message_save(st, &s, 1, mem), STORE_LOST);
	store_rollback(st);
	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	COMMIT();
	assert_int_equal(s.verdict, STORE_SEND_STORED);
}

static void locked_room_is_again_within_its_time(void **state)
{
	struct store_send s = campus_send(rooms[0].uuid, ID(1), "x");
	time_t start = time(NULL);

	(void)state;
	admin("BEGIN");
	admin("UPDATE salas_chat SET actualizado_en = CURRENT_TIMESTAMP + INTERVAL 1 SECOND WHERE id = %lld",
	      L(rooms[0].id));
	BEGIN();
	assert_int_equal(store_message_save(st, &s, 1, mem), STORE_AGAIN);
	store_rollback(st);
	assert_true(time(NULL) - start <= 2);
	admin("ROLLBACK");
	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	COMMIT();
}

static void wrong_settings_are_told_apart(void **state)
{
	struct store_settings wrong = campus_settings;
	struct store *other;

	(void)state;
	wrong.password = "no es esta";
	other = store_open(&wrong);
	assert_int_equal(store_begin(other, 0), STORE_CONFIG);
	store_rollback(other);
	store_close(other);
	wrong = campus_settings;
	wrong.socket = NULL;
	wrong.hosts = "127.0.0.1:1, 127.0.0.1:2";
	other = store_open(&wrong);
	assert_int_equal(store_begin(other, 0), STORE_LOST);
	assert_non_null(strstr(store_trouble(other), "127.0.0.1"));
	store_close(other);
	assert_int_equal(campus_direct(ID(1), ID(2)).id, rooms[0].id);
	assert_true(store_durability(st)->known);
}

static int setup(void **state)
{
	if (campus_setup(state))
		return -1;
	campus_group(ID(10), 5);
	rooms[0] = campus_direct(ID(1), ID(2));
	rooms[1] = campus_direct(ID(1), ID(3));
	rooms[2] = campus_direct(ID(4), ID(1));
	rooms[3] = campus_group_room(ID(10), ID(1));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_join_one_pair),
		cmocka_unit_test(ten_join_one_group),
		cmocka_unit_test(ten_store_one_message),
		cmocka_unit_test(storm_loses_nothing),
		cmocka_unit_test(ten_mark_all_as_read),
		cmocka_unit_test(dead_idle_session_is_replaced_unseen),
		cmocka_unit_test(session_lost_in_a_transaction_stores_nothing),
		cmocka_unit_test(locked_room_is_again_within_its_time),
		cmocka_unit_test(wrong_settings_are_told_apart),
	};

	return cmocka_run_group_tests(tests, setup, campus_teardown);
}
