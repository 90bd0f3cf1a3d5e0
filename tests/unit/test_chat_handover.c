// objects: relay/chat/holes.o relay/chat/pushed.o shared/buf.o
/*
 * What one relay leaves to the next: holes and the pushed set as bytes and back, whole or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "relay/chat/holes.h"
#include "relay/chat/pushed.h"

#define YOUNG_MS 15000

static struct holes *with_holes(uint64_t now)
{
	struct holes *h = holes_new(YOUNG_MS);
	uint64_t strided[100];

	holes_start(h, 1000);
	holes_advance(h, (uint64_t[]){ 1002, 1005 }, 2, 1005, now);
	for (size_t i = 0; i < 100; i++)
		strided[i] = 1006 + 3 * i;
	holes_advance(h, strided, 100, 1400, now + 1000);
	holes_seen(h, 1011);
	holes_advance(h, (uint64_t[]){ 90000 }, 1, 90000, now + 2000);
	holes_seen(h, 50000);
	return h;
}

static void holes_come_back(void **state)
{
	struct holes *h = with_holes(100000), *g = holes_new(YOUNG_MS);
	struct buf b = BUF_INIT, again = BUF_INIT;

	(void)state;
	holes_save(h, 110000, &b);
	assert_int_equal(holes_load(g, 500000, 3000, buf_slice(&b)), 0);
	assert_int_equal(holes_high(g), 90000);
	assert_int_equal(holes_count(g), holes_count(h));
	for (uint64_t id = 900; id <= 90010; id++)
		assert_int_equal(holes_have(g, id), holes_have(h, id));
	/* 10 s old when saved, 13 s when loaded: the cursor passes the first two seconds later */
	assert_int_equal(holes_cursor(g, 501000), 1000);
	assert_int_equal(holes_cursor(g, 502000), holes_cursor(h, 115000));
	for (uint64_t id = 1001; id < 1400; id++)
		assert_int_equal(holes_seen(g, id), holes_seen(h, id));
	assert_int_equal(holes_count(g), holes_count(h));
	holes_advance(g, (uint64_t[]){ 90002 }, 1, 90002, 600000);
	assert_true(holes_have(g, 90001));
	holes_save(g, 600000, &again);
	holes_free(h);
	holes_free(g);
	buf_fini(&b);
	buf_fini(&again);
}

static void torn_holes_are_refused(void **state)
{
	struct holes *h = with_holes(100000), *g = holes_new(YOUNG_MS);
	struct buf b = BUF_INIT;

	(void)state;
	holes_save(h, 110000, &b);
	for (size_t n = 0; n < b.len; n++) {
		/* every whole hole less is a list of its own: only then it is taken */
		if (holes_load(g, 500000, 0, (struct slice){ b.data, n }) == 0)
			assert_true(holes_count(g) < holes_count(h));
		holes_start(g, 0);
	}
	for (size_t i = 8; i < b.len; i++) {
		b.data[i] ^= 0x55;
		holes_load(g, 500000, 0, buf_slice(&b));
		b.data[i] ^= 0x55;
	}
	holes_free(h);
	holes_free(g);
	buf_fini(&b);
}

static void pushed_comes_back(void **state)
{
	for (uint64_t most = 10; most < 200; most += 60) {
		struct pushed *p = pushed_new(64), *q = pushed_new(64);
		struct buf b = BUF_INIT;

		(void)state;
		for (uint64_t id = 1; id <= most; id++)
			pushed_add(p, id, id * 7);
		pushed_save(p, &b);
		assert_int_equal(pushed_load(q, (struct slice){ b.data, b.len - 1 }), -1);
		assert_int_equal(pushed_load(q, buf_slice(&b)), 0);
		assert_int_equal(pushed_count(q), pushed_count(p));
		for (uint64_t id = 1; id <= most; id++)
			assert_int_equal(pushed_has(q, id, id * 7), pushed_has(p, id, id * 7));
		/* the same is forgotten next */
		pushed_add(p, 9999, 9999);
		pushed_add(q, 9999, 9999);
		for (uint64_t id = 1; id <= most; id++)
			assert_int_equal(pushed_has(q, id, id * 7), pushed_has(p, id, id * 7));
		pushed_free(p);
		pushed_free(q);
		buf_fini(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holes_come_back),
		cmocka_unit_test(torn_holes_are_refused),
		cmocka_unit_test(pushed_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
