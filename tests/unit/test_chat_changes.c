// objects: relay/chat/changes.o shared/wire.o shared/wire_fields.o shared/ids.o shared/buf.o
/* changes: asked for with each sweep until an answer has them; told once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "clock.h"
#include "relay/chat/changes.h"
#include "relay/chat/effects.h"

static struct hall hall;
static unsigned told;
static uint64_t now = 1000;

uint64_t eio_loop_now_ms(const struct eio_loop *l) { (void)l; return now; }

void effects_apply(struct hall *h, struct command *c, struct slice effects)
{
	assert_true(h == &hall && !c && effects.n > 0);
	told++;
}

/* The seconds that a sweep asks for. */
static uint32_t asked(void)
{
	struct buf b = BUF_INIT;
	struct slice in;
	uint32_t seconds;

	changes_ask(&hall, &b);
	in = buf_slice(&b);
	seconds = wire_take_changes(&in);
	buf_fini(&b);
	return seconds;
}

static void answer(uint8_t flags)
{
	struct buf payload = BUF_INIT, b = BUF_INIT;

	wire_put_rows(&payload, &(struct wire_rows){ .max_id = 9, .upto = 9, .flags = flags });
	wire_put_effect(&b, &(struct wire_effect){ .kind = WIRE_ROWS, .payload = buf_slice(&payload) });
	changes_tell(&hall, buf_slice(&b));
	buf_fini(&payload);
	buf_fini(&b);
}

static void asked_until_they_come(void **state)
{
	(void)state;
	assert_int_equal(asked(), 0);
	answer(WIRE_ROWS_CHANGES);
	assert_int_equal(told, 0);
	hall.untold_ms = (uint64_t)clock_wall_ms() - 3000;
	hall.started_ms = 1000;
	assert_int_equal(asked(), 0);  /* who signals is not back yet */
	assert_false(changes_due(&hall));
	now = 1500;
	assert_true(changes_due(&hall));
	assert_in_range(asked(), 8, 9);
	assert_false(changes_due(&hall));
	answer(0);                     /* a host that lags, or a worker of an older version */
	answer(WIRE_ROWS_TRUNCATED);
	assert_int_equal(told, 0);
	assert_in_range(asked(), 8, 9);
	answer(WIRE_ROWS_TRUNCATED | WIRE_ROWS_CHANGES);
	assert_int_equal(told, 1);
	assert_int_equal(asked(), 0);
	answer(WIRE_ROWS_CHANGES);
	assert_int_equal(told, 1);
	hall.untold_ms = (uint64_t)clock_wall_ms() + 60000;  /* the clock was set back */
	assert_int_equal(asked(), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(asked_until_they_come) };

	return cmocka_run_group_tests_name("chat_changes", tests, NULL, NULL);
}
