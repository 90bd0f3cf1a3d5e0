// objects: shared/wire.o shared/wire_fields.o shared/ids.o shared/buf.o
/*
 * Whatever arrives on the bus: each taker ends, stays inside the message, and what it took goes out as it
 * came in.
 */
#include <assert.h>
#include <stdlib.h>

#include "wire.h"

static void all_effects(struct slice in)
{
	struct wire_effect e;
	struct slice before, room;
	struct buf again = BUF_INIT;

	for (before = in; wire_next_effect(&in, &e) == 1; before = in) {
		buf_reset(&again);
		wire_put_effect(&again, &e);
		assert(slice_eq(buf_slice(&again), (struct slice){ before.p, before.n - in.n }));
		while (wire_next_room(&e.rooms, &room) == 1)
			;
	}
	buf_fini(&again);
}

static void all_answers(struct slice in)
{
	struct slice effects;
	uint64_t command;

	while (wire_next_answer(&in, &command, &effects) == 1)
		all_effects(effects);
}

static void all_arguments(struct slice args)
{
	struct wire_sweep sweep;
	struct wire_range range;
	struct wire_member member;
	struct slice in = args;
	uint64_t id;

	if (wire_take_sweep(&in, &sweep) == 0)
		for (uint16_t i = 0; i < sweep.holes && wire_next_range(&in, &range) == 1; i++)
			;
	wire_take_changes(&in);
	for (in = args; wire_next_id(&in, &id) == 1;)
		;
	for (in = args; wire_next_member(&in, &member) == 1;)
		;
}

static void all_rows(struct slice in)
{
	struct wire_rows rows;
	struct wire_row row;
	char text[37];
	uint8_t raw[16];

	if (wire_take_rows(&in, &rows) < 0)
		return;
	while (wire_next_row(&in, &row) == 1) {
		wire_uuid_text(row.uuid, text);
		assert(wire_uuid_pack(slice_of(text), raw) == 0 && memcmp(raw, row.uuid, 16) == 0);
	}
}

static void all_commands(struct slice in)
{
	struct wire_command c;
	struct slice before;
	struct buf again = BUF_INIT;

	for (before = in; wire_next_command(&in, &c) == 1; before = in) {
		buf_reset(&again);
		wire_put_command(&again, &c);
		assert(slice_eq(buf_slice(&again), (struct slice){ before.p, before.n - in.n }));
		all_arguments(c.args);
	}
	buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct wire_ready ready;
	struct wire_job job;
	uint64_t boot;

	switch (wire_take_kind(&in)) {
	case WIRE_READY:
	case WIRE_ANSWERS:
		if (wire_take_ready(&in, &ready) == 0)
			all_answers(in);
		break;
	case WIRE_JOB:
		if (wire_take_job(&in, &job) == 0)
			all_commands(in);
		break;
	case WIRE_ACK:
		wire_take_boot(&in, &boot);
		break;
	case WIRE_SIGNAL:
		all_effects(in);
		break;
	default:
		all_rows(in);
		all_arguments(in);
		wire_uuid_pack(in, (uint8_t[16]){ 0 });
	}
	return 0;
}
