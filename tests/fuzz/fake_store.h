/*
 * fake_store: a database that answers as the dice fall: found or not, trouble, and texts of every kind that the
 * columns may hold. What a caller promises the store is held against it.
 *
 * Included once per program, which sets `dice` first.
 */
#ifndef FAKE_STORE_H
#define FAKE_STORE_H

#include <assert.h>
#include <stdlib.h>
#include "json.h"
#include "store.h"

#define UUID "6d1f6c0e-0b6e-5c51-9a0b-8f7d6a3c2e10"

static struct slice dice;

/* 0 when there are no more: everything is found then, and nothing fails. */
static unsigned throw_die(void)
{
	unsigned d = dice.n ? (uint8_t)dice.p[0] : 0;

	if (dice.n)
		dice = (struct slice){ dice.p + 1, dice.n - 1 };
	return d;
}

/* `none`: the function is a look-up. */
static enum store_verdict verdict(bool none)
{
	unsigned d = throw_die();

	if (d < 200)
		return STORE_OK;
	if (d < 230 && none)
		return STORE_NONE;
	return d < 240 ? STORE_AGAIN : d < 250 ? STORE_LOST : STORE_OK;
}

static struct slice some_text(void)
{
	static const struct slice texts[] = {
		SLICE("hola"), SLICE_NONE, SLICE(""), SLICE("\"\\/\b\f\n\r\t\x01\x1f\x7f"), SLICE("\xf0\x9f\x98\x80\xc3\xb1"),
		SLICE("{\"a\":[1,null]}"), SLICE("{\"archivo\":{\"nombre\":\"x\",\"tipo\":5}}"), SLICE("[broken"), SLICE(UUID),
		SLICE("%s%n"), SLICE("\xe2\x80\xa8</script>"),
	};

	return texts[throw_die() % (sizeof(texts) / sizeof(texts[0]))];
}

static int64_t some_id(void)
{
	unsigned d = throw_die();

	return d == 255 ? INT64_MAX : (int64_t)(d % 5) + 1;
}

static int64_t some_time(void)
{
	return throw_die() & 1 ? 0 : 1700000000 + throw_die();
}

/* ---- structs ---- */

static void put_person(struct store_person *p, int64_t id)
{
	*p = (struct store_person){ id, some_text(), some_text(), some_text(), some_text(), some_text(),
				    throw_die() < 230 };
}

static void put_room(struct store_room *r)
{
	*r = (struct store_room){ .id = some_id(), .uuid = throw_die() < 200 ? SLICE(UUID) : some_text(),
				  .kind = throw_die() & 1 ? STORE_GRUPAL : STORE_DIRECTO,
				  .created_at = some_time(), .updated_at = some_time() };
	if (!r->uuid.p)
		r->uuid = SLICE("no uuid");
	if (r->kind == STORE_DIRECTO) {
		r->a_id = some_id();
		r->b_id = some_id();
	} else {
		r->group_id = some_id();
	}
}

static void put_message(struct store_message *m, int64_t id)
{
	*m = (struct store_message){ .id = id, .uuid = SLICE(UUID), .tipo = some_text(), .contenido = some_text(),
				     .url = some_text(), .metadatos = some_text(), .sent_at = some_time(),
				     .edited_at = some_time(), .deleted_at = some_time() };
	put_room(&m->room);
	put_person(&m->sender, some_id());
}

/* A few messages in the arena. */
static struct store_message *some_messages(struct arena *a, size_t *count_r)
{
	struct store_message *m;

	*count_r = throw_die() % 4;
	m = arena_alloc(a, (*count_r + 1) * sizeof(*m));
	for (size_t i = 0; i < *count_r; i++)
		put_message(&m[i], (int64_t)i + 1);
	return m;
}

static bool flag(bool *flag_r)
{
	bool b = throw_die() < 200;

	if (flag_r)
		*flag_r = b;
	return b;
}

#include "tests/fuzz/fake_store_calls.h"

#endif
