// objects: fcgi-api/rates.o shared/buf.o shared/ids.o shared/log.o
/* rates: a burst, then an even pace; nobody pays for another; workers that share the table share the bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fcgi-api/rates.h"

#define SECOND 1000000u

static size_t passes(struct rates *r, enum rates_class class, const char *who, uint64_t at, size_t tries)
{
	size_t n = 0;

	while (tries--)
		n += rates_take(r, class, slice_of(who), 0, at) == 0;
	return n;
}

static void burst_then_pace(void **state)
{
	struct rates *r = rates_new();
	uint64_t at = 5 * SECOND, wait;

	(void)state;
	assert_int_equal(passes(r, RATES_WRITE, "123", at, 1000), 200);
	wait = rates_take(r, RATES_WRITE, SLICE("123"), 0, at);
	assert_true(wait > 0 && wait <= 51);
	assert_int_equal(rates_take(r, RATES_WRITE, SLICE("123"), 0, at + wait * 1000), 0);
	assert_true(rates_take(r, RATES_WRITE, SLICE("123"), 0, at + wait * 1000) > 0);
	/* refused ones cost nothing */
	assert_int_equal(passes(r, RATES_WRITE, "123", at + 2 * SECOND, 1000), 39);
	assert_int_equal(passes(r, RATES_WRITE, "123", at + 100 * SECOND, 1000), 200);
	assert_int_equal(passes(r, RATES_READ, "123", at, 1000), 500);
	assert_int_equal(passes(r, RATES_WRITE, "124", at, 1000), 200);
}

static void processes_share_it(void **state)
{
	struct rates *r = rates_new();
	int status = 0;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit((int)passes(r, RATES_WRITE, "123", SECOND, 150));
	waitpid(child, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 150);
	assert_int_equal(passes(r, RATES_WRITE, "123", SECOND, 150), 50);
}

static void a_large_body_costs_more(void **state)
{
	struct rates *r = rates_new();
	uint64_t at = 1000000000;
	int n = 0;

	(void)state;
	while (n < 200 && rates_take(r, RATES_WRITE, SLICE("123"), 65536, at) == 0)
		n++;
	assert_int_equal(n, 23);
	assert_in_range(rates_take(r, RATES_WRITE, SLICE("123"), 0, at), 300, 401);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_then_pace),
		cmocka_unit_test(a_large_body_costs_more),
		cmocka_unit_test(processes_share_it),
	};

	return cmocka_run_group_tests_name("rates", tests, NULL, NULL);
}
