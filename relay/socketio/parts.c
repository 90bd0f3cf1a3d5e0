/*
 * parts: a binary packet that waits for its attachments.
 *
 * Room: relay/socketio. Calls packet. Pure.
 */
#include "parts.h"
#include "share.h"

#include <stdlib.h>

struct sio_parts {
	struct sio_packet packet;
	char *text;
	size_t count, bytes, bytes_max;
	size_t held, *total;                  /* counted for it in *total; text too */
	struct slice attachments[];
};

static bool has_room(size_t held, size_t total)
{
	return share_fits(held, total, SIO_PARTS_TOTAL_MAX, SIO_PARTS_SMALL);
}

static void hold(struct sio_parts *w, size_t n)
{
	w->held += n;
	*w->total += n;
}

struct sio_parts *sio_parts_new(const struct sio_packet *p, struct slice text, size_t bytes_max, size_t *total)
{
	struct sio_parts *w;

	if (!has_room(text.n, *total))
		return NULL;
	w = mem_zero(1, sizeof(*w) + p->attachments * sizeof(w->attachments[0]));
	w->total = total;
	hold(w, text.n);
	w->packet = *p;
	w->text = mem_copy(text);
	w->bytes_max = bytes_max;
	sio_packet_rebase(&w->packet, text, w->text);
	return w;
}

void sio_parts_free(struct sio_parts *w)
{
	if (!w)
		return;
	*w->total -= w->held;
	for (size_t i = 0; i < w->count; i++)
		free((char *)w->attachments[i].p);
	free(w->text);
	free(w);
}

int sio_parts_add(struct sio_parts *w, struct slice bytes)
{
	if (w->count == w->packet.attachments || bytes.n > w->bytes_max - w->bytes)
		return -1;
	if (w->count + 1 < w->packet.attachments && !has_room(w->held + bytes.n, *w->total))
		return -1;
	hold(w, bytes.n);
	w->bytes += bytes.n;
	w->attachments[w->count++] = (struct slice){ mem_copy(bytes), bytes.n };
	return w->count == w->packet.attachments;
}

const struct sio_packet *sio_parts_packet(const struct sio_parts *w)
{
	return &w->packet;
}

const struct slice *sio_parts_attachments(const struct sio_parts *w, size_t *count_r)
{
	*count_r = w->count;
	return w->attachments;
}
