/*
 * row: the columns that make a message, a room, a person, and their readers.
 *
 * Room: fcgi-api/store, inside. Calls db and json.
 */
#include "row.h"
#include "json.h"

#define SHORT_MEMBERS 512   /* bytes of all of a message's JSON but its texts */

static enum store_kind kind_of(struct slice word)
{
	if (slice_is(word, "directo"))
		return STORE_DIRECTO;
	return slice_is(word, "grupal") ? STORE_GRUPAL : STORE_ANY;
}

const char *store_kind_name(enum store_kind kind)
{
	return kind == STORE_GRUPAL ? "grupal" : "directo";
}

void row_person(struct store *st, unsigned at, struct arena *a, struct store_person *p)
{
	p->id = db_number(st, at);
	p->nombre = db_text(st, at + 1, a);
	p->apellido_paterno = db_text(st, at + 2, a);
	p->apellido_materno = db_text(st, at + 3, a);
	p->correo = db_text(st, at + 4, a);
	p->foto = db_text(st, at + 5, a);
	p->active = db_number(st, at + 6) == 1;
}

void row_room(struct store *st, unsigned at, struct arena *a, struct store_room *r)
{
	r->id = db_number(st, at);
	r->uuid = db_text(st, at + 1, a);
	r->kind = kind_of(db_text(st, at + 2, a));
	r->a_id = db_number(st, at + 3);
	r->b_id = db_number(st, at + 4);
	r->group_id = db_number(st, at + 5);
	r->twins = NULL;
	r->twin_count = 0;
	r->created_at = r->updated_at = 0;
}

void row_room_times(struct store *st, unsigned at, struct store_room *r)
{
	r->created_at = db_number(st, at);
	r->updated_at = db_number(st, at + 1);
}

void row_message(struct store *st, struct arena *a, struct store_message *m)
{
	m->id = db_number(st, 0);
	m->uuid = db_text(st, 1, a);
	m->tipo = db_text(st, 2, a);
	m->contenido = db_text(st, 3, a);
	m->url = db_text(st, 4, a);
	m->metadatos = db_text(st, 5, a);
	m->sent_at = db_number(st, 6);
	m->edited_at = db_number(st, 7);
	m->deleted_at = db_number(st, 8);
	row_room(st, 9, a, &m->room);
	row_person(st, 15, a, &m->sender);
}

size_t row_size(const struct store_message *m, bool picture)
{
	size_t n = SHORT_MEMBERS + json_string_size(m->contenido) + json_string_size(m->url) + m->metadatos.n;

	n += json_string_size(m->sender.nombre) + json_string_size(m->sender.apellido_paterno) +
	     json_string_size(m->sender.apellido_materno);
	return picture ? n + json_string_size(m->sender.foto) : n;
}
