/*
 * db: the bench's own connections to the house's database.
 *
 * Called by the programs of tests/bench; calls libmariadb.
 */
#include "db.h"
#include "ws.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

MYSQL *db_open(void)
{
	MYSQL *db = mysql_init(NULL);

	if (!db || !mysql_real_connect(db, "localhost", bench_env("DB_ADMIN_USER"), bench_env("DB_ADMIN_PASSWORD"),
				       bench_env("DB_NAME"), 0, bench_env("DB_SOCKET"), 0))
		bench_die("database: %s", db ? mysql_error(db) : "no memory");
	mysql_set_character_set(db, "utf8mb4");
	return db;
}

void db_run(MYSQL *db, const char *fmt, ...)
{
	char sql[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	if (mysql_query(db, sql) != 0)
		bench_die("database: %s in: %s", mysql_error(db), sql);
}

uint64_t db_number(MYSQL *db, const char *sql)
{
	MYSQL_RES *rows;
	MYSQL_ROW row;
	uint64_t v;

	db_run(db, "%s", sql);
	rows = mysql_store_result(db);
	row = rows ? mysql_fetch_row(rows) : NULL;
	if (!row || !row[0])
		bench_die("database: no number from: %s", sql);
	v = strtoull(row[0], NULL, 10);
	mysql_free_result(rows);
	return v;
}

void db_people(MYSQL *db, unsigned count)
{
	db_run(db, "SET SESSION max_recursive_iterations = %u", count + 1);   /* 1,000 otherwise */
	db_run(db, "INSERT IGNORE INTO usuarios (id, correo_institucional, hash_contrasena, nombre, apellido_paterno, "
	       "fecha_nacimiento) "
	       "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %u) "
	       "SELECT %u + i, CONCAT('bench', i, '@upred.example'), '!bench', 'Carga', i, '2000-01-01' FROM n",
	       count, BENCH_FIRST_USER);
}

void db_group(MYSQL *db, unsigned count)
{
	db_run(db, "INSERT IGNORE INTO grupos (id, nombre, usuario_dueno_id) VALUES (%u, 'Carga', %u)", BENCH_GROUP,
	       BENCH_FIRST_USER);
	db_run(db, "DELETE FROM miembros_grupo WHERE grupo_id = %u", BENCH_GROUP);
	db_run(db, "INSERT INTO miembros_grupo (grupo_id, usuario_id) SELECT %u, id FROM usuarios "
	       "WHERE id >= %u AND id < %u", BENCH_GROUP, BENCH_FIRST_USER, BENCH_FIRST_USER + count);
}
