// objects: shared/wire.o shared/wire_fields.o shared/ids.o shared/buf.o
/* wire: each message goes out as WIRE.md says and comes back the same; cut anywhere, it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "wire.h"

#define UUID "0f6d1f6c-0b6e-5c51-9a0b-8f7d6a3c2e10"

static const struct wire_ready ready = { { 7, 0x0102030405060708u, 9 }, 10, 11, 12, 1 };
static const struct wire_job job = { 1, 2, WIRE_JOB_SENDS, 2500, 2 };
static const struct wire_command command = {
	.id = 5, .type = WIRE_EVENT, .attempt = 2, .sid = SLICE("sid"), .user = SLICE("123"), .event = SLICE("typing"),
	.args = SLICE("{\"a\":1},\"x\""), .uuid = SLICE(UUID), .cursor = UINT64_MAX, .bad_text = 1,
};

static const struct wire_effect effects[] = {
	{ .kind = WIRE_ACCEPT, .user = SLICE("123"), .expires = -1 },
	{ .kind = WIRE_REFUSE, .object = SLICE("{}") },
	{ .kind = WIRE_JOIN, .room = SLICE("chat_x"), .event = SLICE("[\"e\"]") },
	{ .kind = WIRE_LEAVE, .room = SLICE("group_x"), .sid = SLICE("s"), .join = 8, .self = SLICE("[1]"),
	  .event = SLICE("[2]") },
	{ .kind = WIRE_PUSH, .rooms = SLICE("\0\1a\0\2bc"), .except = SLICE("s"), .mensaje_id = INT64_MAX,
	  .uuid = SLICE(UUID), .flags = WIRE_PUSH_FOUND | WIRE_PUSH_KEEP, .event = SLICE("[\"receive_message\",{}]") },
	{ .kind = WIRE_REPLY, .name = SLICE("ack"), .object = SLICE("{\"status\":\"sent\"}") },
	{ .kind = WIRE_DISCONNECT, .user = SLICE("9"), .self = SLICE("[3]") },
	{ .kind = WIRE_RETRY },
	{ .kind = WIRE_ROWS, .payload = SLICE("rows") },
};
#define EFFECTS (sizeof(effects) / sizeof(effects[0]))

static void assert_slices(struct slice a, struct slice b)
{
	assert_true(slice_eq(a, b));
}

static void assert_effects(const struct wire_effect *a, const struct wire_effect *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_slices(a->user, b->user);
	assert_true(a->expires == b->expires);
	assert_slices(a->object, b->object);
	assert_slices(a->name, b->name);
	assert_slices(a->room, b->room);
	assert_slices(a->sid, b->sid);
	assert_true(a->join == b->join);
	assert_slices(a->self, b->self);
	assert_slices(a->event, b->event);
	assert_slices(a->rooms, b->rooms);
	assert_slices(a->except, b->except);
	assert_true(a->mensaje_id == b->mensaje_id);
	assert_slices(a->uuid, b->uuid);
	assert_int_equal(a->flags, b->flags);
	assert_slices(a->payload, b->payload);
}

static void layout_is_the_one_of_the_page(void **state)
{
	static const unsigned char expected[] = {
		1, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 9, 196, 0, 2,
		0, 0, 0, 0, 0, 0, 0, 6, 2, 1, 0, 1, 's', 0, 0, 0, 2, 'e', 'v', 0, 0, 0, 2, '{', '}', 0, 0,
		0, 0, 0, 0, 0, 0, 1, 0, 0,
	};
	struct wire_command c = { .id = 6, .type = WIRE_CONNECT, .attempt = 1, .sid = SLICE("s"), .event = SLICE("ev"),
				  .args = SLICE("{}"), .cursor = 256 };
	struct buf b = BUF_INIT;

	(void)state;
	wire_put_job(&b, &job);
	wire_put_command(&b, &c);
	assert_int_equal(b.len, sizeof(expected));
	assert_memory_equal(b.data, expected, sizeof(expected));
	buf_fini(&b);
}

static void ready_and_ack(void **state)
{
	struct buf b = BUF_INIT;
	struct wire_ready r = { 0 }, idle = ready;
	struct slice in;
	uint64_t boot = 0;

	(void)state;
	wire_put_ready(&b, &ready);
	in = buf_slice(&b);
	assert_int_equal(wire_take_kind(&in), WIRE_ANSWERS);
	assert_int_equal(wire_take_ready(&in, &r), 0);
	assert_int_equal(in.n, 0);
	assert_true(r.worker.pid == 7 && r.worker.start == ready.worker.start && r.worker.random == 9);
	assert_true(r.boot == 10 && r.last_job == 11 && r.answers == 12 && r.state == 1);
	buf_reset(&b);
	idle.answers = 0;
	wire_put_ready(&b, &idle);
	in = buf_slice(&b);
	assert_int_equal(wire_take_kind(&in), WIRE_READY);
	buf_reset(&b);
	wire_put_ack(&b, 77);
	in = buf_slice(&b);
	assert_int_equal(wire_take_kind(&in), WIRE_ACK);
	assert_int_equal(wire_take_boot(&in, &boot), 0);
	assert_true(boot == 77);
	assert_int_equal(wire_take_boot(&in, &boot), -1);
	buf_fini(&b);
}

static void job_and_commands(void **state)
{
	struct buf b = BUF_INIT;
	struct wire_command c;
	struct wire_job j;
	struct slice in;

	(void)state;
	wire_put_job(&b, &job);
	wire_put_command(&b, &command);
	wire_put_command(&b, &command);
	in = buf_slice(&b);
	assert_int_equal(wire_take_kind(&in), WIRE_JOB);
	assert_int_equal(wire_take_job(&in, &j), 0);
	assert_true(j.boot == 1 && j.id == 2 && j.kind == WIRE_JOB_SENDS && j.deadline_ms == 2500 && j.count == 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(wire_next_command(&in, &c), 1);
		assert_true(c.id == 5 && c.type == WIRE_EVENT && c.attempt == 2 && c.cursor == UINT64_MAX && c.bad_text);
		assert_slices(c.sid, command.sid);
		assert_slices(c.user, command.user);
		assert_slices(c.event, command.event);
		assert_slices(c.args, command.args);
		assert_slices(c.uuid, command.uuid);
	}
	assert_int_equal(wire_next_command(&in, &c), 0);
	buf_fini(&b);
}

static void answers_and_effects(void **state)
{
	struct buf b = BUF_INIT;
	struct wire_effect e;
	struct slice in, list, room;
	uint64_t id;
	size_t mark;

	(void)state;
	for (uint64_t n = 1; n <= 2; n++) {
		mark = wire_open_answer(&b, n);
		for (size_t i = 0; i < (n == 1 ? EFFECTS : 0); i++)
			wire_put_effect(&b, &effects[i]);
		wire_close_answer(&b, mark);
	}
	in = buf_slice(&b);
	assert_int_equal(wire_next_answer(&in, &id, &list), 1);
	assert_int_equal(id, 1);
	for (size_t i = 0; i < EFFECTS; i++) {
		assert_int_equal(wire_next_effect(&list, &e), 1);
		assert_effects(&e, &effects[i]);
		if (e.kind != WIRE_PUSH)
			continue;
		assert_int_equal(wire_next_room(&e.rooms, &room), 1);
		assert_slices(room, SLICE("a"));
		assert_int_equal(wire_next_room(&e.rooms, &room), 1);
		assert_slices(room, SLICE("bc"));
		assert_int_equal(wire_next_room(&e.rooms, &room), 0);
	}
	assert_int_equal(wire_next_effect(&list, &e), 0);
	assert_int_equal(wire_next_answer(&in, &id, &list), 1);
	assert_int_equal(id, 2);
	assert_int_equal(wire_next_effect(&list, &e), 0);
	assert_int_equal(wire_next_answer(&in, &id, &list), 0);
	buf_fini(&b);
}

static void feed_messages(void **state)
{
	static const struct wire_range holes[] = { { 3, 4 }, { 7, 7 } };
	struct wire_row row = { .id = 9, .grouped = 1, .room = { 1 }, .a = 5, .b = 6, .room_text = SLICE("rara"),
				.twins = SLICE("\0\1x") }, row2;
	struct wire_rows rows = { 10, 1, 9, 1, 1 }, rows2;
	struct wire_member member = { SLICE("sid"), 3, SLICE("group_x"), 4 }, member2;
	struct wire_sweep sweep = { 8, 0, 2 }, sweep2;
	struct wire_range range;
	struct buf b = BUF_INIT;
	uint64_t ids[] = { 1, UINT64_MAX }, id;
	struct slice in;

	(void)state;
	wire_put_sweep(&b, &sweep, holes);
	wire_put_changes(&b, 7);
	in = buf_slice(&b);
	assert_int_equal(wire_take_sweep(&in, &sweep2), 0);
	assert_true(sweep2.high == 8 && sweep2.first == 0 && sweep2.holes == 2);
	assert_int_equal(wire_next_range(&in, &range), 1);
	assert_true(range.first == 3 && range.last == 4);
	assert_int_equal(wire_next_range(&in, &range), 1);
	assert_int_equal(wire_take_changes(&in), 7);
	assert_int_equal(wire_next_range(&in, &range), 0);
	assert_int_equal(wire_take_changes(&in), 0);

	buf_reset(&b);
	assert_int_equal(wire_uuid_pack(SLICE(UUID), row.uuid), 0);
	wire_put_rows(&b, &rows);
	wire_put_row(&b, &row);
	in = buf_slice(&b);
	assert_int_equal(wire_take_rows(&in, &rows2), 0);
	assert_true(rows2.max_id == 10 && rows2.from == 1 && rows2.upto == 9 && rows2.flags == WIRE_ROWS_TRUNCATED && rows2.count == 1);
	assert_int_equal(wire_next_row(&in, &row2), 1);
	assert_true(row2.id == 9 && row2.grouped == 1 && row2.deleted == 0 && row2.a == 5 && row2.b == 6);
	assert_memory_equal(row2.uuid, row.uuid, 16);
	assert_memory_equal(row2.room, row.room, 16);
	assert_slices(row2.room_text, row.room_text);
	assert_slices(row2.twins, row.twins);
	assert_int_equal(wire_next_row(&in, &row2), 0);

	buf_reset(&b);
	wire_put_ids(&b, ids, 2);
	in = buf_slice(&b);
	assert_int_equal(wire_next_id(&in, &id), 1);
	assert_int_equal(wire_next_id(&in, &id), 1);
	assert_true(id == UINT64_MAX);
	assert_int_equal(wire_next_id(&in, &id), 0);

	buf_reset(&b);
	wire_put_member(&b, &member);
	in = buf_slice(&b);
	assert_int_equal(wire_next_member(&in, &member2), 1);
	assert_true(member2.user == 3 && member2.join == 4);
	assert_slices(member2.sid, member.sid);
	assert_slices(member2.room, member.room);
	assert_int_equal(wire_next_member(&in, &member2), 0);
	buf_fini(&b);
}

/* Every message but its full length, in memory of exactly that size. */
static void cut_messages_are_refused(void **state)
{
	struct buf b = BUF_INIT;
	struct wire_effect e;
	struct wire_command c;
	struct slice in;
	char *exact;

	(void)state;
	for (size_t i = 0; i < EFFECTS + 1; i++) {
		buf_reset(&b);
		if (i < EFFECTS)
			wire_put_effect(&b, &effects[i]);
		else
			wire_put_command(&b, &command);
		for (size_t n = 1; n < b.len; n++) {
			exact = malloc(n);
			memcpy(exact, b.data, n);
			in = (struct slice){ exact, n };
			assert_int_equal(i < EFFECTS ? wire_next_effect(&in, &e) : wire_next_command(&in, &c), -1);
			assert_true(in.p == exact && in.n == n);
			free(exact);
		}
	}
	buf_fini(&b);
}

static void wrong_heads_are_refused(void **state)
{
	static const struct { struct slice text; int kind; } rows[] = {
		{ { "\1\1", 2 }, WIRE_READY }, { { "\1\5", 2 }, WIRE_SIGNAL }, { { "\2\1", 2 }, -1 }, { { "\0\1", 2 }, -1 },
		{ { "\1\0", 2 }, -1 }, { { "\1\6", 2 }, -1 }, { { "\1", 1 }, -1 }, { { "", 0 }, -1 }, { { "\1\xff", 2 }, -1 },
	};
	struct wire_job many = { 1, 2, WIRE_JOB_SENDS, 1, WIRE_JOB_COMMANDS + 1 }, strange = { 1, 2, 4, 1, 1 }, j;
	struct buf b = BUF_INIT;
	struct wire_effect e;
	struct slice in;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		in = rows[i].text;
		assert_int_equal(wire_take_kind(&in), rows[i].kind);
		assert_int_equal(in.n, rows[i].kind < 0 ? rows[i].text.n : 0);
	}
	for (int i = 0; i < 2; i++) {
		buf_reset(&b);
		wire_put_job(&b, i ? &strange : &many);
		in = buf_slice(&b);
		assert_int_equal(wire_take_kind(&in), WIRE_JOB);
		assert_int_equal(wire_take_job(&in, &j), -1);
	}
	in = SLICE("\0");
	assert_int_equal(wire_next_effect(&in, &e), -1);
	in = SLICE("\13");
	assert_int_equal(wire_next_effect(&in, &e), -1);
	buf_fini(&b);
}

static void over_long_names_are_cut(void **state)
{
	char *name = mem_zero(1, 70000);
	struct wire_command c = { .id = 1, .type = WIRE_EVENT, .event = { name, 70000 }, .args = SLICE("{}") };
	struct buf b = BUF_INIT;
	struct slice in;

	(void)state;
	wire_put_command(&b, &c);
	in = buf_slice(&b);
	assert_int_equal(wire_next_command(&in, &c), 1);
	assert_int_equal(c.event.n, 65535);
	assert_slices(c.args, SLICE("{}"));
	buf_fini(&b);
	free(name);
}

static void packed_uuids(void **state)
{
	uint8_t raw[16];
	char text[37];

	(void)state;
	assert_int_equal(wire_uuid_pack(SLICE(UUID), raw), 0);
	assert_int_equal(raw[0], 0x0f);
	assert_int_equal(raw[15], 0x10);
	wire_uuid_text(raw, text);
	assert_string_equal(text, UUID);
	assert_int_equal(wire_uuid_pack(SLICE("0F6D1F6C-0b6e-5c51-9a0b-8f7d6a3c2e10"), raw), -1);
	assert_int_equal(wire_uuid_pack(SLICE_NONE, raw), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_is_the_one_of_the_page), cmocka_unit_test(ready_and_ack),
		cmocka_unit_test(job_and_commands), cmocka_unit_test(answers_and_effects),
		cmocka_unit_test(feed_messages), cmocka_unit_test(cut_messages_are_refused),
		cmocka_unit_test(wrong_heads_are_refused), cmocka_unit_test(over_long_names_are_cut),
		cmocka_unit_test(packed_uuids),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
