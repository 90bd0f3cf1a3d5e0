/*
 * refusal: the names of what this room refuses, and the one place that counts and logs it.
 *
 * Room: relay/socketio. Called by client, socket, membership.
 * The limits, what the peer sees of each, and the counters stand together in socketio.3, LIMITS.
 */
#ifndef SIO_REFUSAL_H
#define SIO_REFUSAL_H

#include "socketio.h"

/*
 * Counts one refusal and logs it, a few lines a second. `who`: the address of the client. Returns the sentence, for
 * the client that ends by it.
 */
const char *sio_refusal_note(struct sio_stats *stats, const char *who, enum sio_refusal r);

#endif
