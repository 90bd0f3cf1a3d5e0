/*
 * network: the one behind an address, for what is counted or bounded by address.
 *
 * Room: shared (foundation). Called by the relay and the handlers.
 * A line or a machine has a whole /64 of IPv6 (RFC 6177, RFC 7421) and may come from another address of it each time;
 * an IPv4 address is one's own.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include "buf.h"

#define NETWORK_MAX 48   /* bytes: the longest address, and more */

/*
 * The network as text: "192.0.2.1" of "192.0.2.1", of "::ffff:192.0.2.1" and of "64:ff9b::192.0.2.1"; "2001:db8::/64" of
 * "2001:db8::1". What is no address is its own network, cut off behind NETWORK_MAX. The slice points into `out` or to
 * `address`.
 */
struct slice network_of(struct slice address, char out[NETWORK_MAX]);

#endif
