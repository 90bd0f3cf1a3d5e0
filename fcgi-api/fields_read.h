/*
 * fields_read: the readers that fields.c lends to fields_send.c and fields_more.c.
 *
 * Room: fcgi-api, inside fields. Pure.
 */
#ifndef FIELDS_READ_H
#define FIELDS_READ_H

#include "fields.h"

/* A member that is there and not null: 1 or 0. */
int fields_value(struct slice object, const char *key, struct slice *value_r);
/* The decoded bytes of a JSON string, in the arena: 0, or -1 when it is none. */
int fields_text(struct arena *a, struct slice value, struct slice *text_r);
/* The first argument as an object, free of bad text. */
const struct refusal *fields_payload(const struct fields *f, struct slice *object_r);
/* A page size: any integer, brought into 1..max: 0, or -1 when it is no integer. */
int fields_limit(struct slice value, unsigned max, unsigned *limit_r);

#endif
