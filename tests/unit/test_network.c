// objects: shared/network.o shared/buf.o
/* network: what counts as one address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "network.h"

static void is(const char *address, const char *network)
{
	char out[NETWORK_MAX];
	struct slice s = network_of(slice_of(address), out);

	assert_int_equal(s.n, strlen(network));
	assert_memory_equal(s.p, network, s.n);
}

static void ipv4_is_ones_own(void **state)
{
	(void)state;
	is("192.0.2.1", "192.0.2.1");
	is("::ffff:192.0.2.1", "192.0.2.1");
	is("::FFFF:c000:201", "192.0.2.1");
	is("64:ff9b::192.0.2.1", "192.0.2.1");
	is("64:ff9b::1:c000:201", "64:ff9b::/64");
}

static void ipv6_counts_by_its_64(void **state)
{
	(void)state;
	is("2001:db8:0:7::1", "2001:db8:0:7::/64");
	is("2001:DB8:0:7:ffff:ffff:ffff:ffff", "2001:db8:0:7::/64");
	is("2001:db8:0:8::1", "2001:db8:0:8::/64");
	is("::1", "::/64");
	is("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff::/64");
}

static void what_is_no_address_is_itself(void **state)
{
	char longer[NETWORK_MAX + 10], out[NETWORK_MAX];

	(void)state;
	is("", "");
	is("a", "a");
	is(":", ":");
	is("fe80::1%eth0", "fe80::1%eth0");
	is("2001:db8::1]", "2001:db8::1]");
	memset(longer, ':', sizeof(longer));
	assert_int_equal(network_of((struct slice){ longer, sizeof(longer) }, out).n, NETWORK_MAX);
	assert_int_equal(network_of((struct slice){ longer, NETWORK_MAX - 1 }, out).n, NETWORK_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_is_ones_own),
		cmocka_unit_test(ipv6_counts_by_its_64),
		cmocka_unit_test(what_is_no_address_is_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
