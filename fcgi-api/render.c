/*
 * render: rows into JSON.
 *
 * Room: fcgi-api. Calls json, buf. Pure.
 */
#include "render.h"

#include <stdio.h>
#include <time.h>

#include "fields.h"
#include "json.h"

#define TIME_LEN 20                 /* YYYY-MM-DDTHH:MM:SSZ */
#define EVENT_TEXT_MAX (2 + 6 * 65535) /* bytes in JSON of whatever a TEXT column holds */
#define GROUP "group_"              /* how the name of a group's room begins */

/* UTC, NUL-terminated. */
static void put_time(int64_t seconds, char out[TIME_LEN + 1])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	gmtime_r(&t, &tm);
	if (strftime(out, TIME_LEN + 1, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		memcpy(out, "1970-01-01T00:00:00Z", TIME_LEN + 1);
}

void render_number_member(struct buf *b, const char *key, int64_t v)
{
	if (v)
		json_put_number_member(b, key, v);
	else
		json_put_raw_member(b, key, SLICE("null"));
}

void render_time_member(struct buf *b, const char *key, int64_t seconds)
{
	char text[TIME_LEN + 1];

	json_put_key(b, key);
	if (seconds == 0) {
		buf_puts(b, "null");
		return;
	}
	put_time(seconds, text);
	buf_putc(b, '"');
	buf_puts(b, text);
	buf_putc(b, '"');
}

/* What somebody stored in `metadatos` as an object, or the empty slice: other programs write there, too. */
static struct slice metadata(const struct store_message *m)
{
	enum json_fault fault;

	if (m->metadatos.n == 0)
		return SLICE_NONE;
	fault = json_check(m->metadatos);
	if ((fault != JSON_OK && fault != JSON_BAD_TEXT) || json_kind(m->metadatos) != JSON_OBJECT)
		return SLICE_NONE;
	return m->metadatos;
}

/*
 * The client's timestamp with its JSON type; a message without one shows enviado_en, and so does one where another program
 * wrote something else.
 */
static void put_timestamp(struct buf *b, const struct store_message *m)
{
	struct slice object = metadata(m), value;

	if (object.n && json_member(object, "client_timestamp", &value) && fields_is_timestamp(value))
		json_put_raw_member(b, "timestamp", value);
	else
		render_time_member(b, "timestamp", m->sent_at);
}

static struct slice kind_name(const struct store_message *m)
{
	return m->room.kind == STORE_GRUPAL ? SLICE("grupal") : SLICE("directo");
}

static void put_sender_name(struct buf *b, const struct store_person *p)
{
	struct buf name = BUF_INIT;

	buf_put_slice(&name, p->nombre);
	if (name.len && p->apellido_paterno.n)
		buf_putc(&name, ' ');
	buf_put_slice(&name, p->apellido_paterno);
	json_put_text_member(b, "sender_name", name.len ? buf_slice(&name) : SLICE(""));
	json_put_text_member(b, "sender_email", p->correo);
	buf_fini(&name);
}

static bool fits(struct slice text)
{
	return text.n <= 65535 || json_string_size(text) <= EVENT_TEXT_MAX;
}

bool render_leaves_out(const struct store_message *m)
{
	return !fits(m->contenido) || !fits(m->url);
}

static void put_message_text(struct buf *b, const struct store_message *m)
{
	json_put_text_member(b, "message", m->contenido.p && fits(m->contenido) ? m->contenido : SLICE(""));
}

/* The members that receive_message and the history's messages share. */
static void put_event_message(struct buf *b, const struct store_message *m)
{
	json_put_id_member(b, "from", m->sender.id);
	put_sender_name(b, &m->sender);
	put_message_text(b, m);
	json_put_text_member(b, "type", kind_name(m));
	json_put_text_member(b, "message_type", m->tipo);
	put_timestamp(b, m);
	json_put_text_member(b, "url_archivo", fits(m->url) ? m->url : SLICE(""));
	json_put_id_member(b, "mensaje_id", m->id);
	json_put_text_member(b, "mensaje_uuid", m->uuid);
	render_time_member(b, "enviado_en", m->sent_at);
	json_put_text_member(b, "sala_uuid", m->room.uuid);
}

void render_receive_message(struct buf *b, const struct store_message *m)
{
	buf_puts(b, "[\"receive_message\",{");
	put_event_message(b, m);
	buf_puts(b, "}]");
}

void render_change(struct buf *b, const struct store_message *m)
{
	buf_puts(b, m->deleted_at ? "[\"message_deleted\",{" : "[\"message_edited\",{");
	json_put_id_member(b, "mensaje_id", m->id);
	json_put_text_member(b, "sala_uuid", m->room.uuid);
	if (m->deleted_at) {
		render_time_member(b, "eliminado_en", m->deleted_at);
	} else {
		put_message_text(b, m);
		render_time_member(b, "editado_en", m->edited_at);
	}
	buf_puts(b, "}]");
}

void render_history_message(struct buf *b, const struct store_message *m)
{
	buf_putc(b, '{');
	json_put_id_member(b, "id", m->id);
	put_event_message(b, m);
	buf_putc(b, '}');
}

void render_ack(struct buf *b, const struct store_message *m, bool duplicate)
{
	buf_putc(b, '{');
	json_put_text_member(b, "status", SLICE("sent"));
	json_put_id_member(b, "sender_id", m->sender.id);
	put_timestamp(b, m);
	json_put_text_member(b, "type", kind_name(m));
	json_put_text_member(b, "message_type", m->tipo);
	json_put_id_member(b, "mensaje_id", m->id);
	json_put_text_member(b, "mensaje_uuid", m->uuid);
	json_put_text_member(b, "sala_uuid", m->room.uuid);
	json_put_text_member(b, "message", SLICE("Mensaje enviado y guardado en BD"));
	if (duplicate)
		json_put_raw_member(b, "duplicate", SLICE("true"));
	buf_putc(b, '}');
}

static void put_rest_sender(struct buf *b, const struct store_person *p)
{
	json_put_key(b, "remitente");
	buf_putc(b, '{');
	render_number_member(b, "id", p->id);
	json_put_text_member(b, "nombre", p->nombre);
	json_put_text_member(b, "apellido_paterno", p->apellido_paterno);
	json_put_text_member(b, "apellido_materno", p->apellido_materno);
	json_put_text_member(b, "foto_perfil_url", p->foto);
	buf_putc(b, '}');
}

void render_message(struct buf *b, const struct store_message *m, bool duplicate)
{
	struct slice object = metadata(m);

	buf_putc(b, '{');
	json_put_number_member(b, "id", m->id);
	json_put_text_member(b, "mensaje_uuid", m->uuid);
	json_put_number_member(b, "sala_chat_id", m->room.id);
	json_put_text_member(b, "sala_uuid", m->room.uuid);
	render_number_member(b, "remitente_id", m->sender.id);
	json_put_text_member(b, "tipo_mensaje", m->tipo);
	json_put_text_member(b, "contenido", m->contenido);
	json_put_text_member(b, "url_archivo", m->url);
	json_put_raw_member(b, "metadatos", object.n ? object : SLICE("null"));
	render_time_member(b, "enviado_en", m->sent_at);
	render_time_member(b, "editado_en", m->edited_at);
	render_time_member(b, "eliminado_en", m->deleted_at);
	put_rest_sender(b, &m->sender);
	if (duplicate)
		json_put_raw_member(b, "duplicate", SLICE("true"));
	buf_putc(b, '}');
}

void render_plain_message(struct buf *b, const struct store_message *m)
{
	render_message(b, m, false);
}

void render_list(struct buf *b, const struct store_history *h, void (*put)(struct buf *b, const struct store_message *m))
{
	buf_putc(b, '[');
	for (size_t i = 0; i < h->count; i++) {
		if (i)
			buf_putc(b, ',');
		put(b, &h->messages[i]);
	}
	buf_putc(b, ']');
}

void render_room(struct buf *b, const struct store_room_entry *e)
{
	const struct store_room *room = &e->room;

	buf_putc(b, '{');
	json_put_number_member(b, "id", room->id);
	json_put_text_member(b, "sala_uuid", room->uuid);
	json_put_text_member(b, "tipo_sala", room->kind == STORE_GRUPAL ? SLICE("grupal") : SLICE("directo"));
	render_number_member(b, "usuario_a_id", room->a_id);
	render_number_member(b, "usuario_b_id", room->b_id);
	render_number_member(b, "grupo_id", room->group_id);
	render_time_member(b, "creado_en", room->created_at);
	render_time_member(b, "actualizado_en", room->updated_at);
	json_put_key(b, "ultimo_mensaje");
	if (e->last)
		render_message(b, e->last, false);
	else
		buf_puts(b, "null");
	if (e->unread >= 0)
		json_put_number_member(b, "no_leidos", e->unread);
	if (e->named)
		json_put_text_member(b, "nombre", e->name);
	buf_putc(b, '}');
}

void render_joined(struct buf *b, const struct store_room *room, struct slice name, struct slice cursor)
{
	json_put_number_member(b, "sala_chat_id", room->id);
	json_put_text_member(b, "sala_uuid", room->uuid);
	json_put_text_member(b, "room", name);
	json_put_text_member(b, "cursor", cursor);
}

struct slice render_room_name(struct arena *a, const struct store_room *room)
{
	struct slice head = room->kind == STORE_GRUPAL ? SLICE(GROUP) : SLICE("chat_");
	char *name = arena_alloc(a, head.n + room->uuid.n + 1);

	memcpy(name, head.p, head.n);
	memcpy(name + head.n, room->uuid.p, room->uuid.n);
	return (struct slice){ name, head.n + room->uuid.n };
}

struct slice render_personal_name(struct arena *a, int64_t person_id)
{
	char *name = arena_alloc(a, 24);
	int n = snprintf(name, 24, "@%lld", (long long)person_id);

	return (struct slice){ name, (size_t)n };
}

struct slice render_room_uuid(struct slice name)
{
	const char *mark = memchr(name.p, '_', name.n);

	return slice_behind(name, mark ? (size_t)(mark + 1 - name.p) : name.n);
}

struct slice render_group_uuid(struct slice name)
{
	size_t skip = sizeof(GROUP) - 1;

	if (name.n <= skip || memcmp(name.p, GROUP, skip) != 0)
		return SLICE_NONE;
	return slice_behind(name, skip);
}

void render_removed(struct buf *b, const struct store_member *is)
{
	buf_putc(b, '{');
	json_put_text_member(b, "status", SLICE("removed"));
	if (is->group_id)
		json_put_id_member(b, "group_id", is->group_id);
	else
		json_put_text_member(b, "sala_uuid", is->sala_uuid);
	buf_putc(b, '}');
}
