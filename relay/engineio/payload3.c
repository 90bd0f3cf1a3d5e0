/*
 * payload3: see payload3.h.
 *
 * Room: relay/engineio. Pure.
 */
#include "json.h"
#include "payload3.h"

#define LENGTH_DIGITS_MAX 9
#define BINARY_END 0xff

/* Units of UTF-16 that valid UTF-8 needs: one a character, two above U+FFFF. */
static size_t utf16_units(struct slice text)
{
	size_t units = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		units += (c & 0xc0) != 0x80;
		units += c >= 0xf0;
	}
	return units;
}

void payload3_put_text(struct buf *b, const struct eio_frame *f)
{
	struct slice data = frame_data(f);

	if (frame_is_binary(f)) {
		buf_put_u64(b, 2 + (data.n + 2) / 3 * 4);
		buf_puts(b, ":b4");
		packet_put_base64(b, data);
		return;
	}
	buf_put_u64(b, 1 + utf16_units(data));
	buf_putc(b, ':');
	buf_putc(b, frame_type(f));
	buf_put_slice(b, data);
}

void payload3_put_binary(struct buf *b, const struct eio_frame *f)
{
	struct slice data = frame_data(f);
	bool binary = frame_is_binary(f);
	struct buf digits = BUF_INIT;

	buf_put_u64(&digits, data.n + 1);
	buf_putc(b, binary ? 1 : 0);
	for (size_t i = 0; i < digits.len; i++)
		buf_putc(b, (char)(digits.data[i] - '0'));
	buf_putc(b, (char)BINARY_END);
	buf_fini(&digits);
	buf_putc(b, binary ? PACKET_MESSAGE - '0' : frame_type(f));
	buf_put_slice(b, data);
}

/*
 * Bytes that `units` UTF-16 units take at the beginning of the text; -1 when it is shorter, or a character
 * would be cut.
 */
static int bytes_of_units(struct slice text, size_t units, size_t *bytes_r)
{
	size_t i = 0;

	while (units) {
		if (i >= text.n)
			return -1;
		unsigned char c = (unsigned char)text.p[i];
		size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		size_t cost = len == 4 ? 2 : 1;

		if (cost > units || len > text.n - i)
			return -1;
		units -= cost;
		i += len;
	}
	*bytes_r = i;
	return 0;
}

int payload3_next_text(struct slice *rest_r, struct eio_packet *p_r, struct buf *scratch)
{
	struct slice t = *rest_r;
	size_t units = 0, bytes, i = 0;

	if (t.n == 0)
		return 0;
	for (; i < t.n && i <= LENGTH_DIGITS_MAX && t.p[i] >= '0' && t.p[i] <= '9'; i++)
		units = units * 10 + (size_t)(t.p[i] - '0');
	if (i == 0 || i > LENGTH_DIGITS_MAX || i >= t.n || t.p[i] != ':' || units == 0)
		return -1;
	t = slice_behind(t, i + 1);
	if (bytes_of_units(t, units, &bytes) < 0)
		return -1;
	*rest_r = slice_behind(t, bytes);
	t.n = bytes;
	return packet_read_text(t, 3, p_r, scratch) < 0 ? -1 : 1;
}

int payload3_read_binary(struct slice bytes, struct eio_packet *p_r)
{
	if (bytes.n == 0 || bytes.p[0] != PACKET_MESSAGE - '0')
		return -1;
	*p_r = (struct eio_packet){ .type = PACKET_MESSAGE, .binary = true,
				    .data = { bytes.p + 1, bytes.n - 1 } };
	return 0;
}

int payload3_next_binary(struct slice *rest_r, struct eio_packet *p_r)
{
	struct slice t = *rest_r;
	size_t len = 0, i = 1;

	if (t.n == 0)
		return 0;
	if ((unsigned char)t.p[0] > 1)
		return -1;
	for (; i < t.n && i <= LENGTH_DIGITS_MAX && (unsigned char)t.p[i] <= 9; i++)
		len = len * 10 + (unsigned char)t.p[i];
	if (i == 1 || i >= t.n || (unsigned char)t.p[i] != BINARY_END || len == 0 || len > t.n - i - 1)
		return -1;
	struct slice packet = { t.p + i + 1, len };
	*rest_r = (struct slice){ packet.p + len, t.n - i - 1 - len };
	if (t.p[0] == 1)
		return payload3_read_binary(packet, p_r) < 0 ? -1 : 1;
	return packet_read(packet, p_r) < 0 ? -1 : 1;
}

void payload3_put_script(struct buf *b, int index, struct slice payload)
{
	struct buf text = BUF_INIT;

	json_put_string(&text, payload);
	buf_putf(b, "___eio[%d](", index);
	for (size_t i = 0; i < text.len; i++) {
		/* U+2028 and U+2029 end a line in old JavaScript, also within a string */
		bool line_end = i + 2 < text.len && memcmp(text.data + i, "\xe2\x80", 2) == 0 &&
				(text.data[i + 2] & 0xfe) == 0xa8;

		if (!line_end) {
			buf_putc(b, text.data[i]);
			continue;
		}
		buf_puts(b, text.data[i + 2] & 1 ? "\\u2029" : "\\u2028");
		i += 2;
	}
	buf_puts(b, ");");
	buf_fini(&text);
}

/* Form decoding in place; -1 when an escape is broken. */
static int form_decode(struct slice t, char *to, size_t *len_r)
{
	size_t n = 0;
	int byte;

	for (size_t i = 0; i < t.n && t.p[i] != '&'; i++) {
		if (t.p[i] != '%') {
			to[n++] = t.p[i] == '+' ? ' ' : t.p[i];
			continue;
		}
		byte = slice_escaped(t, i);
		if (byte < 0)
			return -1;
		to[n++] = (char)byte;
		i += 2;
	}
	*len_r = n;
	return 0;
}

/* The client wrote a newline as \n and a written \n as \\n (browsers change bare newlines in forms). */
static size_t unescape_newlines(char *p, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n && p[i + 1] == 'n') {
			p[to++] = '\n';
			i++;
		} else if (p[i] == '\\' && i + 2 < n && p[i + 1] == '\\' && p[i + 2] == 'n') {
			p[to++] = '\\';
			p[to++] = 'n';
			i += 2;
		} else {
			p[to++] = p[i];
		}
	}
	return to;
}

struct slice payload3_form(struct buf *body)
{
	size_t len;

	if (body->len < 2 || memcmp(body->data, "d=", 2) != 0)
		return SLICE_NONE;
	if (form_decode((struct slice){ body->data + 2, body->len - 2 }, body->data, &len) < 0)
		return SLICE_NONE;
	return (struct slice){ body->data, unescape_newlines(body->data, len) };
}
