/*
 * sql: the text of a statement for a set. Pure.
 *
 * Room: fcgi-api/store, inside. Called by db.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include "buf.h"

/*
 * Appends the text with the part in each {…} written `size` times, ", " (or what follows a | in it) between.
 */
void sql_expand(struct buf *b, const char *text, size_t size);

#endif
