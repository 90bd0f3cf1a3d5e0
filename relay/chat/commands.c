/*
 * commands: from a client's event to a place in its line, and away from there.
 *
 * Room: relay/chat. Calls replies, seats, typing, get_presence, targets, lines, limits and events.
 */
#include "commands.h"

#include <stdlib.h>
#include "get_presence.h"
#include "ids.h"
#include "json.h"
#include "log.h"
#include "replies.h"
#include "seats.h"
#include "typing.h"

#define ATTEMPTS 2
#define ARRIVAL_MS 10000               /* how long a CONNECT waits for a worker, and for its database */
#define REST_MS 500                    /* at least so long between two attempts at one */

/* What the relay answers by itself. */
static void (*const answers_here[])(struct hall *h, struct command *c) = {
	[HERE_TYPING] = typing_take,
	[HERE_PRESENCE] = get_presence_answer,
};
_Static_assert(sizeof(answers_here) / sizeof(answers_here[0]) == HERE_COUNT, "each event answered here has its function");

void commands_init(struct hall *h)
{
	TAILQ_INIT(&h->commands);
	TAILQ_INIT(&h->arrivals);
	TAILQ_INIT(&h->given);
}

static struct slice id_key(const uint64_t *id)
{
	return (struct slice){ (const char *)id, sizeof(*id) };
}

static struct command *command_new(struct hall *h, enum wire_command_type type, struct slice event,
		struct slice args)
{
	struct command *c = mem_alloc(sizeof(*c) + event.n + args.n);

	memset(c, 0, sizeof(*c));
	c->id = ++h->next_command;
	c->type = (uint8_t)type;
	c->kind = WIRE_JOB_OTHERS;
	c->attempt = 1;
	c->born_ms = eio_loop_now_ms(h->loop);
	if (event.n)
		memcpy(c->bytes, event.p, event.n);
	if (args.n)
		memcpy(c->bytes + event.n, args.p, args.n);
	c->event = (struct slice){ c->bytes, event.n };
	c->args = (struct slice){ c->bytes + event.n, args.n };
	return c;
}

/* Into its line and the registers. */
static void command_enter(struct hall *h, struct command *c)
{
	h->stats.commands++;
	TAILQ_INSERT_TAIL(&h->commands, c, in_all);
	if (c->type == WIRE_CONNECT)
		TAILQ_INSERT_TAIL(&h->arrivals, c, in_due);
	map_put(h->by_id, id_key(&c->id), c);
	lines_put(&h->lines, c);
	if (c->seat)
		seat_check_bounds(c->seat);
}

static void command_refused(struct command *c, const char *code, uint64_t retry_ms)
{
	c->kind = 0;
	c->refusal = code;
	c->retry_ms = retry_ms;
	c->args.n = 0;
}

/* The room that a send names, so that it waits for who writes there already. */
static void name_place(struct hall *h, struct command *c)
{
	struct slice rest = c->args, object, name;

	if (slice_is(c->event, "send_message") && json_next_argument(&rest, &object) && json_kind(object) == JSON_OBJECT &&
	    json_member(object, "sala_uuid", &name) && json_kind(name) == JSON_STRING) {
		c->to_place = lines_place((struct slice){ name.p + 1, name.n - 2 });
		return;
	}
	c->target = targets_of(c->event, c->args, slice_of(c->seat->user));
	c->to_place = targets_place(h->targets, c->target);
}

void commands_take(struct hall *h, struct seat *seat, const struct sio_event *e)
{
	static struct log_limit limit;
	const struct event_row *row = events_find(e->name);
	struct slice name = row ? slice_of(row->name) : SLICE_NONE;
	bool full = !lines_have_room(&h->lines, &seat->line, lines_cost(name.n + e->args.n));
	bool away = row && !row->here && !bus_alive(h->bus);
	uint64_t wait = 0;
	struct command *c;

	if (!row && !e->wants_ack) {
		h->stats.unknown_events++;
		if (log_limited(&limit, LOG_LEVEL_INFO, 5))
			log_info(seat->sid, "user %s: unknown event, nobody to tell", seat->user);
		return;
	}
	if (h->config.rate_limits)
		wait = limits_take(h->limits, row ? row->rate : RATE_OTHER, slice_of(seat->user), slice_of(seat->address),
				e->args.n, eio_loop_now_ms(h->loop));
	c = command_new(h, WIRE_EVENT, name, row && !full && !away && !wait ? e->args : SLICE_NONE);
	c->seat = seat;
	c->line = &seat->line;
	c->row = row;
	c->wants_ack = e->wants_ack;
	c->ack = e->ack;
	c->bad_text = e->bad_text;
	h->stats.unknown_events += !row;
	if (wait) {
		h->stats.refused_fast++;
		command_refused(c, REFUSED_TOO_FAST, wait);
	} else if (!row) {
		command_refused(c, REFUSED_BAD_REQUEST, 0);
	} else if (full || away) {
		h->stats.refused_full += full;
		h->stats.unavailable++;
		command_refused(c, REFUSED_UNAVAILABLE, 0);
	} else {
		c->kind = row->kind;
		/* Drawn once per emit: a second attempt meets its own row. */
		if (row->kind == WIRE_JOB_SENDS) {
			ids_uuid_new(c->uuid);
			name_place(h, c);
		}
	}
	command_enter(h, c);
}

void commands_connect(struct hall *h, struct seat *seat, struct slice args)
{
	struct command *c = command_new(h, WIRE_CONNECT, SLICE_NONE, args);

	c->seat = seat;
	c->line = &seat->line;
	command_enter(h, c);
}

void commands_ask(struct hall *h, enum wire_command_type type, struct slice args,
		void (*on_end)(void *ctx, struct slice effects, bool failed), void *ctx)
{
	struct command *c = command_new(h, type, SLICE_NONE, args);

	c->alone = true;
	c->on_end = on_end;
	c->ctx = ctx;
	c->line = mem_alloc(sizeof(*c->line));
	line_init(c->line);
	command_enter(h, c);
}

struct command *commands_find(const struct hall *h, uint64_t id)
{
	return map_find(h->by_id, id_key(&id));
}

/* Its time runs from here on: into the list of those whose does, which is by that time. */
static void begin_time(struct hall *h, struct command *c, uint64_t from_ms)
{
	struct command *before = TAILQ_LAST(&h->given, command_list);

	c->first_out_ms = from_ms;
	if (c->type == WIRE_CONNECT)
		return;
	while (before && before->first_out_ms > from_ms)
		before = TAILQ_PREV(before, command_list, in_due);
	if (before)
		TAILQ_INSERT_AFTER(&h->given, before, c, in_due);
	else
		TAILQ_INSERT_HEAD(&h->given, c, in_due);
}

/* Did something that it stands behind end in vain since its birth, or was nobody answered? */
static bool waits_in_trouble(const struct hall *h, const struct command *c)
{
	uint64_t vain = lines_vain_ms(&h->lines, c), since = h->trouble_ms > vain ? h->trouble_ms : vain;

	return c->type == WIRE_EVENT && since && since >= c->born_ms;
}

void commands_given(struct hall *h, struct command *c)
{
	if (!c->first_out_ms)
		begin_time(h, c, waits_in_trouble(h, c) ? c->born_ms : eio_loop_now_ms(h->loop));
}

void commands_hasten(struct hall *h, const struct command *of)
{
	h->vain_ms = eio_loop_now_ms(h->loop);
	lines_vain(&h->lines, of, h->vain_ms);
}

void commands_end(struct hall *h, struct command *c)
{
	struct seat *seat = c->seat;

	lines_remove(&h->lines, c);
	TAILQ_REMOVE(&h->commands, c, in_all);
	if (c->type == WIRE_CONNECT)
		TAILQ_REMOVE(&h->arrivals, c, in_due);
	else if (c->first_out_ms)
		TAILQ_REMOVE(&h->given, c, in_due);
	map_remove(h->by_id, id_key(&c->id));
	if (!seat)
		free(c->line);
	free(c);
	if (seat) {
		seat_check_bounds(seat);
		seat_release(seat);
	}
}

/* Its time is over, or that of what it stood behind. */
static void ended_in_vain(struct hall *h, const struct command *c)
{
	commands_hasten(h, c);
	/* while others are answered it is this one's trouble, or its room's */
	if (h->answered_ms < (c->first_out_ms ? c->first_out_ms : c->born_ms))
		h->trouble_ms = h->vain_ms;
}

/* No answer will come: the client hears `unavailable`, a CONNECT ends at the transport, the relay's own are told. */
static void fail(struct hall *h, struct command *c)
{
	struct sio_socket *s = c->seat ? c->seat->socket : NULL;
	void (*on_end)(void *ctx, struct slice effects, bool failed) = c->on_end;
	void *ctx = c->ctx;

	if (c->first_out_ms || waits_in_trouble(h, c))
		ended_in_vain(h, c);
	if (c->type == WIRE_EVENT) {
		if (c->unknown && c->to_place)
			lines_doubt(&h->lines, c);
		h->stats.unavailable++;
		reply_refuse(c, REFUSED_UNAVAILABLE, 0);
	} else if (c->type == WIRE_CONNECT && s) {
		h->stats.arrivals_closed++;
		log_info(c->seat->sid, "%s sent away: nobody let it in", c->seat->address);
		sio_socket_close_transport(s, EIO_CUT);
	}
	commands_end(h, c);
	if (on_end)
		on_end(ctx, SLICE_NONE, true);
}

bool commands_spent(const struct hall *h, const struct command *c)
{
	return c->attempt >= ATTEMPTS || eio_loop_now_ms(h->loop) - c->first_out_ms >= COMMANDS_TOTAL_MS;
}

void commands_again(struct hall *h, struct command *c, bool lost)
{
	bool connects = c->type == WIRE_CONNECT, over = connects && (h->draining || !c->seat->socket), rests = connects && !lost;

	h->stats.lost += lost;
	if (lost)
		c->unknown = true;
	c->passing = false;
	if (rests)
		c->first_out_ms = 0;   /* whoever waits meanwhile does not wait in trouble for this */
	if (rests && !over) {
		c->rests_ms = eio_loop_now_ms(h->loop);
		c->state = COMMAND_RESTING;
		return;
	}
	if (over || commands_spent(h, c)) {
		fail(h, c);
		return;
	}
	h->stats.retried++;
	lines_again(&h->lines, c);
}

void commands_drop_arrival(struct hall *h, struct seat *seat)
{
	struct command *c = TAILQ_FIRST(&seat->line.commands);

	if (c && c->type == WIRE_CONNECT && (c->state == COMMAND_WAITING || c->state == COMMAND_RESTING))
		commands_end(h, c);
}

void commands_drop_reads(struct hall *h, struct seat *seat)
{
	struct command *c, *next;

	for (c = TAILQ_FIRST(&seat->line.commands); c; c = next) {
		next = TAILQ_NEXT(c, in_line);
		if (c->state == COMMAND_WAITING && c->row && c->row->read)
			commands_end(h, c);
	}
}

void commands_settle_refused(struct hall *h)
{
	struct command *c;

	while ((c = lines_refused(&h->lines))) {
		if (c->refusal)
			reply_refuse(c, c->refusal, c->retry_ms);
		else
			answers_here[c->row->here](h, c);
		commands_end(h, c);
	}
}

/*
 * Fails those of a list, oldest first, that wait and are `ms` old: since birth, or since their time runs. Of a socket's none
 * before those it said before.
 */
static void fail_older(struct hall *h, struct command_list *list, bool arrivals, uint64_t ms)
{
	uint64_t now = eio_loop_now_ms(h->loop);
	struct command *c, *next;

	for (c = TAILQ_FIRST(list); c && now - (arrivals ? c->born_ms : c->first_out_ms) >= ms; c = next) {
		next = TAILQ_NEXT(c, in_due);
		if ((c->state == COMMAND_WAITING && !TAILQ_PREV(c, command_list, in_line)) || c->state == COMMAND_RESTING)
			fail(h, c);
	}
}

/*
 * Those that no worker was given yet, by birth; in trouble alone: what is only busy is served in its turn. On a tick, not in
 * each pass: it looks at all that are so old.
 */
static void fail_waiting(struct hall *h)
{
	uint64_t now = eio_loop_now_ms(h->loop);
	struct command *c, *next;

	for (c = TAILQ_FIRST(&h->commands); c && c->born_ms <= h->vain_ms && now - c->born_ms >= COMMANDS_TOTAL_MS; c = next) {
		next = TAILQ_NEXT(c, in_all);
		if (c->state == COMMAND_WAITING && c->kind != 0 && !c->first_out_ms && waits_in_trouble(h, c) &&
		    !TAILQ_PREV(c, command_list, in_line))
			fail(h, c);
	}
}

void commands_fail_late(struct hall *h)
{
	fail_older(h, &h->given, false, COMMANDS_TOTAL_MS);
}

/*
 * Once the feed has had an answer since, there is a database. Closed at once they would all come back each second: an open
 * transport is a success to a client, and begins its delays anew.
 */
static void wake_resting(struct hall *h)
{
	uint64_t now = eio_loop_now_ms(h->loop);
	struct command *c, *before;

	for (c = TAILQ_LAST(&h->arrivals, command_list); c; c = before) {
		before = TAILQ_PREV(c, command_list, in_due);
		if (c->state != COMMAND_RESTING && !(c->state == COMMAND_WAITING && h->draining))
			continue;
		if (h->draining)
			fail(h, c);
		else if (now - c->rests_ms >= REST_MS && h->feed_swept_ms > c->rests_ms)
			lines_back(&h->lines, c);
		else if (now - c->rests_ms >= REST_MS)
			h->feed_hurry = true;
	}
}

/* Without workers nothing waits but a CONNECT, which has its own time. */
static void fail_all(struct hall *h)
{
	struct command *c, *next;

	for (c = TAILQ_FIRST(&h->commands); c; c = next) {
		next = TAILQ_NEXT(c, in_all);
		if (c->state == COMMAND_WAITING && c->kind != 0 && c->type != WIRE_CONNECT)
			fail(h, c);
	}
}

void commands_tick(struct hall *h)
{
	wake_resting(h);
	fail_older(h, &h->arrivals, true, ARRIVAL_MS);
	if (bus_alive(h->bus)) {
		commands_fail_late(h);
		fail_waiting(h);
	} else {
		fail_all(h);
	}
}
