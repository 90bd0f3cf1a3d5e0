/*
 * frame: a message encoded once and shared by reference.
 *
 * Room: relay/engineio.
 * Pure. Sources: RFC 6455 §5.2 (server frames are unmasked, one fragment); Engine.IO protocol 4, "Packet encoding".
 */
#include <stdlib.h>

#include "frame.h"
#include "packet.h"

#define WS_TEXT 0x81               /* FIN + opcode 1 */
#define WS_BINARY 0x82
#define WS_HEAD_MAX 10

struct eio_frame {
	unsigned refs;
	unsigned queues;           /* places in queues, among the refs */
	bool binary;
	uint8_t head_len;
	size_t body_len;           /* behind the WebSocket header; of text it begins with the packet type */
	char bytes[];              /* header and body, without a gap */
};

static uint64_t encoded;

static size_t ws_head(unsigned char *out, int opcode, size_t n)
{
	unsigned len_bytes = n < 126 ? 0 : n < 65536 ? 2 : 8;

	out[0] = (unsigned char)opcode;
	out[1] = (unsigned char)(len_bytes == 0 ? n : len_bytes == 2 ? 126 : 127);
	for (unsigned i = 0; i < len_bytes; i++)
		out[2 + i] = (unsigned char)(n >> 8 * (len_bytes - 1 - i));
	return 2 + len_bytes;
}

static struct eio_frame *frame_new(int opcode, const char *type, struct slice data)
{
	unsigned char head[WS_HEAD_MAX];
	size_t type_len = type ? 1 : 0;
	size_t head_len = ws_head(head, opcode, type_len + data.n);
	struct eio_frame *f = mem_alloc(sizeof *f + head_len + type_len + data.n);

	f->refs = 1;
	f->queues = 0;
	f->binary = opcode == WS_BINARY;
	f->head_len = (uint8_t)head_len;
	f->body_len = type_len + data.n;
	memcpy(f->bytes, head, head_len);
	if (type)
		f->bytes[head_len] = *type;
	if (data.n)
		memcpy(f->bytes + head_len + type_len, data.p, data.n);
	encoded++;
	return f;
}

struct eio_frame *eio_frame_text(struct slice text)
{
	return frame_packet(PACKET_MESSAGE, text);
}

struct eio_frame *eio_frame_binary(struct slice bytes)
{
	return frame_new(WS_BINARY, NULL, bytes);
}

struct eio_frame *frame_packet(char type, struct slice data)
{
	return frame_new(WS_TEXT, &type, data);
}

struct eio_frame *eio_frame_ref(struct eio_frame *f)
{
	f->refs++;
	return f;
}

void eio_frame_unref(struct eio_frame *f)
{
	if (f && --f->refs == 0)
		free(f);
}

bool frame_enter_queue(struct eio_frame *f)
{
	return f->queues++ == 0;
}

bool frame_leave_queue(struct eio_frame *f)
{
	return --f->queues == 0;
}

struct slice eio_frame_message(const struct eio_frame *f)
{
	return frame_data(f);
}

bool frame_is_binary(const struct eio_frame *f)
{
	return f->binary;
}

char frame_type(const struct eio_frame *f)
{
	return f->binary ? PACKET_MESSAGE : f->bytes[f->head_len];
}

struct slice frame_data(const struct eio_frame *f)
{
	size_t type_len = f->binary ? 0 : 1;

	return (struct slice){ f->bytes + f->head_len + type_len, f->body_len - type_len };
}

struct slice frame_wire(const struct eio_frame *f)
{
	return (struct slice){ f->bytes, f->head_len + f->body_len };
}

size_t frame_size(const struct eio_frame *f)
{
	return f->head_len + f->body_len;
}

/* What the body of a binary frame takes in the revision's form. */
static size_t wire_body_len(const struct eio_frame *f, int version, bool base64)
{
	size_t type_len = version == 3 ? 1 : 0;

	return base64 ? 1 + type_len + (f->body_len + 2) / 3 * 4 : type_len + f->body_len;
}

size_t frame_wire_len(const struct eio_frame *f, int version, bool base64)
{
	unsigned char head[WS_HEAD_MAX];

	if (!f->binary)
		return frame_size(f);
	size_t body_len = wire_body_len(f, version, base64);
	return ws_head(head, WS_BINARY, body_len) + body_len;
}

void frame_put_wire(const struct eio_frame *f, int version, bool base64, struct buf *out)
{
	unsigned char head[WS_HEAD_MAX];

	if (f->binary && base64) {
		buf_put(out, head, ws_head(head, WS_TEXT, wire_body_len(f, version, base64)));
		buf_puts(out, version == 3 ? "b4" : "b");
		packet_put_base64(out, frame_data(f));
		return;
	}
	if (version == 4 || !f->binary) {
		buf_put(out, f->bytes, frame_size(f));
		return;
	}
	/* revision 3 puts the packet type, as a number, before binary data too */
	buf_put(out, head, ws_head(head, WS_BINARY, wire_body_len(f, version, base64)));
	buf_putc(out, PACKET_MESSAGE - '0');
	buf_put(out, f->bytes + f->head_len, f->body_len);
}

void frame_put_polling(const struct eio_frame *f, struct buf *out)
{
	if (!f->binary) {
		buf_put(out, f->bytes + f->head_len, f->body_len);
		return;
	}
	buf_putc(out, PACKET_BINARY);
	packet_put_base64(out, frame_data(f));
}

uint64_t frame_encoded_count(void)
{
	return encoded;
}
