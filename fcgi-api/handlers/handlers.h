/*
 * handlers: one function per event or endpoint, listed here for the router's tables.
 *
 * Room: fcgi-api/handlers. Called by router; each calls fields, store, render, push, answer.
 * They run inside the door's transaction and never commit. They return why not, or NULL: then the answer is
 * in the call. Trouble of the store goes back through call_trouble.
 */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "call.h"

#define HANDLERS_POLL_S "3"  /* X-Poll-Interval: who asks for messages again and again waits so long */

typedef const struct refusal *handler_fn(struct call *c);
/* All calls of a set at once: each call's refusal is set, or its answer is in it. */
typedef void handler_set_fn(struct call **calls, size_t count);

/* the relay's */
handler_fn handle_connect, handle_sweep, handle_fetch, handle_members;
/* events */
handler_fn handle_join_direct_chat, handle_join_group, handle_leave_group, handle_load_message_history;
handler_fn handle_load_missed_messages, handle_load_rooms, handle_edit_message, handle_delete_message;
handler_fn handle_refresh_token;
handler_set_fn handle_sends, handle_receipts;
/* REST */
handler_fn handle_rest_rooms, handle_rest_room, handle_rest_room_direct, handle_rest_room_group;
handler_fn handle_rest_messages, handle_rest_send, handle_rest_send_direct;
handler_fn handle_rest_read, handle_rest_delivered, handle_rest_read_all, handle_rest_unread, handle_rest_readers;
handler_fn handle_rest_news, handle_rest_edit, handle_rest_delete;

#endif
