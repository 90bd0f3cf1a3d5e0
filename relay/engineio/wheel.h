/*
 * wheel: a timer wheel for pings, deadlines and grace: one armed time per entry, O(1) to set and to cancel.
 *
 * Room: relay/engineio. Pure: time is given, nothing is read. Called by session, conn, lobby, ws, hub.
 * Resolution WHEEL_TICK_MS; an entry never fires early, and at most one tick late by the wheel's own doing.
 */
#ifndef EIO_WHEEL_H
#define EIO_WHEEL_H

#include <stdint.h>
#include <stdbool.h>

#define WHEEL_TICK_MS 16
#define WHEEL_SLOTS 4096           /* one turn is 65.5 s: ordinary deadlines are touched once */
#define WHEEL_NEVER UINT64_MAX

/* Embedded by its owner, zeroed before first use. */
struct wheel_entry {
	struct wheel_entry *next, **link;
	uint64_t due_tick;
	void (*fn)(struct wheel_entry *e);
};

struct wheel {
	uint64_t tick;                 /* the last tick that has been run */
	uint64_t used[WHEEL_SLOTS / 64];
	struct wheel_entry *slots[WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, uint64_t now_ms);
/* Arms the entry (again) for due_ms; fn runs from wheel_advance, disarmed, and may arm it anew or free its owner. */
void wheel_set(struct wheel *w, struct wheel_entry *e, uint64_t due_ms, void (*fn)(struct wheel_entry *e));
/* Disarms; nothing happens when it is not armed. */
void wheel_cancel(struct wheel_entry *e);
bool wheel_armed(const struct wheel_entry *e);
/* Runs all that is due. */
void wheel_advance(struct wheel *w, uint64_t now_ms);
/* When wheel_advance should be called next (a lower bound), or WHEEL_NEVER. */
uint64_t wheel_next(const struct wheel *w);

#endif
