/*
 * render: the JSON shapes that several handlers share (www/asyncapi.yaml, www/openapi.yaml).
 *
 * Room: fcgi-api. Called by handlers and push. Pure.
 */
#ifndef RENDER_H
#define RENDER_H

#include "arena.h"
#include "store.h"

/* `"key":"2026-…Z"`, or null for 0; with a comma as json_put_key. */
void render_time_member(struct buf *b, const char *key, int64_t seconds);
/* `"key":7`, or null for 0; likewise. */
void render_number_member(struct buf *b, const char *key, int64_t v);

/*
 * Events, and pages by socket, go without a text that no TEXT column holds, of another program's where the column is wider:
 * it would end whoever hears it as too slow, or not fit on the bus at all. REST has it whole.
 */
bool render_leaves_out(const struct store_message *m);
/* `["receive_message",{…}]` */
void render_receive_message(struct buf *b, const struct store_message *m);
/* `["message_edited",{…}]`, or `message_deleted` if it is that. */
void render_change(struct buf *b, const struct store_message *m);
/* The `ack` of a stored message. */
void render_ack(struct buf *b, const struct store_message *m, bool duplicate);
/* One message of `message_history_loaded`. */
void render_history_message(struct buf *b, const struct store_message *m);

/* REST: the message object; `duplicate` adds the member. */
void render_message(struct buf *b, const struct store_message *m, bool duplicate);
/* The same as one of a list. */
void render_plain_message(struct buf *b, const struct store_message *m);
/* A JSON array of messages, each by `put`: render_history_message or render_plain_message. */
void render_list(struct buf *b, const struct store_history *h, void (*put)(struct buf *b, const struct store_message *m));
/* REST: the room object; no_leidos and nombre only where the entry has them. */
void render_room(struct buf *b, const struct store_room_entry *e);

/* What both answers to a join end with: sala_chat_id, sala_uuid, room (its name on the wire), cursor. */
void render_joined(struct buf *b, const struct store_room *room, struct slice name, struct slice cursor);

/* `group_left` of who is in a group no more; the room in place of the group when that is gone. */
void render_removed(struct buf *b, const struct store_member *is);

/* Names of rooms on the wire: chat_<uuid> or group_<uuid>, and @<user id>. In the arena. */
struct slice render_room_name(struct arena *a, const struct store_room *room);
struct slice render_personal_name(struct arena *a, int64_t person_id);
/* The sala_uuid in such a name; n = 0 when there is none. Borrows from the name. */
struct slice render_room_uuid(struct slice name);
/* The same for a group's room alone; n = 0 for any other. */
struct slice render_group_uuid(struct slice name);

#endif
