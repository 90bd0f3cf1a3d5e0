/*
 * handshake: what a session remembers of the request that opened it: query arguments, a few headers, the
 * address.
 *
 * Room: relay/engineio. Pure. Called by everything above it in the room.
 */
#ifndef EIO_HANDSHAKE_H
#define EIO_HANDSHAKE_H

#include "buf.h"

#define ADDRESS_LEN 46             /* an IPv6 address and its NUL */
#define FIELDS_MAX 64              /* arguments of one request; more are a bad request */

struct field {
	uint32_t name, name_len, value_len;          /* into the text; the value stands behind its name */
};

/* Names with values, in order. Zeroed is empty. */
struct fields {
	struct buf text;
	struct field *list;
	unsigned count, cap;
};

/* Adds a pair; 0, or -1 when there are FIELDS_MAX already. */
int fields_add(struct fields *f, struct slice name, struct slice value);
/* Adds "name=value" (no '=': an empty value). */
int fields_add_argument(struct fields *f, struct slice argument);
/* The first value of a name: how often the name is there; *value_r is empty when never. */
unsigned fields_find(const struct fields *f, const char *name, struct slice *value_r);
void fields_get(const struct fields *f, unsigned i, struct slice *name_r, struct slice *value_r);
/* Appends all as one text, "a=1&b=2". */
void fields_join(const struct fields *f, struct buf *out);
void fields_reset(struct fields *f);
void fields_fini(struct fields *f);

struct handshake {
	char address[ADDRESS_LEN];
	struct fields query, headers;
};

/* An exact copy without spare memory, not to be added to. The caller frees it with handshake_free. */
struct handshake *handshake_copy(const struct handshake *h);
void handshake_free(struct handshake *h);
/* Whether Python's client sent it, as far as can be known: by its time of the request, or by its user agent. */
bool handshake_of_python(const struct handshake *h);

#endif
