/*
 * handshake: see handshake.h.
 *
 * Room: relay/engineio. Pure; calls buf.
 */
#include <stdlib.h>

#include "handshake.h"

int fields_add(struct fields *f, struct slice name, struct slice value)
{
	if (f->count == FIELDS_MAX)
		return -1;
	if (f->count == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 16;
		f->list = mem_resize(f->list, f->cap * sizeof *f->list);
	}
	struct field *e = &f->list[f->count++];
	e->name = (uint32_t)f->text.len;
	e->name_len = (uint32_t)name.n;
	buf_put_slice(&f->text, name);
	e->value_len = (uint32_t)value.n;
	buf_put_slice(&f->text, value);
	return 0;
}

int fields_add_argument(struct fields *f, struct slice argument)
{
	const char *eq = argument.n ? memchr(argument.p, '=', argument.n) : NULL;

	if (!eq)
		return fields_add(f, argument, SLICE_NONE);
	size_t name_len = (size_t)(eq - argument.p);
	return fields_add(f, (struct slice){ argument.p, name_len },
			  (struct slice){ eq + 1, argument.n - name_len - 1 });
}

void fields_get(const struct fields *f, unsigned i, struct slice *name_r, struct slice *value_r)
{
	const struct field *e = &f->list[i];
	const char *text = f->text.data ? f->text.data : "";   /* of empty fields alone there is no text */

	*name_r = (struct slice){ text + e->name, e->name_len };
	*value_r = (struct slice){ text + e->name + e->name_len, e->value_len };
}

unsigned fields_find(const struct fields *f, const char *name, struct slice *value_r)
{
	unsigned found = 0;

	*value_r = SLICE_NONE;
	for (unsigned i = 0; i < f->count; i++) {
		struct slice n, v;

		fields_get(f, i, &n, &v);
		if (slice_is(n, name) && found++ == 0)
			*value_r = v;
	}
	return found;
}

void fields_join(const struct fields *f, struct buf *out)
{
	for (unsigned i = 0; i < f->count; i++) {
		struct slice name, value;

		fields_get(f, i, &name, &value);
		if (i)
			buf_putc(out, '&');
		buf_put_slice(out, name);
		buf_putc(out, '=');
		buf_put_slice(out, value);
	}
}

void fields_reset(struct fields *f)
{
	f->count = 0;
	buf_reset(&f->text);
}

void fields_fini(struct fields *f)
{
	free(f->list);
	buf_fini(&f->text);
	*f = (struct fields){ 0 };
}

/* Copies the list to `*room`, and the text to `*text`, and moves both on. */
static void fields_copy(struct fields *to, const struct fields *from, struct field **room, char **text)
{
	to->count = to->cap = from->count;
	to->list = *room;
	to->text.data = *text;
	to->text.len = to->text.cap = from->text.len;
	if (from->count)
		memcpy(to->list, from->list, from->count * sizeof *to->list);
	if (from->text.len)
		memcpy(to->text.data, from->text.data, from->text.len);
	*room += from->count;
	*text += from->text.len;
}

/* One piece of memory, because every session keeps one. */
struct handshake *handshake_copy(const struct handshake *h)
{
	size_t count = h->query.count + h->headers.count;
	struct handshake *c = mem_zero(1, sizeof *c + count * sizeof(struct field) + h->query.text.len +
					  h->headers.text.len);
	struct field *room = (struct field *)(c + 1);
	char *text = (char *)(room + count);

	memcpy(c->address, h->address, sizeof c->address);
	fields_copy(&c->query, &h->query, &room, &text);
	fields_copy(&c->headers, &h->headers, &room, &text);
	return c;
}

void handshake_free(struct handshake *h)
{
	free(h);
}

static size_t digits(struct slice s, size_t at)
{
	size_t n = 0;

	while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9')
		n++;
	return n;
}

/* Python sends t=1732576000.4217, in seconds; the others write numbers with letters. */
static bool is_time_of_python(struct slice t)
{
	size_t n = digits(t, 0);

	return n >= 9 && n < t.n && t.p[n] == '.' && n + 1 + digits(t, n + 1) == t.n;
}

bool handshake_of_python(const struct handshake *h)
{
	static const char *const agents[] = { "python-requests/", "Python/" };
	struct slice value;

	if (fields_find(&h->query, "t", &value) && is_time_of_python(value))
		return true;
	if (!fields_find(&h->headers, "user-agent", &value))
		return false;
	for (size_t i = 0; i < sizeof(agents) / sizeof(*agents); i++) {
		size_t n = strlen(agents[i]);

		if (value.n > n && memcmp(value.p, agents[i], n) == 0)
			return true;
	}
	return false;
}
