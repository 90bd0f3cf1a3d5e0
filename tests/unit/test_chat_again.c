// objects: relay/chat/lines.o shared/buf.o
/*
 * Jobs that are lost when their messages are stored already: what goes again finds them, and nobody in its room may be heard
 * before, whoever comes back for the room meanwhile.
 */
#include "lines_put.h"

/* As dispatch does it: all places are left, then the last is put back first. */
static void lose(struct command **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		lines_leave(&ls, list[i]);
	while (n-- > 0)
		lines_again(&ls, list[n]);
}

static void expect_alone(struct command *c)
{
	struct command *out[64];

	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 1);
	assert_ptr_equal(out[0], c);
}

static void the_second_of_one_socket_comes_before_who_waited(void **state)
{
	struct line a, b;
	struct command *out[64], *m1, *m2, *fresh;
	uint16_t one = lines_place(SLICE("chat_one"));

	(void)state;
	line_init(&a);
	line_init(&b);
	m1 = put_to(&a, one);
	m2 = put_to(&a, one);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 2);
	fresh = put_to(&b, one);
	lose(out, 2);
	expect_alone(m1);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);
	drop(m1);
	expect_alone(m2);
	drop(m2);
	expect_alone(fresh);
	drop(fresh);
}

static void one_behind_another_room_keeps_its_place(void **state)
{
	struct line a, b, c;
	struct command *out[64], *n1, *n2, *n3, *fresh;
	uint16_t one = lines_place(SLICE("chat_one")), two = lines_place(SLICE("chat_two"));

	(void)state;
	line_init(&a);
	line_init(&b);
	line_init(&c);
	n1 = put_to(&a, one);
	n2 = put_to(&a, two);
	n3 = put_to(&b, two);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 3);
	fresh = put_to(&c, two);
	lose(out, 3);
	expect_alone(n1);
	assert_int_equal(lines_form(&ls, WIRE_JOB_SENDS, 64, out), 0);  /* n3 and the fresh one are behind n2 */
	/* a late answer settles what waits: nobody waits behind it any more */
	drop(n1);
	lines_answered(&ls, n2);
	expect_alone(n3);
	drop(n2);
	drop(n3);
	expect_alone(fresh);
	drop(fresh);
}

/* ---- any order of events ---- */

#define LINES 5
#define PLACES 3
#define STEPS 4000

struct job { struct command *list[64]; size_t count; };

static struct line lines[LINES];
static struct job jobs[2];
static uint64_t stored[STEPS + 1], heard[PLACES], last_stored;  /* by command: its message; by place: the newest heard */

static uint64_t store(const struct command *c)
{
	if (!stored[c->id])
		stored[c->id] = ++last_stored;
	return stored[c->id];
}

static void hear(struct command *c)
{
	uint64_t id = store(c);

	assert_true(id > heard[c->to_place - 1]);
	heard[c->to_place - 1] = id;
	drop(c);
}

/* A worker ends a job: it answers, or dies behind its commit, or before. */
static void end(struct job *j)
{
	int how = rand() % 4;
	size_t n = j->count;

	j->count = 0;
	for (size_t i = 0; i < n && how != 1; i++)
		store(j->list[i]);
	if (how < 2 && j->list[0]->attempt == 1) {
		lose(j->list, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		hear(j->list[i]);
}

static void a_room_hears_its_messages_in_order(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		setup(NULL);
		srand(seed);
		memset(stored, 0, sizeof(stored));
		memset(heard, 0, sizeof(heard));
		last_stored = 0;
		for (int i = 0; i < LINES; i++)
			line_init(&lines[i]);
		for (int step = 0; step < STEPS || ls.count > 0; step++) {
			struct job *j = &jobs[rand() % 2];

			assert_true(step < 10 * STEPS);
			if (step < STEPS && rand() % 2)
				put_to(&lines[rand() % LINES], (uint16_t)(1 + rand() % PLACES));
			if (j->count)
				end(j);
			else
				j->count = lines_form(&ls, WIRE_JOB_SENDS, 1 + (size_t)(rand() % 8), j->list);
		}
		for (int i = 0; i < LINES_PLACES; i++)
			assert_true(ls.busy[i] == 0 && TAILQ_EMPTY(&ls.again[i]) && TAILQ_EMPTY(&ls.aside[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_second_of_one_socket_comes_before_who_waited, setup),
		cmocka_unit_test_setup(one_behind_another_room_keeps_its_place, setup),
		cmocka_unit_test_setup(a_room_hears_its_messages_in_order, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
