// objects: shared/buf.o
/* fnv: the sums that its authors publish; a handover on disk is told whole by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fnv.h"

static void gives_the_published_sums(void **state)
{
	static const struct { const char *text; uint32_t in_32; uint64_t in_64; } sums[] = {
		{ "", 0x811c9dc5, 0xcbf29ce484222325 },
		{ "a", 0xe40c292c, 0xaf63dc4c8601ec8c },
		{ "foobar", 0xbf9cf968, 0x85944171f73967e8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		assert_int_equal(fnv32(slice_of(sums[i].text)), sums[i].in_32);
		assert_true(fnv64(FNV64_BASIS, slice_of(sums[i].text)) == sums[i].in_64);
	}
	/* bytes count as unsigned */
	assert_int_equal(fnv32(SLICE("\xff")), (0x811c9dc5 ^ 0xff) * 16777619u);
}

static void goes_on_where_it_stopped(void **state)
{
	(void)state;
	assert_true(fnv64(fnv64(FNV64_BASIS, SLICE("foo")), SLICE("bar")) == 0x85944171f73967e8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_published_sums),
		cmocka_unit_test(goes_on_where_it_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
