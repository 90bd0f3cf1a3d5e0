/*
 * door_bus: workers of the relay.
 *
 * Room: fcgi-api. Called by main.
 */
#ifndef DOOR_BUS_H
#define DOOR_BUS_H

#include "settings.h"

/* Master and workers, until SIGTERM. The exit code. */
int door_bus(const struct settings *s);

#endif
