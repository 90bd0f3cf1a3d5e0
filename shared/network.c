/*
 * network: see network.h.
 *
 * Room: shared (foundation). Pure.
 */
#include "network.h"

#include <arpa/inet.h>
#include <string.h>

#define HOST_BYTES 8   /* of the 16, those behind a /64 */

/* An IPv4 address written as IPv6: ::ffff:a.b.c.d, and 64:ff9b::a.b.c.d of a translator (RFC 6052). */
static bool holds_ipv4(const struct in6_addr *a)
{
	static const unsigned char nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

	return IN6_IS_ADDR_V4MAPPED(a) || memcmp(a->s6_addr, nat64, sizeof(nat64)) == 0;
}

struct slice network_of(struct slice address, char out[NETWORK_MAX])
{
	struct in6_addr a;

	if (address.n >= NETWORK_MAX)
		address.n = NETWORK_MAX;
	if (address.n == 0 || address.n == NETWORK_MAX || !memchr(address.p, ':', address.n))
		return address;
	memcpy(out, address.p, address.n);
	out[address.n] = '\0';
	if (inet_pton(AF_INET6, out, &a) != 1)
		return address;
	if (holds_ipv4(&a)) {
		inet_ntop(AF_INET, a.s6_addr + 12, out, NETWORK_MAX);
	} else {
		memset(a.s6_addr + 16 - HOST_BYTES, 0, HOST_BYTES);
		inet_ntop(AF_INET6, &a, out, NETWORK_MAX - sizeof("/64"));
		strcat(out, "/64");
	}
	return slice_of(out);
}
