/*
 * wire_fields: structs to bytes and back, by a table of fields.
 *
 * Room: shared (foundation). Calls buf.
 */
#include "wire_fields.h"

#include <endian.h>

void wire_put_number(struct buf *b, uint64_t v, size_t width)
{
	v = htobe64(v << 8 * (8 - width));
	buf_put(b, &v, width);
}

int wire_take_number(struct slice *in, uint64_t *v_r, size_t width)
{
	uint64_t v = 0;

	if (in->n < width)
		return -1;
	memcpy(&v, in->p, width);
	*v_r = be64toh(v) >> 8 * (8 - width);
	in->p += width;
	in->n -= width;
	return 0;
}

void wire_put_string(struct buf *b, struct slice s, size_t width)
{
	if (width == 2 && s.n > UINT16_MAX)
		s.n = UINT16_MAX;
	wire_put_number(b, s.n, width);
	buf_put_slice(b, s);
}

int wire_take_string(struct slice *in, struct slice *s_r, size_t width)
{
	struct slice rest = *in;
	uint64_t n;

	if (wire_take_number(&rest, &n, width) < 0 || rest.n < n)
		return -1;
	*s_r = (struct slice){ rest.p, n };
	*in = slice_behind(rest, n);
	return 0;
}

static uint64_t load_number(const void *at, enum type type)
{
	switch (type) {
	case U8:  return *(const uint8_t *)at;
	case U16: return *(const uint16_t *)at;
	case U32: return *(const uint32_t *)at;
	default:  return *(const uint64_t *)at;
	}
}

static void store_number(void *at, enum type type, uint64_t v)
{
	switch (type) {
	case U8:  *(uint8_t *)at = (uint8_t)v; break;
	case U16: *(uint16_t *)at = (uint16_t)v; break;
	case U32: *(uint32_t *)at = (uint32_t)v; break;
	default:  *(uint64_t *)at = v; break;
	}
}

void wire_put_fields(struct buf *b, const void *from, const struct field *f, size_t count)
{
	for (; count && f->width; f++, count--) {
		const char *at = (const char *)from + f->at;

		if (f->type == STR16 || f->type == STR32)
			wire_put_string(b, *(const struct slice *)at, f->type == STR16 ? 2 : 4);
		else if (f->type == RAW16)
			buf_put(b, at, 16);
		else
			wire_put_number(b, load_number(at, f->type), f->width);
	}
}

int wire_take_fields(struct slice *in, void *to, const struct field *f, size_t count)
{
	struct slice rest = *in;
	uint64_t v;

	for (; count && f->width; f++, count--) {
		char *at = (char *)to + f->at;

		if (f->type == STR16 || f->type == STR32) {
			if (wire_take_string(&rest, (struct slice *)at, f->type == STR16 ? 2 : 4) < 0)
				return -1;
		} else if (f->type == RAW16) {
			if (rest.n < 16)
				return -1;
			memcpy(at, rest.p, 16);
			rest.p += 16;
			rest.n -= 16;
		} else {
			if (wire_take_number(&rest, &v, f->width) < 0)
				return -1;
			store_number(at, f->type, v);
		}
	}
	*in = rest;
	return 0;
}
