/*
 * refusal: the names of what the transport refuses, and the one place that counts and logs it.
 *
 * Room: relay/engineio. Called by everything above it in the room.
 * The limits, what the peer sees of each, and the counters stand together in socketio.3, LIMITS.
 */
#ifndef EIO_REFUSAL_H
#define EIO_REFUSAL_H

#include "engineio.h"

/*
 * Counts one refusal and logs it, a few lines a second; the end of an idle connection for debugging only. `who`: an address.
 * Returns the sentence, for the session that ends by it.
 */
const char *refusal_note(struct eio_stats *stats, const char *who, enum eio_refusal r);

#endif
