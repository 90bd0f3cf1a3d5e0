/*
 * siphash: see siphash.h.
 *
 * Room: shared (foundation). Calls libc.
 */
#include "siphash.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void siphash_key(uint64_t key_r[2])
{
	ssize_t n;

	do
		n = getrandom(key_r, 2 * sizeof(*key_r), 0);
	while (n < 0 && errno == EINTR);
	if (n != 2 * (ssize_t)sizeof(*key_r))
		abort();
	key_r[0] |= 1;
}

static uint64_t left(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void rounds(uint64_t v[4], int count)
{
	while (count-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = left(v[1], 13) ^ v[0];
		v[3] = left(v[3], 16) ^ v[2];
		v[0] = left(v[0], 32) + v[3];
		v[2] += v[1];
		v[3] = left(v[3], 21) ^ v[0];
		v[1] = left(v[1], 17) ^ v[2];
		v[2] = left(v[2], 32);
	}
}

static void word(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	rounds(v, 1);
	v[0] ^= m;
}

uint64_t siphash(const uint64_t key[2], const void *data, size_t n)
{
	const unsigned char *p = data, *last = p + n - n % 8;
	/* the paper's constants: "somepseudorandomlygeneratedbytes" */
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
		key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u
	};
	uint64_t m, end = (uint64_t)n << 56;

	for (; p < last; p += 8) {
		memcpy(&m, p, 8);
		word(v, le64toh(m));
	}
	m = 0;
	memcpy(&m, p, n % 8);
	word(v, le64toh(m) | end);
	v[2] ^= 0xff;
	rounds(v, 3);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
