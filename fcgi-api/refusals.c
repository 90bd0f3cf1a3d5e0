/*
 * refusals: the table that refusals.h spells out.
 *
 * Room: fcgi-api. Read by identity, router and doors; calls arena.
 */
#include "refusals.h"

const struct refusal refusals[REFUSAL_COUNT] = {
#define REFUSAL_ROW(name, code, status, text) [REFUSAL_##name] = { code, status, text },
	REFUSALS(REFUSAL_ROW)
#undef REFUSAL_ROW
};

const struct refusal *refusal_with(struct arena *a, const struct refusal *mould, struct slice detail)
{
	struct refusal *r = arena_alloc(a, sizeof(*r));
	const char *mark = strstr(mould->text, "%s");
	size_t head, tail;
	char *text;

	*r = *mould;
	if (!mark)
		return r;
	head = (size_t)(mark - mould->text);
	tail = strlen(mark + 2);
	text = arena_alloc(a, head + detail.n + tail + 1);
	memcpy(text, mould->text, head);
	if (detail.n)
		memcpy(text + head, detail.p, detail.n);
	memcpy(text + head + detail.n, mark + 2, tail);
	r->text = text;
	return r;
}
