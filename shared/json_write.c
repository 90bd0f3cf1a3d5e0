/*
 * json_write: the writing half of json.h.
 *
 * Room: shared (foundation). Called by every room; calls buf.
 * Whoever writes JSON by these calls escapes by construction: only keys and raw members go in as they are.
 */
#include "json.h"

/* The letter behind the backslash, `u` for the long form, 0 for bytes that go as they are. */
static const char escapes[256] = {
	['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
	[0x00] = 'u', [0x01] = 'u', [0x02] = 'u', [0x03] = 'u', [0x04] = 'u', [0x05] = 'u', [0x06] = 'u',
	[0x07] = 'u', [0x0b] = 'u', [0x0e] = 'u', [0x0f] = 'u', [0x10] = 'u', [0x11] = 'u', [0x12] = 'u',
	[0x13] = 'u', [0x14] = 'u', [0x15] = 'u', [0x16] = 'u', [0x17] = 'u', [0x18] = 'u', [0x19] = 'u',
	[0x1a] = 'u', [0x1b] = 'u', [0x1c] = 'u', [0x1d] = 'u', [0x1e] = 'u', [0x1f] = 'u',
};

void json_put_string(struct buf *b, struct slice text)
{
	static const char hex[] = "0123456789abcdef";
	size_t start = 0;

	buf_reserve(b, text.n + 2);
	buf_putc(b, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (!escapes[c])
			continue;
		buf_put(b, text.p + start, i - start);
		start = i + 1;
		buf_putc(b, '\\');
		buf_putc(b, escapes[c]);
		if (escapes[c] == 'u') {
			buf_put(b, "00", 2);
			buf_putc(b, hex[c >> 4]);
			buf_putc(b, hex[c & 15]);
		}
	}
	if (start < text.n)
		buf_put(b, text.p + start, text.n - start);
	buf_putc(b, '"');
}

size_t json_string_size(struct slice text)
{
	size_t n = text.n + 2;

	for (size_t i = 0; i < text.n; i++) {
		char c = escapes[(unsigned char)text.p[i]];

		n += !c ? 0 : c == 'u' ? 5 : 1;
	}
	return n;
}

void json_put_key(struct buf *b, const char *key)
{
	if (b->len && b->data[b->len - 1] != '{')
		buf_putc(b, ',');
	buf_putc(b, '"');
	buf_puts(b, key);
	buf_put(b, "\":", 2);
}

void json_put_text_member(struct buf *b, const char *key, struct slice text)
{
	json_put_key(b, key);
	if (text.p)
		json_put_string(b, text);
	else
		buf_put(b, "null", 4);
}

static void put_number(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_putc(b, '-');
	buf_put_u64(b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void json_put_number_member(struct buf *b, const char *key, int64_t v)
{
	json_put_key(b, key);
	put_number(b, v);
}

void json_put_id_member(struct buf *b, const char *key, int64_t v)
{
	json_put_key(b, key);
	buf_putc(b, '"');
	put_number(b, v);
	buf_putc(b, '"');
}

void json_put_raw_member(struct buf *b, const char *key, struct slice json)
{
	json_put_key(b, key);
	buf_put_slice(b, json);
}
