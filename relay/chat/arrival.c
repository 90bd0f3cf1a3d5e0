/*
 * arrival: from a CONNECT packet to the question a handler answers.
 *
 * Room: relay/chat. Calls commands, lines, seats, limits and socketio.
 * CONNECT_ERROR is only for what coming back cannot mend, for clients do not come back after it; here that is an oversize
 * auth payload.
 */
#include "arrival.h"

#include "commands.h"
#include "json.h"
#include "log.h"
#include "seats.h"

#define AUTH_MAX (16 * 1024)           /* bytes of a client's auth payload */

static const char auth_too_long[] =
	"{\"message\":\"Datos de conexión demasiado largos\",\"data\":{\"code\":\"too_long\"}}";

/* Engine.IO's own arguments say nothing about the person. */
static bool is_transport_word(struct slice name)
{
	static const char *const words[] = { "EIO", "transport", "t", "b64", "j", "sid" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_is(name, words[i]))
			return true;
	return false;
}

/* What is no text cannot be passed on as JSON; it counts as not given. */
static bool is_text(struct slice s)
{
	return json_is_utf8(s) && (s.n == 0 || !memchr(s.p, 0, s.n));
}

static void put_query(void *ctx, struct slice name, struct slice value)
{
	struct buf *b = ctx;

	if (is_transport_word(name) || !is_text(name) || !is_text(value))
		return;
	if (b->data[b->len - 1] != '{')
		buf_putc(b, ',');
	json_put_string(b, name);
	buf_putc(b, ':');
	json_put_string(b, value);
}

/* Rooms that a handler has to look at: not the personal one, which is identity's. */
static void put_room(void *ctx, struct slice room, uint64_t join)
{
	struct buf *b = ctx;

	(void)join;
	if (roomname_kind(room) == ROOMNAME_PERSON)
		return;
	if (b->data[b->len - 1] != '[')
		buf_putc(b, ',');
	json_put_string(b, room);
}

static void put_args(struct buf *b, const struct seat *seat, struct slice auth)
{
	const struct eio_session *session = sio_socket_session(seat->socket);
	struct slice header;

	buf_puts(b, "{\"query\":{");
	eio_session_each_query(session, put_query, b);
	buf_putc(b, '}');
	if (auth.n > 0)
		json_put_raw_member(b, "auth", auth);
	if (eio_session_header(session, "authorization", &header) == 1 && is_text(header))
		json_put_text_member(b, "authorization", header);
	json_put_text_member(b, "address", slice_of(seat->address));
	if (sio_socket_returns(seat->socket)) {
		json_put_raw_member(b, "rooms", SLICE("["));
		sio_socket_each_room(seat->socket, put_room, b);
		buf_putc(b, ']');
	}
	buf_putc(b, '}');
}

/* It passes: the client comes back. */
static void send_away(struct hall *h, struct seat *seat, const char *why)
{
	static struct log_limit limit;

	h->stats.arrivals_closed++;
	if (log_limited(&limit, LOG_LEVEL_INFO, 5))
		log_info(seat->sid, "%s sent away: %s", seat->address, why);
	sio_socket_close_transport(seat->socket, EIO_CUT);
}

void arrival_connect(struct hall *h, struct sio_socket *s, struct slice auth)
{
	static struct log_limit refused;
	struct seat *seat = seat_new(h, s);
	struct slice session = slice_of(eio_session_sid(sio_socket_session(s)));
	struct buf args = BUF_INIT;

	h->stats.arrivals++;
	/* nobody is known yet: the session stands for the user, so that one that comes and goes costs its address little */
	if (h->draining || (h->config.rate_limits && limits_take(h->limits, RATE_CONNECT, session, slice_of(seat->address), 0,
			eio_loop_now_ms(h->loop)))) {
		send_away(h, seat, h->draining ? "leaving" : "too fast");
		return;
	}
	if (auth.n > AUTH_MAX) {
		h->stats.arrivals_refused++;
		if (log_limited(&refused, LOG_LEVEL_INFO, 5))
			log_info(seat->sid, "connection from %s refused: too much auth", seat->address);
		sio_socket_refuse(s, SLICE(auth_too_long));
		return;
	}
	put_args(&args, seat, auth);
	if (lines_let_in(&h->lines, lines_cost(args.len)))
		commands_connect(h, seat, buf_slice(&args));
	else
		send_away(h, seat, "too much waits to be let in");
	buf_fini(&args);
}

/* The refusal behind the end of its connection, if it was one. */
static const char *why_it_ended(const struct sio_socket *s)
{
	const char *why = sio_socket_why(s);

	if (!why)
		why = eio_session_why(sio_socket_session(s));
	return why ? why : "";
}

void arrival_leave(struct hall *h, struct sio_socket *s, const char *reason)
{
	struct seat *seat = sio_socket_data(s);
	const char *why = why_it_ended(s);

	if (!seat)
		return;
	if (seat->user)
		log_info(seat->sid, "user %s left: %s%s%s", seat->user, reason, *why ? ", " : "", why);
	else
		commands_drop_arrival(h, seat);
	commands_drop_reads(h, seat);
	seat_leave(seat);
}
