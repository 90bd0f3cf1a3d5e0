/*
 * known: which number a room's uuid had when it was last met.
 *
 * Room: fcgi-api/store, inside. Called by resolve and session (its memory). Pure.
 * A hint and no more: whoever uses it reads the row and compares. It saves the question "which rooms are
 * these?" before they can be locked in the order of their numbers.
 */
#ifndef STORE_KNOWN_H
#define STORE_KNOWN_H

#include "buf.h"

struct known;

struct known *known_new(void);
/* NULL is allowed. */
void known_free(struct known *k);
/* The number, or 0: not known. */
int64_t known_find(const struct known *k, struct slice uuid);
/* Remembers; another room may have to give way. Texts that are no uuids are left out. */
void known_put(struct known *k, struct slice uuid, int64_t id);
void known_forget(struct known *k, struct slice uuid);

#endif
