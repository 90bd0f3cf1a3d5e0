// objects: shared/batch.o
/*
 * Which threads are SCHED_BATCH: the caller's, those it makes meanwhile, and none that an administrator decided about.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "shared/batch.h"

static const struct sched_param none;

static void *tell(void *policy)
{
	*(int *)policy = sched_getscheduler(0);
	return NULL;
}

static int policy_of_a_new_thread(void)
{
	pthread_t t;
	int policy = -1;

	assert_int_equal(pthread_create(&t, NULL, tell, &policy), 0);
	pthread_join(t, NULL);
	return policy;
}

static void from_begin_to_end(void **state)
{
	int before;

	(void)state;
	sched_setscheduler(0, SCHED_OTHER, &none);   /* whatever the tests were started as */
	before = batch_begin();
	assert_int_equal(sched_getscheduler(0), SCHED_BATCH);
	assert_int_equal(policy_of_a_new_thread(), SCHED_BATCH);
	errno = EBUSY;
	batch_end(before);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
	assert_int_equal(policy_of_a_new_thread(), SCHED_OTHER);
}

static void within_another_nothing_changes(void **state)
{
	int outer = batch_begin(), inner = batch_begin();

	(void)state;
	batch_end(inner);
	assert_int_equal(sched_getscheduler(0), SCHED_BATCH);
	batch_end(outer);
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
}

/* The last: nobody may leave SCHED_IDLE without being permitted to. */
static void another_policy_stays(void **state)
{
	int before;

	(void)state;
	assert_int_equal(sched_setscheduler(0, SCHED_IDLE, &none), 0);
	before = batch_begin();
	assert_int_equal(sched_getscheduler(0), SCHED_IDLE);
	batch_end(before);
	assert_int_equal(sched_getscheduler(0), SCHED_IDLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_begin_to_end),
		cmocka_unit_test(within_another_nothing_changes),
		cmocka_unit_test(another_policy_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
