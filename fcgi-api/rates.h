/*
 * rates: how often one person and one address may ask by REST.
 *
 * Room: fcgi-api. Made by door_fcgi before it forks, asked by router; calls ids and libc. All workers of a
 * pool share one small table; handlers keep no state. A campus sits behind one address: its bound is wide
 * and only stops a flood.
 */
#ifndef RATES_H
#define RATES_H

#include "buf.h"

struct rates;

enum rates_class { RATES_READ, RATES_WRITE, RATES_ADDRESS, RATES_CLASSES };

/* Memory that children share, for the life of the process; NULL (with a logged line): no bounds. */
struct rates *rates_new(void);
/*
 * One request of a class by `who`, with a body of `size` bytes, at `now_us` on a clock that all workers share. Each 8 KiB
 * count as one request more, to be paid by the next. 0: go on; else the milliseconds after which it may be tried again
 * (nothing is taken then).
 */
uint64_t rates_take(struct rates *r, enum rates_class class, struct slice who, size_t size, uint64_t now_us);

#endif
