/*
 * events: one row per event (CONTRACT §1).
 *
 * Room: relay/chat, pure. Called by commands; calls nothing.
 */
#include "events.h"

static const struct event_row events[] = {
	{ "send_message",         WIRE_JOB_SENDS,    REFUSAL_ACK,   RATE_SEND },
	{ "mark_delivered",       WIRE_JOB_RECEIPTS, REFUSAL_ERROR, RATE_RECEIPT },
	{ "mark_read",            WIRE_JOB_RECEIPTS, REFUSAL_ERROR, RATE_RECEIPT },
	{ "join_direct_chat",     WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER },
	{ "join_group",           WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER },
	{ "leave_group",          WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER },
	{ "load_message_history", WIRE_JOB_OTHERS,   REFUSAL_ERROR, RATE_OTHER },
	{ "send_direct_message",  WIRE_JOB_SENDS,    REFUSAL_ERROR, RATE_SEND },
	{ "send_group_message",   WIRE_JOB_SENDS,    REFUSAL_ERROR, RATE_SEND },
};

const struct event_row *events_find(struct slice name)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (slice_is(name, events[i].name))
			return &events[i];
	return NULL;
}
