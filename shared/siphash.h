/*
 * siphash: a hash whose collisions nobody can make who does not know the key.
 *
 * Room: shared (foundation). Called by map.
 * SipHash-1-3: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), with one round for each word and three
 * at the end, as the hash tables of Rust and Ruby have it.
 */
#ifndef SIPHASH_H
#define SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* A random key; ends the process where there is no randomness. Its first half is never 0. */
void siphash_key(uint64_t key_r[2]);
/* `n` bytes at `data` under a secret key. */
uint64_t siphash(const uint64_t key[2], const void *data, size_t n);

#endif
