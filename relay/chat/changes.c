/*
 * changes: asked for behind a handover with each sweep until they come, told as any other push.
 *
 * Room: relay/chat. Calls effects and wire.
 */
#include "changes.h"

#include "clock.h"
#include "effects.h"

/* A row has the time at which its statement began, and the statement may have waited for a lock. */
#define MARGIN_MS 5000
/* Who signals finds a new relay within 100 ms (nanomsg connects anew so often); what was committed until then is asked for. */
#define SIGNALLERS_MS 500

static bool may_be_asked(const struct hall *h)
{
	return h->untold_ms && eio_loop_now_ms(h->loop) - h->started_ms >= SIGNALLERS_MS;
}

bool changes_due(const struct hall *h)
{
	return may_be_asked(h) && !h->untold_asked;
}

void changes_ask(struct hall *h, struct buf *sweep)
{
	uint64_t now = (uint64_t)clock_wall_ms();

	h->untold_asked = may_be_asked(h);
	if (h->untold_asked)
		wire_put_changes(sweep, (uint32_t)(((now > h->untold_ms ? now - h->untold_ms : 0) + MARGIN_MS) / 1000));
}

/* A host that lags does not say, and a worker of an older version has not understood. */
static bool has_changes(struct slice effects)
{
	struct wire_effect e;
	struct wire_rows head;

	while (wire_next_effect(&effects, &e) == 1)
		if (e.kind == WIRE_ROWS && wire_take_rows(&e.payload, &head) == 0)
			return head.flags & WIRE_ROWS_CHANGES;
	return false;
}

void changes_tell(struct hall *h, struct slice effects)
{
	if (!h->untold_ms || !has_changes(effects))
		return;
	h->untold_ms = 0;
	effects_apply(h, NULL, effects);
}
