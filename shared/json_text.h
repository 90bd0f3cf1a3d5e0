/*
 * json_text: the bytes inside a JSON string.
 *
 * Room: shared (foundation), for json.c and log.c. Inline, because the scanner and the decoder run it on every byte.
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ONES  0x0101010101010101ull
#define HIGHS 0x8080808080808080ull

/* Not zero when one of eight bytes is a quote, a backslash, a control byte or not ASCII. */
static inline uint64_t special8(uint64_t v)
{
	uint64_t quote = v ^ (ONES * '"'), slash = v ^ (ONES * '\\');

	return (((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) | (v - ONES * 0x20) | v) & HIGHS;
}

/* Steps over the bytes of a string that need no look: printable ASCII but quote and backslash. */
static inline const unsigned char *skip_plain(const unsigned char *p, const unsigned char *end)
{
	uint64_t v;

	while (end - p >= 8) {
		memcpy(&v, p, 8);
		if (special8(v))
			break;
		p += 8;
	}
	while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

static inline const unsigned char *skip_blanks(const unsigned char *p, const unsigned char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

/*
 * Length of the valid UTF-8 sequence at p (RFC 3629: no over-long forms, surrogates, or above U+10FFFF), or
 * 0.
 */
static inline int utf8_len(const unsigned char *p, const unsigned char *end)
{
	unsigned char a = *p, low = 0x80, high = 0xbf;
	int len;

	if (a < 0x80)
		return 1;
	if (a < 0xc2 || a > 0xf4)
		return 0;
	len = a < 0xe0 ? 2 : a < 0xf0 ? 3 : 4;
	if (end - p < len)
		return 0;
	if (a == 0xe0)
		low = 0xa0;
	else if (a == 0xed)
		high = 0x9f;
	else if (a == 0xf0)
		low = 0x90;
	else if (a == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (int i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* Four hexadecimal digits, or -1. */
static inline int hex4(const unsigned char *p, const unsigned char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		unsigned char c = p[i], l = c | 0x20;

		if (c >= '0' && c <= '9')
			v = v * 16 + c - '0';
		else if (l >= 'a' && l <= 'f')
			v = v * 16 + l - 'a' + 10;
		else
			return -1;
	}
	return v;
}

/*
 * Reads the escape whose backslash is at p: its length in the text and its code point; 0 when it is no escape
 * at all. A surrogate without its other half comes out as itself (U+D800..U+DFFF).
 */
static inline int escape_at(const unsigned char *p, const unsigned char *end, uint32_t *code_r)
{
	static const char letters[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
	const char *at;
	int first, second;

	if (end - p < 2)
		return 0;
	if (p[1] != 'u') {
		at = p[1] ? strchr(letters, p[1]) : NULL;
		if (!at)
			return 0;
		*code_r = (unsigned char)codes[at - letters];
		return 2;
	}
	first = hex4(p + 2, end);
	if (first < 0)
		return 0;
	*code_r = (uint32_t)first;
	if (first < 0xd800 || first > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u')
		return 6;
	second = hex4(p + 8, end);
	if (second < 0xdc00 || second > 0xdfff)
		return 6;
	*code_r = 0x10000 + (((uint32_t)first - 0xd800) << 10) + ((uint32_t)second - 0xdc00);
	return 12;
}

#endif
