/*
 * transport: the table of operations by which a session moves its bytes.
 *
 * Room: relay/engineio. The session calls down through it; polling.c and ws.c fill it (at the bottom of
 * each file), tests put a table of their own. No operation may call back into the session, except that
 * flush may take from its queue (session_peek, session_pop) and end it (session_end) when the peer is gone.
 */
#ifndef EIO_TRANSPORT_H
#define EIO_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

struct eio_session;

struct eio_transport {
	const char *name;                  /* for the log */
	size_t queues;                     /* so many times send_queue_max may wait in a session's queue */
	/*
	 * Something waits in the queue, or the session has begun to close. Writes what can be written now
	 * and asks to be woken for the rest; of a closing session it says goodbye behind the queue and then
	 * ends it.
	 */
	void (*flush)(struct eio_session *s);
	/* True when a message would leave now (volatile messages ask). */
	bool (*ready)(const struct eio_session *s);
	/* Stops or starts reading from the peer. */
	void (*pause)(struct eio_session *s, bool on);
	/*
	 * The session ended: lets go of every connection that serves it, of any role. What waits in the
	 * queue is not written.
	 * The peer is told by `code` where it can be told (WebSocket close code; a close packet to a held
	 * poll). Also called when a session leaves polling for WebSocket (the held poll gets a noop).
	 */
	void (*release)(struct eio_session *s, int code);
};

#endif
