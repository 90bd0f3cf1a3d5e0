/*
 * tables: whether those that are there bear what is promised.
 *
 * Room: fcgi-api/store. Called by door_bus; calls db and log. Nothing is refused for it: whoever runs this is told what to
 * repair.
 */
#include "db.h"
#include "log.h"

static const struct db_sql engines_sql = {
	"tables engines",
	"SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE() AND engine <> 'InnoDB'"
	" AND table_name IN ('mensajes', 'destinatarios_mensaje', 'salas_chat')", "tt"
};
static const struct db_sql texts_sql = {
	"tables texts",
	"SELECT column_name, character_set_name FROM information_schema.columns WHERE table_schema = DATABASE()"
	" AND character_set_name <> 'utf8mb4' AND table_name = 'mensajes' AND column_name IN ('contenido', 'url_archivo')", "tt"
};
/* A unique key of one column. */
static const struct db_sql unique_sql = {
	"tables unique",
	"SELECT COUNT(*) FROM (SELECT MAX(column_name) AS col FROM information_schema.statistics WHERE table_schema = DATABASE()"
	" AND table_name = ? AND non_unique = 0 GROUP BY index_name HAVING COUNT(*) = 1) k WHERE k.col = ?", "i"
};

static enum store_verdict warn_of_engines(struct store *st, struct arena *a)
{
	enum store_verdict v = db_run(st, &engines_sql, 1, NULL, 0);

	if (v)
		return v;
	while (db_next(st)) {
		struct slice table = db_text(st, 0, a), engine = db_text(st, 1, a);

		log_warn("store", "table %.*s is %.*s: only InnoDB has transactions, and what failed may be stored all the same",
			 (int)table.n, table.p, (int)engine.n, engine.p);
	}
	return db_end(st);
}

static enum store_verdict warn_of_texts(struct store *st, struct arena *a)
{
	enum store_verdict v = db_run(st, &texts_sql, 1, NULL, 0);

	if (v)
		return v;
	while (db_next(st)) {
		struct slice column = db_text(st, 0, a), set = db_text(st, 1, a);

		log_warn("store", "mensajes.%.*s is %.*s, not utf8mb4: messages with other characters than that has are refused (1366)",
			 (int)column.n, column.p, (int)set.n, set.p);
	}
	return db_end(st);
}

static enum store_verdict warn_of_key(struct store *st, const char *table, const char *column)
{
	struct db_value in[] = { db_of_text(slice_of(table)), db_of_text(slice_of(column)) };
	int64_t n;
	enum store_verdict v = db_one(st, &unique_sql, in, 2, &n);

	if (v == STORE_OK && n == 0)
		log_warn("store", "%s.%s has no UNIQUE key of its own: what is tried twice may be stored twice", table, column);
	return v;
}

enum store_verdict store_look_at_tables(struct store *st)
{
	struct arena *a = arena_new();
	enum store_verdict v = warn_of_engines(st, a);

	if (v == STORE_OK)
		v = warn_of_texts(st, a);
	if (v == STORE_OK)
		v = warn_of_key(st, "mensajes", "mensaje_uuid");
	if (v == STORE_OK)
		v = warn_of_key(st, "salas_chat", "sala_uuid");
	arena_free(a);
	return v;
}
