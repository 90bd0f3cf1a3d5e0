/*
 * events: one row per event (www/asyncapi.yaml).
 *
 * Room: relay/chat, pure. Calls nothing.
 */
#include "events.h"

static const struct event_row events[] = {
	{ "send_message",         WIRE_JOB_SENDS,    REFUSAL_ACK,   RATE_SEND, HERE_NOT, false },
	{ "mark_delivered",       WIRE_JOB_RECEIPTS, REFUSAL_ERROR, RATE_RECEIPT, HERE_NOT, false },
	{ "mark_read",            WIRE_JOB_RECEIPTS, REFUSAL_ERROR, RATE_RECEIPT, HERE_NOT, false },
	{ "join_direct_chat",     WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT, false },
	{ "join_group",           WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT, false },
	{ "leave_group",          WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT, false },
	{ "load_message_history", WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT, true },
	{ "load_missed_messages", WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT, true },
	{ "load_rooms",           WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT, true },
	{ "edit_message",         WIRE_JOB_OTHERS,   REFUSAL_ACK,   RATE_OTHER, HERE_NOT, false },
	{ "delete_message",       WIRE_JOB_OTHERS,   REFUSAL_ACK,   RATE_OTHER, HERE_NOT, false },
	{ "refresh_token",        WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT, false },
	{ "typing",               0,                 REFUSAL_ERROR, RATE_TYPING, HERE_TYPING, false },
	{ "get_presence",         0,                 REFUSAL_ERROR, RATE_OTHER, HERE_PRESENCE, false },
	{ "send_direct_message",  WIRE_JOB_SENDS,    REFUSAL_ERROR, RATE_SEND, HERE_NOT, false },
	{ "send_group_message",   WIRE_JOB_SENDS,    REFUSAL_ERROR, RATE_SEND, HERE_NOT, false },
};

const struct event_row *events_find(struct slice name)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (slice_is(name, events[i].name))
			return &events[i];
	return NULL;
}
