/*
 * repeats: sends whose uuid a row has already.
 *
 * Room: fcgi-api/store. Calls row, twins, delivery, sets and db.
 */
#include "repeats.h"

#include "delivery.h"
#include "row.h"
#include "sets.h"
#include "twins.h"

static const struct db_sql find_sql = {
	"send find", ROW_MESSAGE_SELECT ROW_MESSAGE_FROM "WHERE m.mensaje_uuid IN ({?})", ROW_MESSAGE_LETTERS
};

/* Byte for byte: to the database 'A' is 'a'. */
static void meet(struct store_send *s, const struct store_message *row, bool *met)
{
	if (!slice_eq(s->uuid, row->uuid))
		return;
	s->message = *row;
	s->verdict = s->sender_id == row->sender.id ? STORE_SEND_DUPLICATE : STORE_SEND_REFUSED;
	*met = true;
}

enum store_verdict repeats_find(struct store *st, struct store_send *set, const size_t *which, size_t count, bool *met,
				struct arena *a)
{
	struct db_value in[STORE_SET_MAX];
	enum store_verdict v;
	size_t i;

	if (count == 0)
		return STORE_OK;
	for (i = 0; i < count; i++)
		in[i] = db_of_text(set[which[i]].uuid);
	v = sets_run_list(st, &find_sql, in, count, 1);
	if (v)
		return v;
	while (db_next(st)) {
		struct store_message row;

		row_message(st, a, &row);
		for (i = 0; i < count; i++)
			meet(&set[which[i]], &row, &met[which[i]]);
	}
	return db_end(st);
}

enum store_verdict store_message_repeat(struct store *st, struct store_send *send, struct arena *a)
{
	size_t which = 0;
	bool met = false;
	enum store_verdict v = repeats_find(st, send, &which, 1, &met, a);

	if (v == STORE_OK && !met)
		return STORE_NONE;
	if (v == STORE_OK)
		v = twins_of_repeats(st, send, 1, a);
	return v == STORE_OK ? delivery_confirm(st, send, 1) : v;
}
