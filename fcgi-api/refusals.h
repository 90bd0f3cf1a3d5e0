/*
 * refusals: every way of saying no, one row each: name, code, HTTP status, text.
 *
 * Room: fcgi-api. Used by fields, identity, router, handlers and doors. A handler returns one of these, NULL
 * for success.
 * Rows whose text holds a %s are only the mould: refusal_with makes the text of one call from them.
 */
#ifndef REFUSALS_H
#define REFUSALS_H

#include "arena.h"

struct refusal {
	const char *code;
	int status;
	const char *text;
};

#define REFUSALS(R) \
	/* the shape of a request */ \
	R(PAYLOAD,            "bad_request",  422, "Payload inválido") \
	R(PAYLOAD_FOR,        "bad_request",  422, "Payload inválido para %s") \
	R(BAD_TEXT,           "bad_request",  422, "El texto contiene caracteres no permitidos") \
	R(MISSING,            "bad_request",  422, "Faltan campos: %s") \
	R(BAD_FIELD,          "bad_request",  422, "Campo inválido: %s") \
	R(OTHER_USER_MISSING, "bad_request",  422, "other_user_id es requerido") \
	R(GROUP_MISSING,      "bad_request",  422, "group_id es requerido") \
	R(RECEIPT_MISSING,    "bad_request",  422, "mensaje_id y user_id son requeridos") \
	R(ROOM_MISSING,       "bad_request",  422, "sala_uuid es requerido") \
	R(MESSAGE_TYPE,       "bad_request",  422, \
	  "message_type debe ser uno de: texto, imagen, archivo, audio, sistema") \
	R(KIND,               "bad_request",  422, "type debe ser 'directo' o 'grupal'") \
	R(TOKEN_MISSING,      "bad_request",  422, "token es requerido") \
	R(CONTENT_MISSING,    "bad_request",  400, "Se requiere contenido o url_archivo") \
	R(ONESELF,            "bad_request",  400, "No puedes abrir un chat contigo mismo") \
	R(NOT_JSON,           "bad_request",  400, "El cuerpo no es JSON válido") \
	R(BAD_REQUEST,        "bad_request",  400, "Solicitud inválida") \
	R(UNKNOWN_EVENT,      "bad_request",  400, "Evento desconocido") \
	R(TOO_LONG,           "too_long",     422, "El texto es demasiado largo (máximo 65535 bytes)") \
	/* who may */ \
	R(SENDER,             "forbidden",    403, "sender_id no coincide con el usuario conectado") \
	R(USER,               "forbidden",    403, "user_id no coincide con el usuario conectado") \
	R(SYSTEM,             "forbidden",    403, "No puedes enviar mensajes de tipo sistema") \
	R(NOT_MEMBER,         "not_member",   403, "No eres miembro de este grupo") \
	R(NOT_IN_ROOM,        "not_member",   403, "No tienes acceso a esta sala") \
	R(MESSAGE_NOT_YOURS,  "not_member",   403, "No tienes acceso a este mensaje") \
	R(NOT_AUTHOR,         "not_author",   403, "Solo el autor puede modificar este mensaje") \
	R(UNAUTHORIZED,       "unauthorized", 401, "No autorizado") \
	/* what is not there */ \
	R(ROOM_UNKNOWN,       "not_found",    404, "Sala de chat no encontrada") \
	R(MESSAGE_UNKNOWN,    "not_found",    404, "Mensaje no encontrado") \
	R(PERSON_UNKNOWN,     "not_found",    404, "Usuario no encontrado") \
	R(GROUP_UNKNOWN,      "not_found",    404, "Grupo no encontrado") \
	R(PATH_UNKNOWN,       "not_found",    404, "Ruta no encontrada") \
	R(DIRECT_UNKNOWN,     "not_found",    404, "No se pudo crear/obtener sala de chat") \
	/* what failed */ \
	R(DIRECT_FAILED,      "unavailable",  503, "No se pudo crear/obtener sala de chat") \
	R(GROUP_FAILED,       "unavailable",  503, "No se pudo crear/obtener sala de chat grupal") \
	R(SAVE_FAILED,        "unavailable",  503, "No se pudo guardar el mensaje") \
	R(UNAVAILABLE,        "unavailable",  503, "Servicio no disponible, intenta de nuevo") \
	/* HTTP alone */ \
	R(TOO_FAST,           "too_fast",     429, "Demasiadas solicitudes, espera un momento") \
	R(METHOD,             "method_not_allowed", 405, "Método no permitido") \
	R(ADDRESS,            "bad_request",  414, "La dirección es demasiado larga") \
	R(TOO_LARGE,          "too_large",    413, "El cuerpo es demasiado grande (máximo 1 MiB)") \
	R(MEDIA_TYPE,         "unsupported_media_type", 415, "El cuerpo debe ser application/json")

enum refusal_name {
#define REFUSAL_NAME(name, code, status, text) REFUSAL_##name,
	REFUSALS(REFUSAL_NAME)
#undef REFUSAL_NAME
	REFUSAL_COUNT
};

extern const struct refusal refusals[REFUSAL_COUNT];

#define REFUSE(name) (&refusals[REFUSAL_##name])

/* A refusal like `mould`, its %s replaced by `detail`. Lives in the arena. */
const struct refusal *refusal_with(struct arena *a, const struct refusal *mould, struct slice detail);

#endif
