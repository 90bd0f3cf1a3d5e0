/*
 * map: byte-string keys to pointers, over uthash.
 *
 * Room: shared (foundation). Called by every room.
 * Keys are copied in; values are borrowed (the map never frees them). Keys may come from outside: their hash is keyed,
 * so that nobody makes them collide.
 */
#ifndef MAP_H
#define MAP_H

#include "buf.h"

struct map;

struct map *map_new(void);
/* Frees the map and its keys, not the values. NULL is allowed. */
void map_free(struct map *m);
/* Sets the value of a key; returns the value it replaces, or NULL. `value` must not be NULL. */
void *map_put(struct map *m, struct slice key, void *value);
/* The value of a key, or NULL. */
void *map_find(const struct map *m, struct slice key);
/* Removes a key; returns the value it had, or NULL. */
void *map_remove(struct map *m, struct slice key);
size_t map_count(const struct map *m);
/*
 * Walks all entries in insertion order; the callback may remove the entry it is given, nothing else.
 * It stops early when the callback returns non-zero, and returns that value.
 */
int map_each(struct map *m, int (*fn)(void *ctx, struct slice key, void *value), void *ctx);

#endif
