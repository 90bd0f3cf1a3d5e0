/*
 * wire_fields: structs to bytes and back, by a table of fields.
 *
 * Room: shared (foundation), for wire.c alone. Calls buf.
 * Integers are big-endian; str16 and str32 are a length of 16 or 32 bits and that many bytes.
 */
#ifndef WIRE_FIELDS_H
#define WIRE_FIELDS_H

#include "buf.h"

enum type { U8, U16, U32, U64, STR16, STR32, RAW16 };

struct field {
	uint8_t type;
	uint8_t width;  /* of the struct's member; 0 ends a table that is shorter than its array */
	uint16_t at;
};

/* A row of a table. One whose width is not its member's does not compile. */
#define SIZE_OF(s, m) sizeof(((struct s *)0)->m)
#define CHECKED(size, s, m) sizeof(char[SIZE_OF(s, m) == (size) ? (size) : -1])
#define FIELD(type, size, s, m) { type, CHECKED(size, s, m), offsetof(struct s, m) }
#define F8(s, m)  FIELD(U8, 1, s, m)
#define F16(s, m) FIELD(U16, 2, s, m)
#define F32(s, m) FIELD(U32, 4, s, m)
#define F64(s, m) FIELD(U64, 8, s, m)  /* signed ones too: two's complement */
#define S16(s, m) FIELD(STR16, sizeof(struct slice), s, m)
#define S32(s, m) FIELD(STR32, sizeof(struct slice), s, m)
#define R16(s, m) FIELD(RAW16, 16, s, m)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Numbers of 1, 2, 4 or 8 bytes. take: 0, or -1 when the bytes do not suffice. */
void wire_put_number(struct buf *b, uint64_t v, size_t width);
int wire_take_number(struct slice *in, uint64_t *v_r, size_t width);
/*
 * Strings with a length of 2 or 4 bytes. One that is too long for its length (no caller has one) is cut, so that the
 * message stays well-formed. take: borrows from *in; -1 leaves *in alone.
 */
void wire_put_string(struct buf *b, struct slice s, size_t width);
int wire_take_string(struct slice *in, struct slice *s_r, size_t width);
/*
 * A struct's fields in the table's order. take: 0, or -1 and *in is left alone (what is in `to` then means
 * nothing).
 */
void wire_put_fields(struct buf *b, const void *from, const struct field *f, size_t count);
int wire_take_fields(struct slice *in, void *to, const struct field *f, size_t count);

#endif
