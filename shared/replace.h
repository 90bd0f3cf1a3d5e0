/*
 * replace: a small file of which others only ever see the old contents or the new.
 *
 * Room: shared (foundation). Called by mark, handover, main and counters; calls libc and fault.
 */
#ifndef REPLACE_H
#define REPLACE_H

#include <sys/types.h>
#include "buf.h"

/*
 * Writes the bytes beside `path` (with a slash in it, below PATH_MAX - 4), as path.new, and renames it over. The file gets
 * exactly `mode`, whatever the umask; a link that somebody left at path.new is not followed. Not synced to the disk: a
 * power cut may leave the old contents. -1 with errno when that failed: the old file stands, and what was begun beside it
 * is removed where that can be done. Blocks as long as the disk does. One writer at a time: two would share path.new.
 */
int replace_file(const char *path, mode_t mode, struct slice bytes);

#endif
