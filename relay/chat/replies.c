/*
 * replies: events and acknowledgements to one caller.
 *
 * Room: relay/chat. Calls socketio and json's writer.
 */
#include "replies.h"

#include "json.h"
#include "log.h"

#define PAGE_BYTES (64u * 1024)        /* a reply from which on it is spared */
#define FRAME_BYTES 64                 /* what goes around it, at most */

struct refusal_text {
	const char *code, *message;
	const char *told;              /* the code as clients see it */
};

/* Every refusal that the relay words itself. */
static const struct refusal_text refusals[] = {
	{ REFUSED_UNAVAILABLE,    "Servicio no disponible, intenta de nuevo",   "unavailable" },
	{ REFUSED_TOO_FAST,       "Demasiados mensajes, espera un momento",     "too_fast" },
	{ REFUSED_BAD_REQUEST,    "Evento desconocido",                         "bad_request" },
	{ REFUSED_TOO_MANY_ROOMS, "Demasiados chats abiertos en esta conexión", "bad_request" },
	{ REFUSED_TYPING_PAYLOAD, "Payload inválido para typing",               "bad_request" },
	{ REFUSED_PRESENCE_PAYLOAD, "Payload inválido para get_presence",       "bad_request" },
	{ REFUSED_ROOM_MISSING,   "sala_uuid es requerido",                     "bad_request" },
	{ REFUSED_ROOM_UNKNOWN,   "Sala de chat no encontrada",                 "not_found" },
	{ REFUSED_USERS_MISSING,  "user_ids es requerido",                      "bad_request" },
};

void reply_send(struct command *c, struct slice name, struct slice object)
{
	struct sio_socket *s = c->seat ? c->seat->socket : NULL;
	struct buf b = BUF_INIT;

	if (!s)
		return;
	/* a page, twice in case it is acknowledged: the queue's bound is for those who do not read */
	if (object.n > PAGE_BYTES)
		eio_session_spare(sio_socket_session(s), 2 * (object.n + name.n + FRAME_BYTES));
	if (name.n > 0) {
		buf_putc(&b, '[');
		json_put_string(&b, name);
		buf_putc(&b, ',');
		buf_put_slice(&b, object);
		buf_putc(&b, ']');
		sio_socket_emit(s, buf_slice(&b));
	}
	/* Emitting may have cost the socket its connection, but never frees it within the call. */
	if (c->wants_ack) {
		c->wants_ack = false;
		buf_reset(&b);
		buf_putc(&b, '[');
		buf_put_slice(&b, object);
		buf_putc(&b, ']');
		sio_socket_ack(s, c->ack, buf_slice(&b));
	}
	buf_fini(&b);
}

static const struct refusal_text *text_of(const char *code)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (slice_is(slice_of(code), refusals[i].code))
			return &refusals[i];
	return &refusals[0];
}

/* The one place where the relay's own refusals are counted and told; a client can bring them about at will. */
static void note_refusal(const struct command *c, const char *code)
{
	static struct log_limit limit;

	if (!c->seat)
		return;
	c->seat->hall->stats.refused++;
	if (log_limited(&limit, LOG_LEVEL_INFO, 10))
		log_info(c->seat->sid, "user %s: %s refused: %s%s", c->seat->user ? c->seat->user : "-",
			c->row ? c->row->name : "unknown event", code, c->unknown ? ", outcome unknown" : "");
}

void reply_refuse(struct command *c, const char *code, uint64_t retry_ms)
{
	const struct refusal_text *t = text_of(code);
	bool as_ack = !c->row || c->row->refusal == REFUSAL_ACK;
	struct slice name = SLICE_NONE;
	struct buf b = BUF_INIT;

	note_refusal(c, code);
	buf_putc(&b, '{');
	if (as_ack)
		json_put_text_member(&b, "status", SLICE("error"));
	json_put_text_member(&b, "message", slice_of(t->message));
	json_put_text_member(&b, "code", slice_of(t->told));
	if (retry_ms)
		json_put_number_member(&b, "retry_ms", (int64_t)retry_ms);
	if (c->unknown && !(c->row && c->row->read))
		json_put_text_member(&b, "outcome", SLICE("unknown"));
	buf_putc(&b, '}');
	/* Unknown events have no answering event: only an asked-for acknowledgement tells. */
	if (c->row)
		name = as_ack ? SLICE("ack") : SLICE("error");
	reply_send(c, name, buf_slice(&b));
	buf_fini(&b);
}

void reply_error(struct sio_socket *s, const char *message, const char *code)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, "[\"error\",{");
	json_put_text_member(&b, "message", slice_of(message));
	json_put_text_member(&b, "code", slice_of(code));
	buf_puts(&b, "}]");
	sio_socket_emit(s, buf_slice(&b));
	buf_fini(&b);
}
