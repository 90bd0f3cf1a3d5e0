/*
 * refusal: see refusal.h.
 *
 * Room: relay/socketio. Pure but for its log lines.
 */
#include "refusal.h"
#include "log.h"

#define BURST 5    /* lines a second: peers can provoke them at will; the counters see all */

static const struct {
	const char *name, *text;
} rows[SIO_REFUSALS] = {
	[SIO_REFUSED_CONNECT_SLOW] = { "connect_slow", "joined no namespace in time" },
	[SIO_REFUSED_PACKET] = { "packet", "packet malformed" },
	[SIO_REFUSED_DEPTH] = { "depth", "JSON too deep" },
	[SIO_REFUSED_TURN] = { "turn", "packet out of turn" },
	[SIO_REFUSED_ATTACHMENTS] = { "attachments", "too many attachments" },
	[SIO_REFUSED_PLACEHOLDER] = { "placeholder", "placeholder of no attachment" },
	[SIO_REFUSED_ATTACHED] = { "attached", "attachments too large" },
	[SIO_REFUSED_MISSING] = { "missing", "attachment missing" },
	[SIO_REFUSED_UNANNOUNCED] = { "unannounced", "attachment not announced" },
	[SIO_REFUSED_NAMESPACE] = { "namespace", "namespace unknown" },
	[SIO_REFUSED_PAYLOAD] = { "payload", "CONNECT with a text that is none" },
	[SIO_REFUSED_ACK] = { "ack", "acknowledgement that nobody waits for" },
	[SIO_REFUSED_ROOMS] = { "rooms", "too many rooms, or the name of one too long" },
};

const char *sio_refusal_name(enum sio_refusal r)
{
	return rows[r].name;
}

const char *sio_refusal_note(struct sio_stats *stats, const char *who, enum sio_refusal r)
{
	static struct log_limit limit;

	stats->refused[r]++;
	if (log_enabled(LOG_LEVEL_DEBUG) || log_limited(&limit, LOG_LEVEL_INFO, BURST))
		log_info(who, "refused: %s", rows[r].text);
	return rows[r].text;
}
