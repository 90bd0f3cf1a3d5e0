/*
 * roomname: how the rooms of the namespace are called (WIRE.md, room names).
 *
 * Room: relay/chat, pure. Called by arrival, members, effects, answers, typing, presence, awaited, targets and ears.
 */
#ifndef CHAT_ROOMNAME_H
#define CHAT_ROOMNAME_H

#include "buf.h"

#define ROOMNAME_MAX 152               /* bytes of a name: a head and the 36 characters of sala_uuid, of four bytes each */

enum roomname_kind { ROOMNAME_OTHER, ROOMNAME_PERSON, ROOMNAME_DIRECT, ROOMNAME_GROUP };

/* What kind of room has this name. A head without an id behind it is no name of ours. */
enum roomname_kind roomname_kind(struct slice room);
/* The sala_uuid in the name of a chat's room; of any other the whole name. */
struct slice roomname_uuid(struct slice room);
/* The person's id in the name of a personal room; of any other none. */
struct slice roomname_user(struct slice room);
/* The room of a person, by his id, or of a chat, by its sala_uuid; in `text`. None when the id is too long for a name. */
struct slice roomname_of(char text[ROOMNAME_MAX], enum roomname_kind kind, struct slice id);

#endif
