// objects: relay/chat/lines.o shared/buf.o
/*
 * Lines and the forming of jobs: each test is a few lines of commands and the jobs that come of them.
 */
#include "lines_put.h"

static void one_socket_keeps_its_order_and_one_kind(void **state)
{
	struct line a;
	struct command *out[64], *c[4];

	(void)state;
	line_init(&a);
	c[0] = put(&a, WIRE_JOB_SENDS, 10);
	c[1] = put(&a, WIRE_JOB_SENDS, 10);
	c[2] = put(&a, WIRE_JOB_OTHERS, 10);
	c[3] = put(&a, WIRE_JOB_SENDS, 10);
	assert_true(ls.bytes > 4 * sizeof(struct command));
	assert_int_equal(lines_form(&ls, WIRE_JOB_OTHERS, 64, out), 0);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 2);
	assert_ptr_equal(out[0], c[0]);
	assert_ptr_equal(out[1], c[1]);
	/* While they are out nothing else of this socket goes. */
	assert_int_equal(lines_form(&ls, WIRE_JOB_OTHERS, 64, out), 0);
	drop(c[0]);
	assert_int_equal(lines_form(&ls, WIRE_JOB_OTHERS, 64, out), 0);
	drop(c[1]);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);
	assert_int_equal(lines_form(&ls, WIRE_JOB_OTHERS, 64, out), 1);
	drop(c[2]);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	drop(c[3]);
	assert_int_equal(ls.count, 0);
	assert_int_equal(ls.bytes, 0);
	assert_int_equal(ls.waiting[WIRE_JOB_SENDS], 0);
}

static void those_that_hold_much_are_refused_first(void **state)
{
	static struct line deaf[200], innocent;
	size_t size = 100000, held = 0;

	(void)state;
	line_init(&innocent);
	assert_true(lines_have_room(&ls, &innocent, 3000000));   /* the largest payload there is */
	for (int i = 0; i < 200; i++)
		line_init(&deaf[i]);
	/* each puts in what it may, in turns, until none may any more */
	for (bool any = true; any; ) {
		any = false;
		for (int i = 0; i < 200; i++) {
			if (deaf[i].bytes < LINES_BYTES_MAX && lines_have_room(&ls, &deaf[i], size)) {
				put(&deaf[i], WIRE_JOB_SENDS, size);
				any = true;
			}
		}
	}
	held = deaf[0].bytes;
	assert_true(held >= size);
	assert_true(ls.bytes > LINES_TOTAL_MAX / 2 && ls.bytes < LINES_TOTAL_MAX);
	assert_true(lines_have_room(&ls, &innocent, 50000));
	for (int i = 0; i < 200; i++)
		while (!TAILQ_EMPTY(&deaf[i].commands))
			drop(TAILQ_FIRST(&deaf[i].commands));
	assert_int_equal(ls.bytes, 0);
}

/* Many who are not let in yet take nothing from those who are, and those with little wait all the same. */
static void what_connects_hold_is_bounded_by_itself(void **state)
{
	enum { MOST = 3000 };
	static struct line arriving[MOST], known;
	size_t size = 16000, n = 0;

	(void)state;
	line_init(&known);
	for (; n < MOST && lines_let_in(&ls, lines_cost(size)); n++) {
		line_init(&arriving[n]);
		put_type(&arriving[n], WIRE_CONNECT, WIRE_JOB_OTHERS, size);
	}
	assert_true(n > 500 && n < MOST && ls.arriving < LINES_ARRIVING_MAX);
	assert_int_equal(ls.bytes, 0);
	assert_true(lines_have_room(&ls, &known, 3000000));
	assert_true(lines_let_in(&ls, LINES_ARRIVING_FREE));
	assert_false(lines_let_in(&ls, lines_cost(size)));
	while (n-- > 0)
		drop(TAILQ_FIRST(&arriving[n].commands));
	assert_int_equal(ls.arriving, 0);
	assert_int_equal(ls.count, 0);
}

static void a_greedy_socket_takes_eight_while_others_wait(void **state)
{
	struct line a, b;
	struct command *out[64], *c[24];
	size_t n;

	(void)state;
	line_init(&a);
	line_init(&b);
	for (int i = 0; i < 20; i++)
		c[i] = put(&a, WIRE_JOB_SENDS, 10);
	for (int i = 20; i < 24; i++)
		c[i] = put(&b, WIRE_JOB_SENDS, 10);
	/* Room for all: the greedy one gets the rest, behind the others. */
	n = lines_form(&ls, WIRE_JOB_SENDS, 64, out);
	assert_int_equal(n, 24);
	for (int i = 0; i < 8; i++)
		assert_ptr_equal(out[i], c[i]);
	for (int i = 8; i < 12; i++)
		assert_ptr_equal(out[i], c[12 + i]);
	for (int i = 12; i < 24; i++)
		assert_ptr_equal(out[i], c[i - 4]);
	for (size_t i = 0; i < n; i++)
		drop(out[i]);
	/* Room for ten: eight and two. */
	for (int i = 0; i < 20; i++)
		c[i] = put(&a, WIRE_JOB_SENDS, 10);
	for (int i = 20; i < 24; i++)
		c[i] = put(&b, WIRE_JOB_SENDS, 10);
	n = lines_form(&ls, WIRE_JOB_SENDS, 10, out);
	assert_int_equal(n, 10);
	assert_ptr_equal(out[8], c[20]);
	for (int i = 0; i < 24; i++)
		drop(c[i]);
	assert_int_equal(ls.count, 0);
}

static void jobs_end_at_64_commands_and_256_kib(void **state)
{
	struct line l[100];
	struct command *out[64], *c[100];

	(void)state;
	for (int i = 0; i < 100; i++) {
		line_init(&l[i]);
		c[i] = put(&l[i], WIRE_JOB_SENDS, 10);
	}
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 1000, out), 64);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 1000, out), 36);
	for (int i = 0; i < 100; i++)
		drop(c[i]);
	for (int i = 0; i < 10; i++)
		c[i] = put(&l[i], WIRE_JOB_SENDS, 60000);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 4);
	for (int i = 0; i < 10; i++)
		drop(c[i]);
	/* One bigger than a job goes by itself. */
	c[0] = put(&l[0], WIRE_JOB_SENDS, 900000);
	c[1] = put(&l[1], WIRE_JOB_SENDS, 10);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], c[0]);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	drop(c[0]);
	drop(c[1]);
}

static void second_attempts_go_alone_and_first(void **state)
{
	struct line a, b;
	struct command *out[64], *c[4];

	(void)state;
	line_init(&a);
	line_init(&b);
	c[0] = put(&a, WIRE_JOB_SENDS, 10);
	c[1] = put(&a, WIRE_JOB_SENDS, 10);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 2);
	c[2] = put(&b, WIRE_JOB_SENDS, 10);
	c[3] = put(&a, WIRE_JOB_SENDS, 10);
	lines_again(&ls, c[0]);
	lines_again(&ls, c[1]);
	assert_int_equal(c[0]->attempt, 2);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], c[0]);
	/* The other line goes on, this one waits. */
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], c[2]);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);
	drop(c[0]);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], c[1]);
	drop(c[1]);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], c[3]);
	drop(c[3]);
	drop(c[2]);
}

static void what_goes_again_is_not_held(void **state)
{
	struct line a, b;
	struct command *out[64], *c[3];

	(void)state;
	line_init(&a);
	line_init(&b);
	c[0] = put(&a, WIRE_JOB_SENDS, 10);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	c[1] = put(&a, WIRE_JOB_SENDS, 10);
	c[2] = put(&b, WIRE_JOB_SENDS, 10);
	lines_hold(&ls, &a, true);
	lines_again(&ls, c[0]);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], c[0]);
	drop(c[0]);
	/* the rest of the line is */
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], c[2]);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);
	lines_hold(&ls, &a, false);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], c[1]);
	drop(c[1]);
	drop(c[2]);
}

static void refusals_wait_for_their_turn(void **state)
{
	struct line a;
	struct command *out[64], *c[3];

	(void)state;
	line_init(&a);
	c[0] = put(&a, WIRE_JOB_SENDS, 10);
	c[1] = put(&a, 0, 0);
	c[2] = put(&a, WIRE_JOB_SENDS, 10);
	assert_null(lines_refused(&ls));
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_null(lines_refused(&ls));
	drop(c[0]);
	assert_ptr_equal(lines_refused(&ls), c[1]);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);
	drop(c[1]);
	assert_null(lines_refused(&ls));
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	drop(c[2]);
}

static void the_relays_own_go_alone(void **state)
{
	struct line a, b;
	struct command *out[64], *c[2];

	(void)state;
	line_init(&a);
	line_init(&b);
	c[0] = put(&a, WIRE_JOB_OTHERS, 10);
	c[1] = put(&b, WIRE_JOB_OTHERS, 10);
	c[1]->alone = true;
	assert_int_equal(lines_form(&ls, WIRE_JOB_OTHERS, 64, out), 1);
	assert_ptr_equal(out[0], c[0]);
	assert_int_equal(lines_form(&ls, WIRE_JOB_OTHERS, 64, out), 1);
	assert_ptr_equal(out[0], c[1]);
	drop(c[0]);
	drop(c[1]);
}

/* Many random steps; a model counts what must be left, and order within each line is checked at each job. */
static void random_walk_keeps_order_and_counts(void **state)
{
	struct line l[7];
	struct command *out[64];
	uint64_t answered[7] = { 0 };
	unsigned seed = 12345;
	size_t put_count = 0, gone = 0;

	(void)state;
	for (int i = 0; i < 7; i++)
		line_init(&l[i]);
	for (int step = 0; step < 20000; step++) {
		int who = rand_r(&seed) % 7;

		if (put_count < 9000 && rand_r(&seed) % 3) {
			put(&l[who], 1 + rand_r(&seed) % 3, rand_r(&seed) % 3000);
			put_count++;
		}
		for (int kind = 1; kind < 4; kind++) {
			size_t n = lines_form(&ls, kind, 64, out);

			for (size_t i = 0; i < n; i++) {
				int line = (int)(out[i]->line - l);

				if (out[i]->attempt == 1 && rand_r(&seed) % 10 == 0)
					continue;
				assert_true(out[i]->id > answered[line] || out[i]->attempt > 1);
				answered[line] = out[i]->id > answered[line] ? out[i]->id : answered[line];
				drop(out[i]);
				gone++;
				out[i] = NULL;
			}
			for (size_t i = 0; i < n; i++)
				if (out[i])
					lines_again(&ls, out[i]);
		}
	}
	assert_int_equal(put_count, gone);
	assert_int_equal(ls.count, 0);
	assert_int_equal(ls.bytes, 0);
	for (int k = 0; k < LINES_KINDS; k++)
		assert_int_equal(ls.waiting[k], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_socket_keeps_its_order_and_one_kind, setup),
		cmocka_unit_test_setup(what_connects_hold_is_bounded_by_itself, setup),
		cmocka_unit_test_setup(those_that_hold_much_are_refused_first, setup),
		cmocka_unit_test_setup(a_greedy_socket_takes_eight_while_others_wait, setup),
		cmocka_unit_test_setup(jobs_end_at_64_commands_and_256_kib, setup),
		cmocka_unit_test_setup(second_attempts_go_alone_and_first, setup),
		cmocka_unit_test_setup(what_goes_again_is_not_held, setup),
		cmocka_unit_test_setup(refusals_wait_for_their_turn, setup),
		cmocka_unit_test_setup(the_relays_own_go_alone, setup),
		cmocka_unit_test_setup(random_walk_keeps_order_and_counts, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
