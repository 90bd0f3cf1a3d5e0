// objects: relay/chat/feed.o relay/chat/ahead.o relay/chat/holes.o relay/chat/pushed.o relay/chat/ears.o relay/chat/roomname.o
// objects: shared/wire*.o shared/buf.o shared/ids.o shared/log.o
/*
 * The feed's questions and what it makes of the rows, without a loop, a bus or a database: what it asks is noted, and
 * what it would fetch is one line of text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "relay/chat/changes.h"
#include "relay/chat/commands.h"
#include "relay/chat/ears.h"
#include "relay/chat/feed.h"
#include "relay/chat/fetch.h"
#include "relay/chat/mark.h"

#define INTERVAL_MS 1000

static struct hall hall, *h = &hall;
static uint64_t now;
static char fetched[400];              /* the ids to be fetched, since they were last looked at */

/* ---- what lies below ---- */

struct eio_timer { uint64_t at, repeat; void (*fn)(void *ctx); void *ctx; };
static struct eio_timer timers[2];

uint64_t eio_loop_now_ms(const struct eio_loop *l) { (void)l; return now; }
bool bus_alive(const struct bus *b) { (void)b; return true; }
size_t sio_room_size(const struct sio_namespace *n, struct slice room) { (void)n, (void)room; return 1; }
void mark_write(struct hall *x) { (void)x; }
bool changes_due(const struct hall *x) { (void)x; return false; }
void changes_ask(struct hall *x, struct buf *sweep) { (void)x, (void)sweep; }
void changes_tell(struct hall *x, struct slice effects) { (void)x, (void)effects; }

struct eio_timer *eio_timer_new(struct eio_loop *l, uint64_t delay, uint64_t repeat, void (*fn)(void *ctx), void *ctx)
{
	struct eio_timer *t = timers[0].at ? &timers[1] : &timers[0];

	(void)l;
	*t = (struct eio_timer){ now + delay, repeat, fn, ctx };
	return t;
}

void eio_timer_again(struct eio_timer *t, uint64_t delay, uint64_t repeat)
{
	t->at = now + delay;
	t->repeat = repeat;
}

void eio_timer_free(struct eio_timer *t)
{
	t->at = 0;
}

struct fetch *fetch_new(struct hall *x) { (void)x; return NULL; }
void fetch_free(struct fetch *f) { (void)f; }
bool fetch_ready(const struct fetch *f) { (void)f; return false; }
bool fetch_full(const struct fetch *f) { (void)f; return false; }
void fetch_wake(struct fetch *f) { (void)f; }
void fetch_save(const struct fetch *f, struct buf *b) { (void)f, (void)b; }
int fetch_load(struct fetch *f, struct slice saved) { (void)f, (void)saved; return 0; }
void fetch_ask(struct fetch *f, void (*done)(void *ctx, bool failed), void *ctx) { (void)f, (void)done, (void)ctx; abort(); }

void fetch_add(struct fetch *f, struct slice rooms, uint64_t id)
{
	size_t n = strlen(fetched);

	(void)f, (void)rooms;
	snprintf(fetched + n, sizeof(fetched) - n, "%llu ", (unsigned long long)id);
}

/* The question that is out. */
static struct {
	struct wire_sweep sweep;
	void (*on_end)(void *ctx, struct slice effects, bool failed);
	void *ctx;
} asked;

void commands_ask(struct hall *x, enum wire_command_type type, struct slice args,
		void (*on_end)(void *ctx, struct slice effects, bool failed), void *ctx)
{
	(void)x;
	assert_int_equal(type, WIRE_SWEEP);
	assert_null(asked.on_end);
	assert_int_equal(wire_take_sweep(&args, &asked.sweep), 0);
	asked.on_end = on_end;
	asked.ctx = ctx;
}

/* ---- the test's own ---- */

static void pass(uint64_t ms)
{
	for (uint64_t end = now + ms; now < end; ) {
		now++;
		for (size_t i = 0; i < 2; i++) {
			struct eio_timer *t = &timers[i];

			if (t->at == 0 || t->at > now)
				continue;
			t->at = t->repeat ? now + t->repeat : UINT64_MAX;
			t->fn(t->ctx);
		}
	}
}

/* The database answers: rows of the table as it is now, each message another one of this `age`; `cut` bytes do not arrive. */
static void answer(struct wire_rows head, uint8_t age, size_t cut, const uint64_t *ids)
{
	struct buf payload = BUF_INIT, b = BUF_INIT;
	void (*on_end)(void *ctx, struct slice effects, bool failed) = asked.on_end;

	assert_non_null(on_end);
	wire_put_rows(&payload, &head);
	for (size_t i = 0; i < head.count; i++) {
		struct wire_row r = { .id = ids[i], .grouped = 1, .uuid = { age, (uint8_t)ids[i], 1 } };

		wire_put_row(&payload, &r);
	}
	payload.len -= cut;
	wire_put_effect(&b, &(struct wire_effect){ .kind = WIRE_ROWS, .payload = buf_slice(&payload) });
	asked.on_end = NULL;
	on_end(asked.ctx, buf_slice(&b), false);
	buf_fini(&payload);
	buf_fini(&b);
}

#define ROWS(upto_, ...) (struct wire_rows){ .max_id = (upto_), .upto = (upto_), \
	.count = sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t) }, 1, 0, (uint64_t[]){ __VA_ARGS__ }
#define NO_ROWS(upto_) (struct wire_rows){ .max_id = (upto_), .from = (upto_), .upto = (upto_) }, 1, 0, NULL

static void expect_fetched(const char *want)
{
	assert_string_equal(fetched, want);
	fetched[0] = '\0';
}

/* A relay that has begun, with 100 as the newest id. */
static int setup(void **state)
{
	(void)state;
	memset(&hall, 0, sizeof(hall));
	memset(timers, 0, sizeof(timers));
	asked.on_end = NULL;
	fetched[0] = '\0';
	now = 1000;
	h->config.feed_interval_ms = INTERVAL_MS;
	h->pushed = pushed_new(1024);
	h->holes = holes_new(15000);
	h->ahead = ahead_new();
	h->feed = feed_new(h);
	pass(INTERVAL_MS);
	assert_int_equal(asked.sweep.first, 1);
	answer(NO_ROWS(100));
	assert_true(h->feed_ready);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	feed_free(h->feed);
	ahead_free(h->ahead);
	holes_free(h->holes);
	pushed_free(h->pushed);
	return 0;
}

/* What was pushed since moved high, but none of it was read: the ids below the new end may be others' by now. */
static void a_table_that_went_back_is_read_from_the_sweep_before(void **state)
{
	static const uint64_t others[] = { 101, 102, 103, 104, 105 };

	(void)state;
	pass(INTERVAL_MS);
	assert_int_equal(asked.sweep.high, 100);
	answer(NO_ROWS(100));
	for (uint64_t id = 101; id <= 110; id++) {
		pushed_add(h->pushed, id, id);
		ahead_pushed(h->ahead, h->holes, id);
	}
	pass(INTERVAL_MS);
	assert_int_equal(asked.sweep.high, 110);
	answer(NO_ROWS(105));
	assert_int_equal(h->stats.went_back, 1);
	pass(INTERVAL_MS);
	assert_int_equal(asked.sweep.high, 100);
	answer((struct wire_rows){ .max_id = 105, .upto = 105, .count = 5 }, 2, 0, others);
	expect_fetched("101 102 103 104 105 ");
}

static void a_row_that_was_seen_is_not_taken_again(void **state)
{
	(void)state;
	pass(INTERVAL_MS);
	answer(ROWS(103, 101, 103));
	expect_fetched("101 103 ");
	/* what is asked for is a range, in which the others are still there */
	pass(INTERVAL_MS);
	assert_int_equal(asked.sweep.holes, 1);
	answer(ROWS(104, 101, 102, 103, 104));
	expect_fetched("102 104 ");
}

static void a_page_that_broke_off_moves_nothing(void **state)
{
	static const uint64_t ids[] = { 101, 102, 110 };

	(void)state;
	pass(INTERVAL_MS);
	answer((struct wire_rows){ .max_id = 110, .upto = 110, .count = 3 }, 1, 1, ids);
	assert_int_equal(h->stats.sweeps_failed, 1);
	assert_int_equal(holes_count(h->holes), 0);
	pass(INTERVAL_MS);
	assert_int_equal(asked.sweep.high, 100);
}

/* Who waits for the next pass waits for one that begins after him. */
static void the_pages_of_a_backlog_are_one_pass(void **state)
{
	uint64_t passes = h->feed_pass;

	(void)state;
	pass(INTERVAL_MS);
	assert_int_equal(h->feed_pass, passes + 1);
	answer((struct wire_rows){ .max_id = 110, .upto = 101, .flags = WIRE_ROWS_TRUNCATED, .count = 1 }, 1, 0, (uint64_t[]){ 101 });
	pass(1);
	assert_int_equal(asked.sweep.high, 101);
	assert_int_equal(h->feed_pass, passes + 1);
	assert_int_equal(h->feed_passed, passes);
	answer(ROWS(110, 110));
	assert_int_equal(h->feed_passed, passes + 1);
	pass(INTERVAL_MS);
	assert_int_equal(h->feed_pass, passes + 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* 36 characters of four bytes each, which the column takes. */
static void the_longest_name_of_a_room_is_heard(void **state)
{
	struct wire_row row = { .id = 1, .grouped = 1 };
	struct buf uuid = BUF_INIT, b = BUF_INIT;
	struct slice rooms, room;

	(void)state;
	for (int i = 0; i < 36; i++)
		buf_puts(&uuid, "\xf0\x9f\x98\x80");
	row.room_text = buf_slice(&uuid);
	rooms = ears_of(&b, &row);
	assert_int_equal(wire_next_room(&rooms, &room), 1);
	assert_int_equal(room.n, strlen("group_") + 144);
	buf_fini(&b);
	buf_fini(&uuid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_table_that_went_back_is_read_from_the_sweep_before),
		TEST(a_row_that_was_seen_is_not_taken_again),
		TEST(a_page_that_broke_off_moves_nothing),
		TEST(the_pages_of_a_backlog_are_one_pass),
		cmocka_unit_test(the_longest_name_of_a_room_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
