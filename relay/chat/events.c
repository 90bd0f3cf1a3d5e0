/*
 * events: one row per event (CONTRACT §1).
 *
 * Room: relay/chat, pure. Called by commands; calls nothing.
 */
#include "events.h"

static const struct event_row events[] = {
	{ "send_message",         WIRE_JOB_SENDS,    REFUSAL_ACK,   RATE_SEND, HERE_NOT },
	{ "mark_delivered",       WIRE_JOB_RECEIPTS, REFUSAL_ERROR, RATE_RECEIPT, HERE_NOT },
	{ "mark_read",            WIRE_JOB_RECEIPTS, REFUSAL_ERROR, RATE_RECEIPT, HERE_NOT },
	{ "join_direct_chat",     WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT },
	{ "join_group",           WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT },
	{ "leave_group",          WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT },
	{ "load_message_history", WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT },
	{ "load_missed_messages", WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT },
	{ "load_rooms",           WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT },
	{ "edit_message",         WIRE_JOB_OTHERS,   REFUSAL_ACK,   RATE_OTHER, HERE_NOT },
	{ "delete_message",       WIRE_JOB_OTHERS,   REFUSAL_ACK,   RATE_OTHER, HERE_NOT },
	{ "refresh_token",        WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER, HERE_NOT },
	{ "typing",               0,                 REFUSAL_ERROR, RATE_TYPING, HERE_TYPING },
	{ "get_presence",         0,                 REFUSAL_ERROR, RATE_OTHER, HERE_PRESENCE },
	{ "send_direct_message",  WIRE_JOB_SENDS,    REFUSAL_ERROR, RATE_SEND, HERE_NOT },
	{ "send_group_message",   WIRE_JOB_SENDS,    REFUSAL_ERROR, RATE_SEND, HERE_NOT },
};

const struct event_row *events_find(struct slice name)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (slice_is(name, events[i].name))
			return &events[i];
	return NULL;
}
