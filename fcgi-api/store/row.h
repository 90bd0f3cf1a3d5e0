/*
 * row: the columns that make a message, a room, a person, and their readers. Written once, used by every
 * query.
 *
 * Room: fcgi-api/store, inside. Called by this room's query files.
 */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "db.h"

/* Column texts and letters in step: each list begins where the reader is told that it begins. */
#define ROW_PERSON(u) ROW_PERSON_OF(u ".id", u)
#define ROW_PERSON_OF(id, u) \
	id ", " u ".nombre, " u ".apellido_paterno, " u ".apellido_materno, " u ".correo_institucional, " \
	u ".foto_perfil_url, " u ".estado = 'activo'"
#define ROW_PERSON_LETTERS "ittttti"
#define ROW_ROOM(s) \
	s ".id, " s ".sala_uuid, " s ".tipo_sala, " s ".usuario_a_id, " s ".usuario_b_id, " s ".grupo_id"
#define ROW_ROOM_LETTERS "ittiii"
#define ROW_ROOM_TIMES(s) "UNIX_TIMESTAMP(" s ".creado_en), UNIX_TIMESTAMP(" s ".actualizado_en)"
#define ROW_ROOM_TIMES_LETTERS "ii"
#define ROW_MESSAGE \
	"m.id, m.mensaje_uuid, m.tipo_mensaje, m.contenido, m.url_archivo, m.metadatos," \
	" UNIX_TIMESTAMP(m.enviado_en), " \
	"UNIX_TIMESTAMP(m.editado_en), UNIX_TIMESTAMP(m.eliminado_en), " ROW_ROOM("s") ", " \
	ROW_PERSON_OF("COALESCE(u.id, m.remitente_id)", "u")
#define ROW_MESSAGE_LETTERS "itttttiii" ROW_ROOM_LETTERS ROW_PERSON_LETTERS
#define ROW_MESSAGE_COLUMNS 22
/*
 * LEFT JOIN: without the foreign key there are messages of nobody, and a page without them would end where there are only such.
 * STRAIGHT_JOIN in front: by the planner's own choice it sometimes begins with the rooms and sorts.
 */
#define ROW_MESSAGE_SELECT "SELECT STRAIGHT_JOIN " ROW_MESSAGE
#define ROW_MESSAGE_FROM \
	" FROM mensajes m JOIN salas_chat s ON s.id = m.sala_chat_id " \
	"LEFT JOIN usuarios u ON u.id = m.remitente_id "

/*
 * Whether somebody (bound three times) is in the room: 1 or 0. The kind decides whose word it is: a person
 * named in a group's row is no member of the group.
 */
#define ROW_MEMBER(s) \
	"IF(" s ".tipo_sala = 'directo', COALESCE(" s ".usuario_a_id = ?, 0) OR COALESCE(" s ".usuario_b_id = ?, 0)," \
	" EXISTS (SELECT 1 FROM miembros_grupo g WHERE g.grupo_id = " s ".grupo_id AND g.usuario_id = ?" \
	" AND g.estado_membresia = 'activo'))"

/* Ids of the rooms that a person (bound three times) is in, each once. */
#define ROW_ROOMS_OF \
	"SELECT a.id FROM salas_chat a WHERE a.usuario_a_id = ? AND a.tipo_sala = 'directo'" \
	" UNION SELECT b.id FROM salas_chat b WHERE b.usuario_b_id = ? AND b.tipo_sala = 'directo'" \
	" UNION SELECT c.id FROM miembros_grupo g JOIN salas_chat c ON c.grupo_id = g.grupo_id AND" \
	" c.tipo_sala = 'grupal' WHERE g.usuario_id = ? AND g.estado_membresia = 'activo'"

/* Each reads the present row from column `at` on; texts go into the arena. */
void row_person(struct store *st, unsigned at, struct arena *a, struct store_person *person_r);
void row_room(struct store *st, unsigned at, struct arena *a, struct store_room *room_r);
/* Behind the room: its two times. */
void row_room_times(struct store *st, unsigned at, struct store_room *room_r);
void row_message(struct store *st, struct arena *a, struct store_message *message_r);
/* Bytes that a message takes as JSON, about; with its sender's picture where that is shown. */
size_t row_size(const struct store_message *m, bool picture);

#endif
