/*
 * feed: the relay's own questions: what is new, the texts of it, who must leave.
 *
 * Room: fcgi-api/handlers. Called by router; calls store, wire, push, answer.
 */
#include "handlers.h"

#include "json.h"
#include "log.h"
#include "push.h"
#include "render.h"

#define SWEEP_BYTES (3 * 1024 * 1024)  /* below what door_bus lets an answer hold, by more than a row */

/*
 * A host that lags knows less than the relay does: what it lacks must not count as gone. The relay asks again. To be asked
 * when the rows have been read: the session may have been replaced meanwhile.
 */
static enum store_verdict up_to_date(struct call *c)
{
	return store_is_spare(c->store) ? STORE_LOST : STORE_OK;
}

/* ---- sweep ---- */

/* The 16 bytes of a uuid; zeros, and false, for one that is none (another program's). */
static bool pack_uuid(struct slice text, uint8_t out[16])
{
	if (wire_uuid_pack(text, out) == 0)
		return true;
	memset(out, 0, 16);
	return false;
}

static void put_row(struct call *c, struct buf *b, const struct store_sweep_row *row)
{
	const struct store_room *room = &row->room;
	struct wire_row w = { .id = (uint64_t)row->id,
			      .grouped = room->kind == STORE_GRUPAL,
			      .deleted = row->deleted,
			      .a = (uint64_t)room->a_id,
			      .b = (uint64_t)room->b_id };

	pack_uuid(row->uuid, w.uuid);
	if (!pack_uuid(room->uuid, w.room))
		w.room_text = room->uuid;
	if (room->twin_count)
		w.twins = push_twins(c, room);
	wire_put_row(b, &w);
}

/*
 * As many rows as an answer on the bus may hold; those found in holes come first. What has no place comes with the next
 * sweep: a hole stays one, and new rows begin behind `upto`.
 */
static void put_swept(struct call *c, struct buf *b, struct store_swept *got, bool changes)
{
	struct buf *rows = call_buf(c);
	uint8_t flags;
	size_t n = 0;

	while (n < got->count && rows->len < SWEEP_BYTES)
		put_row(c, rows, &got->rows[n++]);
	if (n < got->count) {
		got->truncated = true;
		got->upto = got->rows[n - 1].id > got->from ? got->rows[n - 1].id : got->from;
	}
	flags = (got->truncated ? WIRE_ROWS_TRUNCATED : 0) | (changes ? WIRE_ROWS_CHANGES : 0);
	wire_put_rows(b, &(struct wire_rows){ (uint64_t)got->max_id, (uint64_t)got->from, (uint64_t)got->upto, flags, (uint32_t)n });
	buf_put_slice(b, buf_slice(rows));
}

/* changes_r: what changed in the last so many seconds is asked for too; 0: it is not. */
static const struct refusal *read_sweep(struct call *c, struct store_sweep *sweep, unsigned *changes_r)
{
	struct slice in = c->command.args;
	struct wire_sweep head;
	struct wire_range range;
	struct store_range *holes;
	size_t n = 0;
	int rc = 0;

	if (wire_take_sweep(&in, &head) != 0)
		return REFUSE(BAD_REQUEST);
	holes = arena_alloc(c->arena, (head.holes + 1u) * sizeof(*holes));
	while (n < head.holes && (rc = wire_next_range(&in, &range)) == 1)
		holes[n++] = (struct store_range){ (int64_t)range.first, (int64_t)range.last };
	if (n < head.holes)
		return REFUSE(BAD_REQUEST);
	*sweep = (struct store_sweep){ (int64_t)head.high, head.first, holes, n };
	*changes_r = wire_take_changes(&in);
	return NULL;
}

static const struct refusal *tell_changes(struct call *c, int64_t max_id, unsigned age_s)
{
	struct store_room **rooms;
	struct store_message *messages;
	size_t n;
	enum store_verdict v = store_feed_changes(c->store, max_id, age_s, c->arena, &messages, &n);

	if (v != STORE_OK)
		return call_trouble(c, v);
	rooms = arena_alloc(c->arena, (n + 1) * sizeof(struct store_room *));
	for (size_t i = 0; i < n; i++)
		rooms[i] = &messages[i].room;
	v = store_room_twins(c->store, rooms, n, c->arena);
	if (v != STORE_OK)
		return call_trouble(c, v);
	for (size_t i = 0; i < n; i++)
		push_change(c, &messages[i]);
	return NULL;
}

const struct refusal *handle_sweep(struct call *c)
{
	struct buf *payload = call_buf(c);
	struct wire_effect rows = { .kind = WIRE_ROWS };
	struct store_sweep sweep;
	struct store_swept got;
	enum store_verdict v;
	unsigned changes;
	const struct refusal *no = read_sweep(c, &sweep, &changes);

	if (no) {
		log_error("feed", "a malformed sweep");
		return no;
	}
	v = store_feed_sweep(c->store, &sweep, c->arena, &got);
	if (v != STORE_OK)
		return call_trouble(c, v);
	/*
	 * A host that lags has nothing new (nobody hears from there who must leave meanwhile); but a relay that begins knows
	 * nothing yet.
	 */
	if (!sweep.first && store_is_spare(c->store))
		got = (struct store_swept){ .max_id = sweep.high, .from = sweep.high, .upto = sweep.high };
	if (store_is_spare(c->store))
		changes = 0;
	put_swept(c, payload, &got, changes);
	rows.payload = buf_slice(payload);
	answer_effect(&c->answer, &rows);
	return changes ? tell_changes(c, got.max_id, changes) : NULL;
}

/* ---- fetch ---- */

static const struct refusal *fetch_some(struct call *c, const int64_t *ids, size_t count)
{
	struct store_room *rooms[STORE_SET_MAX];
	struct store_message *messages;
	size_t n;
	enum store_verdict v = store_message_fetch(c->store, ids, count, c->arena, &messages, &n);

	for (size_t i = 0; v == STORE_OK && i < n; i++)
		rooms[i] = &messages[i].room;
	if (v == STORE_OK)
		v = store_room_twins(c->store, rooms, n, c->arena);
	if (v == STORE_OK)
		v = up_to_date(c);
	if (v != STORE_OK)
		return call_trouble(c, v);
	/* a message on the bus has its size: the relay asks again for what lies behind the last row */
	for (size_t i = 0; i < n && c->answer.effects.len < STORE_PAGE_BYTES; i++)
		push_message(c, &messages[i], false);
	return NULL;
}

const struct refusal *handle_fetch(struct call *c)
{
	struct slice in = c->command.args;
	const struct refusal *no = NULL;
	int64_t ids[STORE_SET_MAX];
	uint64_t id;
	size_t n = 0;

	while (!no && c->answer.effects.len < STORE_PAGE_BYTES && wire_next_id(&in, &id) == 1) {
		ids[n++] = (int64_t)id;
		if (n == STORE_SET_MAX) {
			no = fetch_some(c, ids, n);
			n = 0;
		}
	}
	return !no && n ? fetch_some(c, ids, n) : no;
}

/* ---- membership ---- */

static void put_out(struct call *c, int64_t person)
{
	struct buf *user = call_buf(c), *self = call_buf(c);
	struct wire_effect e = { .kind = WIRE_DISCONNECT };

	buf_put_u64(user, (uint64_t)person);
	buf_puts(self, "[\"error\",{");
	json_put_text_member(self, "message", slice_of(REFUSE(UNAUTHORIZED)->text));
	json_put_text_member(self, "code", slice_of(REFUSE(UNAUTHORIZED)->code));
	buf_puts(self, "}]");
	e.user = buf_slice(user);
	e.self = buf_slice(self);
	answer_effect(&c->answer, &e);
}

static void take_out(struct call *c, const struct wire_member *m, const struct store_member *is)
{
	struct buf *self = call_buf(c), *event = call_buf(c);
	struct wire_effect e = { .kind = WIRE_LEAVE, .room = m->room, .sid = m->sid, .join = m->join };

	buf_puts(self, "[\"group_left\",");
	render_removed(self, is);
	buf_putc(self, ']');
	buf_puts(event, "[\"user_left_group\",{");
	json_put_id_member(event, "user_id", is->person_id);
	if (is->group_id)       /* else the room is gone, and with it whose it was */
		json_put_id_member(event, "group_id", is->group_id);
	json_put_text_member(event, "sala_uuid", is->sala_uuid);
	buf_puts(event, "}]");
	e.self = buf_slice(self);
	e.event = buf_slice(event);
	answer_effect(&c->answer, &e);
}

static const struct refusal *check_some(struct call *c, const struct wire_member *who,
					struct store_member *set, size_t n)
{
	enum store_verdict v = store_member_check(c->store, set, n, c->arena);

	if (v == STORE_OK)
		v = up_to_date(c);
	if (v != STORE_OK)
		return call_trouble(c, v);
	for (size_t i = 0; i < n; i++) {
		if (!set[i].active)
			put_out(c, set[i].person_id);
		else if (set[i].sala_uuid.n && !set[i].member)
			take_out(c, &who[i], &set[i]);
	}
	return NULL;
}

const struct refusal *handle_members(struct call *c)
{
	struct slice in = c->command.args;
	struct wire_member who[STORE_SET_MAX];
	struct store_member set[STORE_SET_MAX];
	const struct refusal *no = NULL;
	size_t n = 0;

	while (!no && wire_next_member(&in, &who[n]) == 1) {
		set[n] = (struct store_member){
			.person_id = (int64_t)who[n].user, .sala_uuid = render_group_uuid(who[n].room),
		};
		if (++n == STORE_SET_MAX) {
			no = check_some(c, who, set, n);
			n = 0;
		}
	}
	return !no && n ? check_some(c, who, set, n) : no;
}
