/*
 * A hall over the stand-ins of fake_house.h, with Ana and Bea in it and Eva at its door.
 */
#ifndef FAKE_HALL_H
#define FAKE_HALL_H

#include "relay/chat/answers.h"
#include "relay/chat/commands.h"
#include "relay/chat/dispatch.h"
#include "relay/chat/presence.h"
#include "relay/chat/seats.h"
#include "tests/unit/fake_house.h"

static struct hall *h;
static struct sio_socket ana = { .id = "A" }, bea = { .id = "B" }, eva = { .id = "C" };

static inline void emit(struct sio_socket *s, const char *name)
{
	struct sio_event e = { .name = slice_of(name), .args = SLICE("{}") };

	commands_take(h, s->data, &e);
}

static void settle(void)
{
	dispatch_settle(h);
}

static void lost(uint64_t job)
{
	dispatch_on_bus(h, &(struct bus_event){ BUS_LOST, job, 0, SLICE_NONE });
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	h = mem_zero(1, sizeof(*h));
	lines_init(&h->lines);
	commands_init(h);
	TAILQ_INIT(&h->seats);
	TAILQ_INIT(&h->full);
	h->by_id = map_new();
	h->pushed = pushed_new(1024);
	h->holes = holes_new(15000);
	h->ahead = ahead_new();
	h->backlog = backlog_new();
	h->targets = targets_new();
	h->limits = limits_new();
	h->presence = presence_new();
	h->answers = answers_new();
	h->dispatch = dispatch_new(h);
	ana.paused = 0;
	seat_set_user(seat_new(h, &ana), SLICE("1"));
	seat_set_user(seat_new(h, &bea), SLICE("2"));
	seat_new(h, &eva);
	return 0;
}

static int teardown(void **state)
{
	struct command *c;

	(void)state;
	while ((c = TAILQ_FIRST(&h->commands)))
		commands_end(h, c);
	while (TAILQ_FIRST(&h->seats))
		seat_leave(TAILQ_FIRST(&h->seats));
	dispatch_free(h->dispatch);
	answers_free(h->answers);
	limits_free(h->limits);
	backlog_free(h->backlog);
	targets_free(h->targets);
	presence_free(h->presence);
	holes_free(h->holes);
	ahead_free(h->ahead);
	buf_fini(&h->early);
	pushed_free(h->pushed);
	map_free(h->by_id);
	free(h);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
