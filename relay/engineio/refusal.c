/*
 * refusal: see refusal.h.
 *
 * Room: relay/engineio. Pure but for its log lines.
 */
#include "log.h"
#include "refusal.h"

#define BURST 5                    /* lines a second: peers can provoke them at will; the counters see all */

static const struct {
	const char *name, *text;
} rows[EIO_REFUSALS] = {
	[EIO_REFUSED_CONNECTIONS] = { "connections", "too many connections" },
	[EIO_REFUSED_CONNECTIONS_ADDRESS] = { "connections_address", "too many connections of its address" },
	[EIO_REFUSED_DESCRIPTORS] = { "descriptors", "no descriptors left, waiting a second" },
	[EIO_REFUSED_SESSIONS] = { "sessions", "too many sessions" },
	[EIO_REFUSED_SESSIONS_ADDRESS] = { "sessions_address", "too many sessions of its address" },
	[EIO_REFUSED_BUSY] = { "busy", "not served at the moment" },
	[EIO_REFUSED_HEAD] = { "head", "head malformed, too large or cut off" },
	[EIO_REFUSED_HEAD_SLOW] = { "head_slow", "head too slow" },
	[EIO_REFUSED_IDLE] = { "idle", "no further request" },
	[EIO_REFUSED_METHOD] = { "method", "method not allowed" },
	[EIO_REFUSED_LINE] = { "line", "line break within the request's target" },
	[EIO_REFUSED_PIPELINED] = { "pipelined", "body behind a request that was not answered yet" },
	[EIO_REFUSED_CODING] = { "coding", "transfer coding" },
	[EIO_REFUSED_NO_LENGTH] = { "no_length", "body without a length" },
	[EIO_REFUSED_LENGTH] = { "length", "length that is none" },
	[EIO_REFUSED_BODY_LARGE] = { "body_large", "body too large" },
	[EIO_REFUSED_BODY_SLOW] = { "body_slow", "body too slow" },
	[EIO_REFUSED_QUERY] = { "query", "too many arguments" },
	[EIO_REFUSED_ORIGIN] = { "origin", "origin not allowed" },
	[EIO_REFUSED_TRANSPORT] = { "transport", "transport unknown" },
	[EIO_REFUSED_SID] = { "sid", "session unknown" },
	[EIO_REFUSED_HANDSHAKE_METHOD] = { "handshake_method", "handshake by another method" },
	[EIO_REFUSED_REQUEST] = { "request", "bad request" },
	[EIO_REFUSED_VERSION] = { "version", "revision not served" },
	[EIO_REFUSED_UPGRADE] = { "upgrade", "no proper WebSocket handshake" },
	[EIO_REFUSED_SECOND_POLL] = { "second_poll", "a second GET" },
	[EIO_REFUSED_SECOND_POST] = { "second_post", "a second POST" },
	[EIO_REFUSED_SECOND_WEBSOCKET] = { "second_websocket", "a WebSocket that is not wanted" },
	[EIO_REFUSED_PAYLOAD] = { "payload", "payload malformed" },
	[EIO_REFUSED_PACKETS] = { "packets", "too many packets in a payload" },
	[EIO_REFUSED_UNFINISHED] = { "unfinished", "too much is unfinished" },
	[EIO_REFUSED_PROBE] = { "probe", "probe malformed" },
	[EIO_REFUSED_PROBE_SLOW] = { "probe_slow", "upgrade too slow" },
	[EIO_REFUSED_FRAME] = { "frame", "frame malformed" },
	[EIO_REFUSED_MESSAGE_LARGE] = { "message_large", "message too large" },
	[EIO_REFUSED_MESSAGE_SLOW] = { "message_slow", "message too slow" },
	[EIO_REFUSED_UTF8] = { "utf8", "not UTF-8" },
	[EIO_REFUSED_PACKET] = { "packet", "packet malformed" },
	[EIO_REFUSED_TURN] = { "turn", "packet of the other side" },
	[EIO_REFUSED_QUEUE] = { "queue", "too much waits for it" },
	[EIO_REFUSED_PONG] = { "pong", "no pong" },
};

const char *eio_refusal_name(enum eio_refusal r)
{
	return rows[r].name;
}

const char *refusal_note(struct eio_stats *stats, const char *who, enum eio_refusal r)
{
	static struct log_limit limit;

	stats->refused[r]++;
	if (r == EIO_REFUSED_IDLE)         /* how most connections end */
		log_debug(who, "refused: %s", rows[r].text);
	else if (log_enabled(LOG_LEVEL_DEBUG) || log_limited(&limit, LOG_LEVEL_INFO, BURST))
		log_info(who, "refused: %s", rows[r].text);
	return rows[r].text;
}
