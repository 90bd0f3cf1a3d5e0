// objects: relay/engineio/packet.o relay/engineio/frame.o relay/engineio/queue.o shared/buf.o
/*
 * frame and queue: the ready-made WebSocket bytes, their polling form, references, the ring.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "frame.h"
#include "queue.h"

static void wire_of_each_length(void **state)
{
	static const struct { size_t body; size_t head; } rows[] = {
		{ 0, 2 }, { 124, 2 }, { 125, 4 }, { 126, 4 }, { 65534, 4 }, { 65535, 10 }, { 70000, 10 },
	};
	char *text = mem_zero(1, 70000);
	(void)state;

	memset(text, 'x', 70000);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct eio_frame *f = eio_frame_text((struct slice){ text, rows[i].body });
		struct slice w = frame_wire(f);
		const unsigned char *b = (const unsigned char *)w.p;
		size_t said = b[1] < 126 ? b[1] : b[1] == 126 ? (size_t)(b[2] << 8 | b[3]) : (size_t)(b[7] << 16 | b[8] << 8 | b[9]);

		assert_int_equal(b[0], 0x81);
		assert_int_equal(w.n, rows[i].head + 1 + rows[i].body);
		assert_int_equal(said, rows[i].body + 1);
		assert_int_equal(w.p[rows[i].head], '4');
		assert_int_equal(frame_wire_len(f, 3, true), w.n);
		eio_frame_unref(f);
	}
	free(text);
}

static void binary_has_a_type_in_revision_3_only(void **state)
{
	struct eio_frame *f = eio_frame_binary(slice_of("AB"));
	struct buf four = BUF_INIT, three = BUF_INIT, poll = BUF_INIT;
	(void)state;

	frame_put_wire(f, 4, false, &four);
	frame_put_wire(f, 3, false, &three);
	frame_put_polling(f, &poll);
	assert_true(slice_is(buf_slice(&four), "\x82\x02" "AB"));
	assert_true(slice_is(buf_slice(&three), "\x82\x03\x04" "AB"));
	assert_int_equal(frame_wire_len(f, 3, false), three.len);
	assert_true(slice_is(buf_slice(&poll), "bQUI="));
	buf_reset(&four);
	buf_reset(&three);
	frame_put_wire(f, 4, true, &four);
	frame_put_wire(f, 3, true, &three);
	assert_true(slice_is(buf_slice(&four), "\x81\x05" "bQUI="));
	assert_true(slice_is(buf_slice(&three), "\x81\x06" "b4QUI="));
	assert_int_equal(frame_wire_len(f, 4, true), four.len);
	assert_int_equal(frame_wire_len(f, 3, true), three.len);
	buf_fini(&four);
	buf_fini(&three);
	buf_fini(&poll);
	eio_frame_unref(f);
}

static void ring_keeps_order_and_sizes(void **state)
{
	struct queue q = { 0 };
	unsigned next_in = 0, next_out = 0;
	uint64_t before = frame_encoded_count();
	(void)state;

	for (int round = 0; round < 400; round++) {
		for (int i = 0; i < round % 7; i++) {
			struct buf b = BUF_INIT;

			buf_putf(&b, "%u", next_in++);
			struct eio_frame *f = eio_frame_text(buf_slice(&b));
			queue_put(&q, f);
			eio_frame_unref(f);
			buf_fini(&b);
		}
		for (int i = 0; i < round % 5 && q.count; i++) {
			char want[16];

			snprintf(want, sizeof want, "%u", next_out++);
			assert_true(slice_is(frame_data(queue_peek(&q)), want));
			queue_pop(&q);
		}
	}
	assert_int_equal(q.count, next_in - next_out);
	assert_int_equal(frame_encoded_count() - before, next_in);
	while (q.count)
		queue_pop(&q);
	assert_int_equal(q.size, 0);
	assert_null(queue_peek(&q));
	assert_null(q.ring);                /* a long ring is given back */
	queue_fini(&q);
}

static void queue_knows_binary(void **state)
{
	struct queue q = { 0 };
	struct eio_frame *t = eio_frame_text(slice_of("a")), *b = eio_frame_binary(slice_of("a"));
	(void)state;

	queue_put(&q, t);
	assert_false(queue_has_binary(&q));
	queue_put(&q, b);
	assert_true(queue_has_binary(&q));
	eio_frame_unref(t);
	eio_frame_unref(eio_frame_ref(b));
	eio_frame_unref(b);
	queue_fini(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wire_of_each_length), cmocka_unit_test(binary_has_a_type_in_revision_3_only),
		cmocka_unit_test(ring_keeps_order_and_sizes), cmocka_unit_test(queue_knows_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
