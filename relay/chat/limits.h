/*
 * limits: token buckets per user and per address, one table of sizes.
 *
 * Room: relay/chat, pure: the clock is an argument. Called by arrival, commands and chat.
 */
#ifndef CHAT_LIMITS_H
#define CHAT_LIMITS_H

#include "events.h"

struct limits;

struct limits *limits_new(void);
void limits_free(struct limits *l);
/*
 * One event of a class by a user (of a CONNECT: its session) from an address (IPv6: its /64). Each 8 KiB of its `size` count as
 * one more, to be paid by the next: others have to take in what one says. 0: go on; else the milliseconds after which it
 * may be tried again (nothing is taken then).
 */
uint64_t limits_take(struct limits *l, enum rate_class rate, struct slice user, struct slice address, size_t size,
		uint64_t now_ms);
/* Forgets those whose buckets are full again: they owe nothing. */
void limits_sweep(struct limits *l, uint64_t now_ms);

#endif
