// objects: relay/socketio/packet.o relay/socketio/parts.o shared/buf.o shared/json*.o
/*
 * Any bytes as a Socket.IO packet: slices stay inside the text, a copy reads the same, what is accepted
 * survives being written and read again, and a namespace's query becomes JSON or is refused.
 */
#include <stdlib.h>

#include "json.h"
#include "parts.h"
#include "share.h"

static void must(bool fact)
{
	if (!fact)
		abort();
}

static void inside(struct slice s, struct slice text)
{
	if (s.n && s.p[0] != '/')
		must(s.p >= text.p && s.p + s.n <= text.p + text.n);
}

static void same_slices(const struct sio_packet *p, const struct sio_packet *q)
{
	must(slice_eq(q->nsp, p->nsp) && slice_eq(q->data, p->data));
	must(slice_eq(q->name, p->name) && slice_eq(q->args, p->args));
}

static void write_again(const struct sio_packet *p)
{
	struct buf b = BUF_INIT;
	struct sio_packet q;

	sio_packet_put_head(&b, p->type, p->attachments, p->nsp, p->has_id ? &p->id : NULL);
	buf_put_slice(&b, p->data);
	/* the writer puts the comma that a bare namespace may lack */
	must(sio_packet_parse(buf_slice(&b), &q) == SIO_PACKET_OK);
	must(q.type == p->type && q.attachments == p->attachments && q.has_id == p->has_id && q.id == p->id);
	same_slices(&q, p);
	buf_fini(&b);
}

static void wait_for_parts(const struct sio_packet *p, struct slice text)
{
	size_t total = 0;
	struct sio_parts *w = sio_parts_new(p, text, 64, &total);

	must(!w == (text.n > SIO_PARTS_TOTAL_MAX / SHARE_OF_LEFT));
	if (!w)
		return;
	const struct sio_packet *q = sio_parts_packet(w);

	same_slices(q, p);
	sio_packet_placeholders(q);
	while (sio_parts_add(w, SLICE("0123456789")) == 0)
		continue;
	sio_parts_free(w);
	must(total == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct buf b = BUF_INIT;
	struct sio_packet p;

	if (sio_packet_put_query(&b, text) == 0)
		must(json_check(buf_slice(&b)) == JSON_OK);
	buf_fini(&b);
	if (sio_packet_parse(text, &p) != SIO_PACKET_OK)
		return 0;
	inside(p.nsp, text);
	inside(p.data, text);
	inside(p.name, text);
	inside(p.args, text);
	sio_packet_name(&p, &b);
	buf_fini(&b);
	write_again(&p);
	if (p.attachments && p.attachments < 1000)
		wait_for_parts(&p, text);
	return 0;
}
