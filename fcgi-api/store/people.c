/*
 * people: who somebody is.
 *
 * Room: fcgi-api/store. Called by identity and the handlers; calls row and db.
 */
#include "row.h"

static const struct db_sql by_id_sql = {
	"person by id", "SELECT " ROW_PERSON("u") " FROM usuarios u WHERE u.id = ?", ROW_PERSON_LETTERS
};
static const struct db_sql by_correo_sql = {
	"person by correo", "SELECT " ROW_PERSON("u") " FROM usuarios u WHERE u.correo_institucional ="
	" ?", ROW_PERSON_LETTERS
};

static enum store_verdict one(struct store *st, const struct db_sql *sql, struct db_value key,
			      struct arena *a, struct store_person *person_r)
{
	enum store_verdict v = db_run(st, sql, 1, &key, 1);
	bool found = false;

	if (v)
		return v;
	while (db_next(st)) {
		row_person(st, 0, a, person_r);
		found = true;
	}
	v = db_end(st);
	return v == STORE_OK && !found ? STORE_NONE : v;
}

enum store_verdict store_person_by_id(struct store *st, int64_t id, struct arena *a,
				      struct store_person *person_r)
{
	return one(st, &by_id_sql, db_of_number(id), a, person_r);
}

enum store_verdict store_person_by_correo(struct store *st, struct slice correo, struct arena *a,
					  struct store_person *person_r)
{
	enum store_verdict v = one(st, &by_correo_sql, db_of_text(correo), a, person_r);

	return v == STORE_OK && !slice_eq(person_r->correo, correo) ? STORE_NONE : v;
}
