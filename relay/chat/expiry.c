/*
 * expiry: see expiry.h.
 *
 * Room: relay/chat. Calls replies and socketio.
 */
#include "expiry.h"

#include "clock.h"
#include "log.h"
#include "replies.h"

#define LOOK_MS 60000                  /* tokens go by the wall clock, which somebody may set */
#define OVER_MS 100                    /* how soon an end is looked at again that waits for a newer token */
#define REFRESH_MS 5000                /* so long it does: an answer takes no longer */

static void on_look(void *ctx);

/* Of one that ends at all. */
static int64_t left_ms(const struct seat *seat)
{
	return seat->expires < INT64_MAX / 1000 ? seat->expires * 1000 - clock_wall_ms() : INT64_MAX;
}

/* The next look at the clock, at the latest when the token ends by it. */
static void look_in(struct seat *seat, int64_t ms)
{
	uint64_t delay_ms = (uint64_t)(ms <= 0 ? OVER_MS : ms < LOOK_MS ? ms : LOOK_MS);

	/* one that repeats goes by the machine's time, also where the process stood still */
	if (seat->expiry)
		eio_timer_again(seat->expiry, delay_ms, delay_ms);
	else
		seat->expiry = eio_timer_new(seat->hall->loop, delay_ms, delay_ms, on_look, seat);
}

static void on_look(void *ctx)
{
	struct seat *seat = ctx;

	if (!expiry_ends(seat))
		look_in(seat, left_ms(seat));
}

/* A newer token that came in time is being looked at. */
static bool refreshing(const struct seat *seat)
{
	const struct command *c;

	TAILQ_FOREACH(c, &seat->line.commands, in_line)
		if (c->type == WIRE_EVENT && slice_is(c->event, "refresh_token"))
			return true;
	return false;
}

bool expiry_ends(struct seat *seat)
{
	int64_t left = seat->expiry ? left_ms(seat) : INT64_MAX;

	if (left > 0 || (left > -REFRESH_MS && refreshing(seat)))
		return false;
	seat->hall->stats.expired++;
	log_info(seat->sid, "user %s: token expired", seat->user);
	eio_timer_free(seat->expiry);
	seat->expiry = NULL;
	reply_error(seat->socket, "Tu sesión ha expirado", "unauthorized");
	sio_socket_disconnect(seat->socket, false);
	return true;
}

void expiry_set(struct seat *seat, int64_t expires)
{
	seat->expires = expires;
	if (expires > 0) {
		look_in(seat, left_ms(seat));
		return;
	}
	if (seat->expiry)
		eio_timer_free(seat->expiry);
	seat->expiry = NULL;
}
