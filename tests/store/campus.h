/*
 * campus: what every store test stands on: a store, an administrator's connection, and people of its own.
 *
 * The database is the one of house.env: DB_SOCKET (or DB_HOST, DB_PORT), DB_USER, DB_PASSWORD, DB_NAME,
 * DB_ADMIN_USER, DB_ADMIN_PASSWORD. Each test program makes its own people and groups, far above the demo's
 * ids, and removes them.
 */
#ifndef TESTS_STORE_CAMPUS_H
#define TESTS_STORE_CAMPUS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include <mysql.h>

#include "store.h"

#define CAMPUS_PEOPLE 8  /* ids base+1 … base+8, all active; base+8 is suspended */

static struct store_settings campus_settings;
static MYSQL *campus_admin;
static int64_t campus_base;
static struct store *st;
static struct arena *mem;

static inline MYSQL *campus_connect(const char *user, const char *password)
{
	const char *port = getenv("DB_PORT"), *socket = getenv("DB_SOCKET");
	MYSQL *my = mysql_init(NULL);

	mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	/* as the store does: where there is a socket it is used */
	if (!mysql_real_connect(my, socket ? "localhost" : getenv("DB_HOST"), user, password,
				getenv("DB_NAME"), port ? (unsigned)atoi(port) : 3306, socket, 0)) {
		fprintf(stderr, "%s: %s\n", user, mysql_error(my));
		exit(1);
	}
	return my;
}

/* Runs one statement as the administrator. */
static inline void admin(const char *fmt, ...)
{
	char *sql;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&sql, fmt, ap) < 0)
		exit(1);
	va_end(ap);
	if (mysql_query(campus_admin, sql)) {
		fprintf(stderr, "%s\n%s\n", sql, mysql_error(campus_admin));
		exit(1);
	}
	free(sql);
}

/* The first column of the first row, as a number; -1: NULL or none. */
static inline int64_t admin_number(const char *fmt, ...)
{
	int64_t n = -1;
	MYSQL_RES *res;
	MYSQL_ROW row;
	char *sql;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&sql, fmt, ap) < 0)
		exit(1);
	va_end(ap);
	if (mysql_query(campus_admin, sql)) {
		fprintf(stderr, "%s\n%s\n", sql, mysql_error(campus_admin));
		exit(1);
	}
	res = mysql_store_result(campus_admin);
	row = mysql_fetch_row(res);
	if (row && row[0])
		n = strtoll(row[0], NULL, 10);
	mysql_free_result(res);
	free(sql);
	return n;
}

#define ID(n) (campus_base + (n))
#define L(x) ((long long)(x))

static inline void campus_wipe(void)
{
	/* rooms, messages, memberships and receipts go with the people and groups */
	admin("DELETE FROM grupos WHERE id BETWEEN %lld AND %lld", L(ID(1)), L(ID(999)));
	admin("DELETE FROM usuarios WHERE id BETWEEN %lld AND %lld", L(ID(1)), L(ID(999)));
}

static inline void campus_person(int64_t id, const char *estado)
{
	admin("INSERT INTO usuarios (id, correo_institucional, hash_contrasena, nombre, apellido_paterno,"
	      " fecha_nacimiento,"
	      " rol, estado) VALUES (%lld, 'p%lld@upred.example', '!', 'Ñandú', 'Pérez', '2000-01-01',"
	      " 'estudiante', '%s')",
	      L(id), L(id), estado);
}

static inline void campus_group(int64_t id, int members)
{
	int i;

	admin("INSERT INTO grupos (id, nombre, privacidad, usuario_dueno_id) VALUES (%lld, 'grupo %lld',"
	      " 'privado', %lld)",
	      L(id), L(id), L(ID(1)));
	for (i = 1; i <= members; i++)
		admin("INSERT INTO miembros_grupo (grupo_id, usuario_id, unido_en) VALUES (%lld, %lld,"
		      " CURRENT_TIMESTAMP - INTERVAL 1 DAY)", L(id), L(ID(i)));
}

static inline int campus_setup(void **state)
{
	const char *port = getenv("DB_PORT"), *rows = getenv("RECIPIENT_ROWS_MAX");
	int i;

	(void)state;
	campus_settings = (struct store_settings){
		.hosts = getenv("DB_HOST"),
		.port = port ? (unsigned)atoi(port) : 3306,
		.user = getenv("DB_USER"),
		.password = getenv("DB_PASSWORD"),
		.database = getenv("DB_NAME"),
		.socket = getenv("DB_SOCKET"),
		.recipient_rows_max = rows ? (unsigned)atoi(rows) : 100,
	};
	if (!campus_settings.user || !campus_settings.database) {
		fprintf(stderr, "no database in the environment (house.env)\n");
		return -1;
	}
	campus_admin = campus_connect(getenv("DB_ADMIN_USER"), getenv("DB_ADMIN_PASSWORD"));
	campus_base = 1000000000 + (int64_t)(ids_random64() % 1000000000) * 1000;
	campus_wipe();
	for (i = 1; i <= CAMPUS_PEOPLE; i++)
		campus_person(ID(i), i == CAMPUS_PEOPLE ? "suspendido" : "activo");
	st = store_open(&campus_settings);
	mem = arena_new();
	return 0;
}

static inline int campus_teardown(void **state)
{
	(void)state;
	store_close(st);
	campus_wipe();
	mysql_close(campus_admin);
	arena_free(mem);
	return 0;
}

#define BEGIN() assert_int_equal(store_begin(st, 0), STORE_OK)
#define COMMIT() assert_int_equal(store_commit(st), STORE_OK)
#define OK(call) assert_int_equal(call, STORE_OK)
#define assert_text(slice, text) do { \
	assert_int_equal((slice).n, strlen(text)); \
	assert_memory_equal((slice).p, text, strlen(text)); \
} while (0)

/* A send of a plain text; the uuid is drawn. */
static inline struct store_send campus_send(struct slice sala_uuid, int64_t sender, const char *text)
{
	char uuid[IDS_UUID_LEN + 1];

	ids_uuid_new(uuid);
	return (struct store_send){ .sala_uuid = sala_uuid,
				    .sender_id = sender,
				    .uuid = arena_copy(mem, slice_of(uuid)),
				    .tipo = SLICE("texto"),
				    .contenido = slice_of(text) };
}

static inline struct store_room campus_direct(int64_t one, int64_t other)
{
	struct store_room room;
	bool created;

	BEGIN();
	OK(store_room_direct(st, one, other, mem, &room, &created));
	COMMIT();
	return room;
}

static inline struct store_room campus_group_room(int64_t group, int64_t person)
{
	struct store_room room;
	bool created;

	BEGIN();
	OK(store_room_group(st, group, person, mem, &room, &created, NULL));
	COMMIT();
	return room;
}

/* What a person has not read in a room, as the list of rooms says it; in a transaction. */
static inline int64_t campus_unread(int64_t person, const struct store_room *room)
{
	struct store_room_entry *rooms;
	size_t count, i;

	OK(store_room_list(st, person, STORE_ROOMS_MAX, mem, &rooms, &count));
	for (i = 0; i < count && rooms[i].room.id != room->id;)
		i++;
	assert_true(i < count);
	return rooms[i].unread;
}

/* Stores one message; returns its id. */
static inline int64_t campus_say(const struct store_room *room, int64_t sender, const char *text)
{
	struct store_send s = campus_send(room->uuid, sender, text);

	BEGIN();
	OK(store_message_save(st, &s, 1, mem));
	COMMIT();
	assert_int_equal(s.verdict, STORE_SEND_STORED);
	return s.message.id;
}

/* A page in a transaction of its own; it lives in mem. */
static inline struct store_history campus_page(struct store_page p)
{
	struct store_history h;

	BEGIN();
	OK(store_message_history(st, &p, mem, &h));
	COMMIT();
	return h;
}

#endif
