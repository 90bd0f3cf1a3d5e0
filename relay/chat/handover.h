/*
 * handover: what a relay that is restarted as planned leaves to the next one.
 *
 * Room: relay/chat. Called by chat.
 */
#ifndef CHAT_HANDOVER_H
#define CHAT_HANDOVER_H

#include "hall.h"

#define HANDOVER_MAGIC "upred handover 5"

/* What the file begins with; times by the wall clock. */
struct handover_head {
	char magic[sizeof(HANDOVER_MAGIC)];
	uint64_t written_ms;
	uint64_t untold_ms;            /* edits and deletions since then may have been told to nobody */
	uint64_t len, sum;             /* of what follows; the sum (FNV-1a) tells a torn file from a whole one */
};

/* Writes it, when everybody has been told to come back. Trouble is logged; then nobody is recovered. */
void handover_write(struct hall *h);
/* Takes over what is there, before anybody connects; it is gone afterwards, used or not. */
void handover_read(struct hall *h);

#endif
