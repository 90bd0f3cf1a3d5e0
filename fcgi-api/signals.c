/*
 * signals: one nanomsg pusher per relay.
 *
 * Room: fcgi-api. Calls nano, wire, log.
 */
#include "signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "counters.h"
#include "log.h"
#include "nano.h"

#define CONNECT_MS 300
#define LEAVE_MS 100       /* ten were enough for each of 20 short signals on an idle machine */

struct signals {
	int socks[SETTINGS_RELAYS_MAX];
	size_t count;
	unsigned long lost;
	bool put_off;
	struct buf message;
};

/* Its own relay has the answer; and one that is named twice would hear twice. */
static bool is_passed_over(const struct settings *set, size_t i, const char *but)
{
	bool known = but && nano_same_address(set->relays[i], but);

	for (size_t k = 0; k < i && !known; k++)
		known = nano_same_address(set->relays[i], set->relays[k]);
	return known;
}

struct signals *signals_open(const struct settings *set, const char *but)
{
	struct signals *s = mem_zero(1, sizeof(*s));

	for (size_t i = 0; i < set->relay_count; i++) {
		int sock;

		if (is_passed_over(set, i, but))
			continue;
		sock = nano_signal_open(set->relays[i]);
		if (sock < 0)
			log_warn("signals", "cannot open %s: %s", set->relays[i], strerror(errno));
		else
			s->socks[s->count++] = sock;
	}
	return s;
}

bool signals_none(const struct signals *s)
{
	return s->count == 0;
}

static void send_all(struct signals *s, int wait_ms)
{
	static struct log_limit limit;

	for (size_t i = 0; i < s->count; i++) {
		if (nano_signal_send(s->socks[i], buf_slice(&s->message), wait_ms) == 0)
			continue;
		s->lost++;
		counters_add(COUNTER_SIGNALS_LOST, 1);
		if (log_limited(&limit, LOG_LEVEL_INFO, 1))
			log_info("signals", "a relay does not take signals now; %lu lost so far", s->lost);
	}
}

void signals_send(struct signals *s, const struct answer *a)
{
	static struct log_limit too_much;

	if (a->pushes.len == 0 || s->count == 0)
		return;
	buf_reset(&s->message);
	wire_put_signal(&s->message);
	buf_put_slice(&s->message, buf_slice(&a->pushes));
	if (s->message.len > WIRE_SIGNAL_MAX) {
		s->lost++;
		counters_add(COUNTER_SIGNALS_LOST, 1);
		if (log_limited(&too_much, LOG_LEVEL_INFO, 1))
			log_info("signals", "%zu bytes are too much for a signal; %lu lost so far", s->message.len,
				 s->lost);
		buf_reset(&s->message);
		return;
	}
	if (!s->put_off)
		send_all(s, 0);
}

void signals_close(struct signals *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		nano_close(s->socks[i]);
	buf_fini(&s->message);
	free(s);
}

void signals_put_off(struct signals *s)
{
	s->put_off = true;
}

void signals_close_late(struct signals *s)
{
	if (s && s->message.len > 0) {
		send_all(s, CONNECT_MS);
		nanosleep(&(struct timespec){ .tv_nsec = LEAVE_MS * 1000000l }, NULL);
	}
	signals_close(s);
}
