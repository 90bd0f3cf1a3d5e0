/*
 * packet: see packet.h.
 *
 * Room: relay/engineio. Pure; calls buf.
 */
#include "packet.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int packet_read(struct slice text, struct eio_packet *p_r)
{
	if (text.n == 0 || text.p[0] < PACKET_OPEN || text.p[0] > PACKET_NOOP)
		return -1;
	*p_r = (struct eio_packet){ .type = text.p[0], .data = { text.p + 1, text.n - 1 } };
	return 0;
}

int packet_read_text(struct slice text, int version, struct eio_packet *p_r, struct buf *scratch)
{
	size_t head = version == 3 ? 2 : 1;

	if (text.n == 0 || text.p[0] != PACKET_BINARY)
		return packet_read(text, p_r);
	if (text.n < head || (version == 3 && text.p[1] != PACKET_MESSAGE))
		return -1;
	buf_reset(scratch);
	if (packet_base64_decode(slice_behind(text, head), scratch) < 0)
		return -1;
	*p_r = (struct eio_packet){ .type = PACKET_MESSAGE, .binary = true, .data = buf_slice(scratch) };
	return 0;
}

int payload_next(struct slice *rest_r, struct eio_packet *p_r, struct buf *scratch)
{
	struct slice part = *rest_r;

	if (part.p == NULL)
		return 0;
	const char *end = part.n ? memchr(part.p, PAYLOAD_SEPARATOR, part.n) : NULL;
	if (end) {
		part.n = (size_t)(end - part.p);
		*rest_r = (struct slice){ end + 1, rest_r->n - part.n - 1 };
	} else {
		*rest_r = SLICE_NONE;
	}
	return packet_read_text(part, 4, p_r, scratch) < 0 ? -1 : 1;
}

void packet_put_base64(struct buf *out, struct slice bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	char *to = buf_reserve(out, (bytes.n + 2) / 3 * 4);
	size_t i;

	for (i = 0; i + 2 < bytes.n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];

		*to++ = alphabet[v >> 18];
		*to++ = alphabet[v >> 12 & 63];
		*to++ = alphabet[v >> 6 & 63];
		*to++ = alphabet[v & 63];
	}
	if (i < bytes.n) {
		uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < bytes.n ? (uint32_t)p[i + 1] << 8 : 0);

		*to++ = alphabet[v >> 18];
		*to++ = alphabet[v >> 12 & 63];
		*to++ = i + 1 < bytes.n ? alphabet[v >> 6 & 63] : '=';
		*to++ = '=';
	}
	out->len += (bytes.n + 2) / 3 * 4;
	if (out->data)
		out->data[out->len] = '\0';
}

static int base64_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int packet_base64_decode(struct slice text, struct buf *out)
{
	char *start = buf_reserve(out, text.n / 4 * 3 + 4), *to = start;
	unsigned digits = 0, pad = 0;
	uint32_t v = 0;

	for (size_t i = 0; i < text.n; i++) {
		int d = base64_value((unsigned char)text.p[i]);

		if (text.p[i] == '\n' || text.p[i] == '\r')
			continue;
		if (text.p[i] == '=' && digits + ++pad <= 4)
			continue;
		if (d < 0 || pad)
			return -1;
		v = v << 6 | (uint32_t)d;
		if (++digits < 4)
			continue;
		*to++ = (char)(v >> 16);
		*to++ = (char)(v >> 8);
		*to++ = (char)v;
		digits = 0;
	}
	if (digits == 1 || (digits ? digits + pad != 4 : pad != 0))
		return -1;
	if (digits > 1)
		*to++ = (char)(v >> (digits == 2 ? 4 : 10));
	if (digits > 2)
		*to++ = (char)(v >> 2);
	out->len += (size_t)(to - start);
	out->data[out->len] = '\0';
	return 0;
}
