// objects: relay/engineio/packet.o relay/engineio/payload3.o relay/engineio/frame.o shared/buf.o shared/json.o shared/json_write.o
/*
 * Polling payloads of both revisions from outside: readers stay within the bytes, and what they read, written again, reads
 * the same. The first byte picks the form.
 */
#include <assert.h>
#include <stdlib.h>

#include "json.h"
#include "payload3.h"

enum form { FOUR, THREE_TEXT, THREE_BINARY, FORMS };

static int next(enum form form, struct slice *rest_r, struct eio_packet *p_r, struct buf *scratch)
{
	if (form == FOUR)
		return payload_next(rest_r, p_r, scratch);
	return form == THREE_TEXT ? payload3_next_text(rest_r, p_r, scratch) : payload3_next_binary(rest_r, p_r);
}

static void write_packet(enum form form, const struct eio_packet *p, struct buf *out)
{
	struct eio_frame *f = p->binary ? eio_frame_binary(p->data) : frame_packet(p->type, p->data);

	if (form == FOUR)
		frame_put_polling(f, out);
	else if (form == THREE_TEXT)
		payload3_put_text(out, f);
	else
		payload3_put_binary(out, f);
	assert(frame_wire_len(f, 3, false) >= frame_wire_len(f, 4, false));
	assert(frame_wire_len(f, 3, true) >= frame_wire_len(f, 4, true));
	eio_frame_unref(f);
}

static void check(enum form form, struct slice body)
{
	struct slice rest = body;
	struct buf scratch = BUF_INIT, again = BUF_INIT, scratch2 = BUF_INIT;
	struct eio_packet p, q;

	while (next(form, &rest, &p, &scratch) == 1) {
		assert(p.type >= '0' && p.type <= '6' && (!p.binary || p.type == '4'));
		/* lengths of revision 3 mean characters: only valid text is written back */
		if (!p.binary && !json_is_utf8(p.data))
			continue;
		if (form == FOUR && p.data.n && memchr(p.data.p, PAYLOAD_SEPARATOR, p.data.n))
			continue;
		buf_reset(&again);
		write_packet(form, &p, &again);
		struct slice back = buf_slice(&again);
		assert(next(form, &back, &q, &scratch2) == 1);
		assert(q.type == p.type && q.binary == p.binary && slice_eq(q.data, p.data));
		assert(back.n == 0);
	}
	buf_fini(&scratch);
	buf_fini(&scratch2);
	buf_fini(&again);
}

static void check_form(struct slice body)
{
	struct buf b = BUF_INIT, script = BUF_INIT;

	buf_put_slice(&b, body);
	struct slice text = payload3_form(&b);
	assert(text.n <= b.len);
	if (json_is_utf8(text))
		payload3_put_script(&script, 1, text);
	buf_fini(&script);
	buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	/* a copy of its own, so that one byte too far is seen */
	char *bytes = malloc(size - 1 ? size - 1 : 1);
	memcpy(bytes, data + 1, size - 1);
	struct slice body = { bytes, size - 1 };
	if (data[0] % (FORMS + 1) == FORMS)
		check_form(body);
	else
		check(data[0] % (FORMS + 1), body);
	free(bytes);
	return 0;
}
