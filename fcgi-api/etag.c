/*
 * etag: the tag is a name-based uuid of the body's bytes.
 *
 * Room: fcgi-api. Calls answer, http, ids.
 */
#include "etag.h"

#include <stdio.h>

/* Apache's mod_deflate and mod_brotli write what they did behind the tag of what they compress. */
static bool is_tag(struct slice named, struct slice tag)
{
	struct slice rest;

	if (named.n < tag.n || memcmp(named.p, tag.p, tag.n) != 0)
		return false;
	rest = slice_behind(named, tag.n);
	return rest.n == 0 || slice_eq(rest, SLICE("-gzip")) || slice_eq(rest, SLICE("-br"));
}

bool etag_is_named(struct slice list, struct slice tag)
{
	const char *p = list.p, *end = list.n ? p + list.n : p;

	while (p < end) {
		const char *close;

		if (*p == '*')
			return true;
		if (*p != '"') {
			p++;
			continue;
		}
		close = memchr(p + 1, '"', (size_t)(end - p - 1));
		if (!close)
			return false;
		if (is_tag((struct slice){ p + 1, (size_t)(close - p - 1) }, tag))
			return true;
		p = close + 1;
	}
	return false;
}

void etag_answer_part(struct call *c, struct slice part, struct slice body, bool always)
{
	char tag[IDS_UUID_LEN + 1], quoted[IDS_UUID_LEN + 3];
	struct slice list;

	ids_uuid_named(part, tag);
	snprintf(quoted, sizeof(quoted), "\"%s\"", tag);
	answer_header(&c->answer, "ETag", quoted);
	if (!always && http_variable(c->request, "HTTP_IF_NONE_MATCH", &list) && etag_is_named(list, slice_of(tag)))
		answer_body(&c->answer, 304, SLICE(""));
	else
		answer_body(&c->answer, 200, body);
}

void etag_answer(struct call *c, struct slice body)
{
	etag_answer_part(c, body, body, false);
}
