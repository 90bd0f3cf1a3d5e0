/*
 * parts: a binary packet that waits for its attachments.
 *
 * Room: relay/socketio. Called by client; calls packet. Pure.
 */
#include "parts.h"

#include <stdlib.h>

struct sio_parts {
	struct sio_packet packet;
	char *text;
	size_t count, bytes, bytes_max;
	struct slice attachments[];
};

struct sio_parts *sio_parts_new(const struct sio_packet *p, struct slice text, size_t bytes_max)
{
	struct sio_parts *w = mem_zero(1, sizeof(*w) + p->attachments * sizeof(w->attachments[0]));

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
	for (size_t i = 0; i < w->count; i++)
		free((char *)w->attachments[i].p);
	free(w->text);
	free(w);
}

int sio_parts_add(struct sio_parts *w, struct slice bytes)
{
	if (w->count == w->packet.attachments || bytes.n > w->bytes_max - w->bytes)
		return -1;
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
