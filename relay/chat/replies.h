/*
 * replies: what one caller hears: answering events, acknowledgements, and the relay's own refusals with
 * their texts.
 *
 * Room: relay/chat. Called by effects, expiry, commands, typing and get_presence.
 */
#ifndef CHAT_REPLIES_H
#define CHAT_REPLIES_H

#include "hall.h"

/* The relay's own refusals (www/asyncapi.yaml, their codes). */
#define REFUSED_UNAVAILABLE "unavailable"
#define REFUSED_TOO_FAST "too_fast"
#define REFUSED_BAD_REQUEST "bad_request"
#define REFUSED_TOO_MANY_ROOMS "too_many"
#define REFUSED_TYPING_PAYLOAD "typing_payload"
#define REFUSED_PRESENCE_PAYLOAD "presence_payload"
#define REFUSED_ROOM_MISSING "room_missing"
#define REFUSED_ROOM_UNKNOWN "not_found"
#define REFUSED_USERS_MISSING "users_missing"

/*
 * The event `name` with `object` to the command's caller, and the object to its acknowledgement if it still
 * waits for one. An empty name: the acknowledgement alone. Nothing when the socket is gone.
 */
void reply_send(struct command *c, struct slice name, struct slice object);
/* Refuses a client's event in the form of its row. */
void reply_refuse(struct command *c, const char *code, uint64_t retry_ms);
/* An `error` event that answers nothing. */
void reply_error(struct sio_socket *s, const char *message, const char *code);

#endif
