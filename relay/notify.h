/*
 * notify: words to the service manager that started this process, if one did (sd_notify(3), sd_watchdog_enabled(3)).
 *
 * Room: relay. Called by main.
 * The protocol is a datagram to a socket that the environment names, so it needs no library.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>

/* Says one assignment, "READY=1". Nobody there, or nobody who takes it: nothing happens. Never waits. */
void notify_say(const char *assignment);
/* Milliseconds within which the manager wants to hear "WATCHDOG=1" each time, or 0: it does not. */
uint64_t notify_watchdog_ms(void);

#endif
