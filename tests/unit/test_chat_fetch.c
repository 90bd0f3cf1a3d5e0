// objects: relay/chat/fetch.o relay/chat/backlog.o shared/map.o shared/siphash.o shared/buf.o shared/wire*.o shared/ids.o
/* Questions for rows: how many at a time, before and behind those that have no answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "relay/chat/commands.h"
#include "relay/chat/effects.h"
#include "relay/chat/fetch.h"
#include "relay/chat/pace.h"

static struct hall hall;
static size_t asked;                   /* rows of the question that is out */
static uint64_t ids[128];
static void (*answered)(void *ctx, struct slice effects, bool failed);
static void *answered_ctx;
static unsigned failures, pushed;

uint64_t eio_loop_now_ms(const struct eio_loop *l) { (void)l; return 0; }
bool pace_may_begin(struct hall *h, struct slice rooms) { (void)h, (void)rooms; return true; }
bool pace_may_go_on(struct hall *h, struct slice rooms) { (void)h, (void)rooms; return true; }
void effects_apply(struct hall *h, struct command *c, struct slice e) { (void)h, (void)c, (void)e; pushed++; }

void commands_ask(struct hall *h, enum wire_command_type type, struct slice args,
		void (*on_end)(void *ctx, struct slice effects, bool failed), void *ctx)
{
	assert_true(h == &hall && type == WIRE_FETCH);
	asked = 0;
	while (wire_next_id(&args, &ids[asked]) == 1)
		asked++;
	answered = on_end;
	answered_ctx = ctx;
}

static void on_done(void *ctx, bool failed)
{
	(void)ctx;
	failures += failed;
}

/* Asks; then there is no answer, or all that was asked for comes. */
static size_t ask(struct fetch *f, bool fails)
{
	struct buf b = BUF_INIT;
	size_t n;

	fetch_ask(f, on_done, NULL);
	n = asked;
	for (size_t i = 0; i < n && !fails; i++)
		wire_put_effect(&b, &(struct wire_effect){ .kind = WIRE_PUSH, .mensaje_id = (int64_t)ids[i] });
	answered(answered_ctx, buf_slice(&b), fails);
	buf_fini(&b);
	return n;
}

static void fewer_are_asked_for_behind_a_failure(void **state)
{
	static const size_t fails[] = { 64, 16, 4, 1, 1 }, works[] = { 1, 2, 4, 8, 16, 32, 64, 64 };
	struct fetch *f = fetch_new(&hall);

	(void)state;
	for (uint64_t id = 1; id <= 300; id++)
		fetch_add(f, SLICE("room"), id);
	for (size_t i = 0; i < sizeof(fails) / sizeof(fails[0]); i++)
		assert_int_equal(ask(f, true), fails[i]);
	assert_int_equal(failures, 5);
	assert_int_equal(pushed, 0);
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		assert_int_equal(ask(f, false), works[i]);
	assert_int_equal(pushed, 191);
	fetch_free(f);
}

static void a_row_that_never_comes_stops_only_its_room(void **state)
{
	struct fetch *f = fetch_new(&hall);
	bool heard = false;

	(void)state;
	fetch_add(f, SLICE("wide"), 1);
	fetch_add(f, SLICE("other"), 2);
	for (int i = 0; i < 8 && !heard; i++) {
		fetch_ask(f, on_done, NULL);
		bool fails = ids[0] == 1;
		struct buf b = BUF_INIT;

		heard = !fails && ids[0] == 2;
		if (heard)
			wire_put_effect(&b, &(struct wire_effect){ .kind = WIRE_PUSH, .mensaje_id = 2 });
		answered(answered_ctx, buf_slice(&b), fails);
		buf_fini(&b);
	}
	assert_true(heard);
	fetch_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fewer_are_asked_for_behind_a_failure),
		cmocka_unit_test(a_row_that_never_comes_stops_only_its_room),
	};

	return cmocka_run_group_tests_name("chat_fetch", tests, NULL, NULL);
}
