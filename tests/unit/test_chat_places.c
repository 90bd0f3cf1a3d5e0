// objects: relay/chat/lines.o shared/buf.o
/*
 * Places: who writes to a room that is being written to waits, and whoever writes elsewhere goes.
 */
#include "lines_put.h"

static void a_place_that_is_taken_is_waited_for(void **state)
{
	struct line a, b, c;
	struct command *out[64], *of_a, *of_b, *of_c;
	uint16_t one = lines_place(SLICE("chat_one")), two = lines_place(SLICE("chat_two"));

	(void)state;
	line_init(&a);
	line_init(&b);
	line_init(&c);
	of_a = put_to(&a, one);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	of_b = put_to(&b, one);
	of_c = put_to(&c, two);
	assert_int_equal(lines_ready(&ls, WIRE_JOB_SENDS, 64), 1);
	/* Another's room goes, the one that is being written to waits. */
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], of_c);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);
	drop(of_a);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], of_b);
	drop(of_b);
	/* One place may be met many times within a job; a second attempt lets it go. */
	of_a = put_to(&a, one);
	of_b = put_to(&b, one);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 2);
	lines_again(&ls, of_a);
	assert_int_equal(ls.busy[one], 1);
	/* Also the second attempt of one waits for the other, and lets pass who goes elsewhere. */
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);
	lines_again(&ls, of_b);
	assert_int_equal(ls.busy[one], 0);
	/* Where it goes counts when it goes. */
	of_a->to_place = lines_place(SLICE("chat_three"));
	of_b->to_place = of_a->to_place;
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_int_equal(ls.busy[of_a->to_place], 1);
	assert_int_equal(ls.busy[one], 0);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);
	drop(of_a);
	drop(of_b);
	drop(of_c);
}

/* However many wait for one room, a lone second attempt for it waits too, and whoever writes elsewhere goes. */
static void a_crowd_at_one_place_stops_nobody_else(void **state)
{
	static struct line crowd[1000], elsewhere, busy;
	struct command *out[64], *waiting[1000], *first, *other;
	uint16_t one = lines_place(SLICE("chat_one")), two = lines_place(SLICE("chat_two"));

	(void)state;
	line_init(&elsewhere);
	line_init(&busy);
	first = put_to(&busy, one);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	for (int i = 0; i < 1000; i++) {
		line_init(&crowd[i]);
		waiting[i] = put_to(&crowd[i], one);
		waiting[i]->attempt += i % 2;
	}
	other = put_to(&elsewhere, two);
	assert_int_equal(lines_ready(&ls, WIRE_JOB_SENDS, 64), 1);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], other);
	/* some go away, are held, or go elsewhere meanwhile */
	drop(waiting[0]);
	lines_hold(&ls, &crowd[2], true);
	waiting[4]->to_place = two;
	lines_hold(&ls, &crowd[4], true);
	lines_hold(&ls, &crowd[4], false);
	drop(other);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], waiting[4]);
	drop(waiting[4]);
	/* free: in the order they came, a second attempt as a job of its own */
	drop(first);
	assert_int_equal(lines_ready(&ls, WIRE_JOB_SENDS, 2000), 997);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], waiting[1]);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);
	drop(waiting[1]);
	lines_hold(&ls, &crowd[3], true); /* which is for new ones */
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], waiting[3]);
	for (int i = 2; i < 1000; i++)
		if (i != 4)
			drop(waiting[i]);
	assert_int_equal(ls.count, 0);
}

/* What stands behind a second attempt does not overtake it, whoever's job it could go with. */
static void a_second_attempt_is_not_overtaken_in_its_room(void **state)
{
	struct line a, b, c;
	struct command *out[64], *of_a, *of_b, *of_c;
	uint16_t one = lines_place(SLICE("chat_one")), two = lines_place(SLICE("chat_two"));

	(void)state;
	line_init(&a);
	line_init(&b);
	line_init(&c);
	of_b = put_to(&b, two);
	of_a = put_to(&a, one);
	of_c = put_to(&c, one);
	of_a->attempt++;
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], of_b);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], of_a);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);
	drop(of_a);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], of_c);
	drop(of_b);
	drop(of_c);
}

/* Nor when a line that waited for another room comes back in front, and may go on to theirs. */
static void who_comes_back_overtakes_no_second_attempt(void **state)
{
	struct line a, b, x;
	struct command *out[64], *of_a, *of_b, *first, *second;
	uint16_t one = lines_place(SLICE("chat_one")), two = lines_place(SLICE("chat_two"));

	(void)state;
	line_init(&a);
	line_init(&b);
	line_init(&x);
	of_a = put_to(&a, one);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	of_b = put_to(&b, two);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	first = put_to(&x, one);
	second = put_to(&x, two);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);
	lines_leave(&ls, of_b);
	lines_again(&ls, of_b);
	drop(of_a);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], of_b);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], first);
	drop(of_b);
	drop(first);
	drop(second);
}

/* Of one job one is answered and held, the other goes again: not behind who waits for the same room. */
static void a_second_attempt_waits_before_all_others(void **state)
{
	struct line a, b, x;
	struct command *out[64], *held, *again, *younger;
	uint16_t one = lines_place(SLICE("chat_one"));

	(void)state;
	line_init(&a);
	line_init(&b);
	line_init(&x);
	held = put_to(&a, one);
	again = put_to(&b, one);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 2);
	younger = put_to(&x, one);
	assert_int_equal(lines_ready(&ls, WIRE_JOB_SENDS, 64), 0);
	held->state = COMMAND_HELD;
	lines_leave(&ls, again);
	lines_again(&ls, again);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);
	drop(held);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], again);
	drop(again);
	drop(younger);
}

/* One that no worker ever had ends with its line: that says nothing of the room that it names, which may be served. */
static void what_ends_in_vain_tells_of_its_line_and_of_the_room_it_was_sent_to(void **state)
{
	struct line a, b;
	struct command *of_a, *of_b;
	uint16_t one = lines_place(SLICE("chat_one"));

	(void)state;
	line_init(&a);
	line_init(&b);
	of_a = put_to(&a, one);
	of_b = put_to(&b, one);
	assert_int_equal(lines_vain_ms(&ls, of_a), 0);
	lines_vain(&ls, of_a, 10);
	assert_int_equal(lines_vain_ms(&ls, of_a), 10);
	assert_int_equal(lines_vain_ms(&ls, of_b), 0);
	of_a->first_out_ms = 5;
	lines_vain(&ls, of_a, 20);
	assert_int_equal(lines_vain_ms(&ls, of_b), 20);
	of_b->to_place = lines_place(SLICE("chat_two"));
	assert_int_equal(lines_vain_ms(&ls, of_b), 0);
	drop(of_a);
	drop(of_b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_place_that_is_taken_is_waited_for, setup),
		cmocka_unit_test_setup(a_crowd_at_one_place_stops_nobody_else, setup),
		cmocka_unit_test_setup(a_second_attempt_is_not_overtaken_in_its_room, setup),
		cmocka_unit_test_setup(who_comes_back_overtakes_no_second_attempt, setup),
		cmocka_unit_test_setup(a_second_attempt_waits_before_all_others, setup),
		cmocka_unit_test_setup(what_ends_in_vain_tells_of_its_line_and_of_the_room_it_was_sent_to, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
