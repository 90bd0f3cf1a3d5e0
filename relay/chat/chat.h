/*
 * chat: what the relay does for the chat without deciding anything.
 *
 * Room: relay/chat. Called by main.
 */
#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

#include "bus.h"
#include "socketio.h"

#define CHAT_RECOVERY_MS 120000         /* how long a client that was cut may come back, also to the next relay */

struct hall;

struct chat_config {
	const char *run_dir;           /* where feed.mark is written */
	bool rate_limits;
	bool recovery;                 /* sessions are handed to the next relay */
	bool metrics_aside;            /* /metrics is for who asks at the second address alone */
	unsigned feed_interval_ms;
	unsigned feed_hole_s;
};

/* Opens the doors: bus, Socket.IO server, feed. NULL with a logged line. */
struct hall *chat_open(struct eio_loop *l, const struct chat_config *c, const struct bus_config *bus,
		const struct sio_config *sio);
/* The port that clients connect to. */
int chat_port(const struct hall *h);
/* Connections this process can hold. */
unsigned long chat_capacity(const struct hall *h);
/* Other certificate files from now on, see eio_server_renew_tls. 0 or -1 with a logged line. */
int chat_renew_tls(struct hall *h, const char *cert_file, const char *key_file);
/* Takes over what may change while running. */
void chat_configure(struct hall *h, const struct chat_config *c);
/*
 * Leaves: no new connections, commands get up to `patience_ms` to be answered, clients are told to come
 * back; then done(ctx), once, at the latest after about three times that.
 */
void chat_drain(struct hall *h, unsigned patience_ms, void (*done)(void *ctx), void *ctx);
void chat_close(struct hall *h);

#endif
