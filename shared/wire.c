/*
 * wire: the words between relay and handlers, to bytes and back.
 *
 * Room: shared (foundation). Calls wire_fields, ids, buf.
 * Each struct has one table of fields, in wire order, from which both directions work: what is put is what is taken.
 * WIRE.md shows the same tables to people.
 */
#include "wire.h"
#include "wire_fields.h"
#include "ids.h"

#include <endian.h>

static const struct field ready_fields[] = {
	F32(wire_ready, worker.pid), F64(wire_ready, worker.start), F64(wire_ready, worker.random),
	F64(wire_ready, boot), F64(wire_ready, last_job), F64(wire_ready, answers), F8(wire_ready, state),
};

static const struct field job_fields[] = {
	F64(wire_job, boot), F64(wire_job, id), F8(wire_job, kind), F32(wire_job, deadline_ms),
	F16(wire_job, count),
};

static const struct field command_fields[] = {
	F64(wire_command, id), F8(wire_command, type), F8(wire_command, attempt), S16(wire_command, sid),
	S16(wire_command, user), S16(wire_command, event), S32(wire_command, args), S16(wire_command, uuid),
	F64(wire_command, cursor), F8(wire_command, bad_text),
};

/* a row per effect kind; a type of width 0 ends it */
static const struct field effect_fields[][7] = {
	[WIRE_ACCEPT] = { S16(wire_effect, user), F64(wire_effect, expires) },
	[WIRE_REFUSE] = { S32(wire_effect, object) },
	[WIRE_JOIN] = { S16(wire_effect, room), S32(wire_effect, event) },
	[WIRE_LEAVE] = { S16(wire_effect, room), S16(wire_effect, sid), F64(wire_effect, join),
			 S32(wire_effect, self), S32(wire_effect, event) },
	[WIRE_PUSH] = { S16(wire_effect, rooms), S16(wire_effect, except), F64(wire_effect, mensaje_id),
			S16(wire_effect, uuid), F8(wire_effect, flags), S32(wire_effect, event) },
	[WIRE_REPLY] = { S16(wire_effect, name), S32(wire_effect, object) },
	[WIRE_DISCONNECT] = { S16(wire_effect, user), S32(wire_effect, self) },
	[WIRE_RETRY] = { { 0 } },
	[WIRE_ROWS] = { S32(wire_effect, payload) },
};

static const struct field sweep_fields[] = {
	F64(wire_sweep, high), F8(wire_sweep, first), F16(wire_sweep, holes),
};
static const struct field range_fields[] = { F64(wire_range, first), F64(wire_range, last) };
static const struct field rows_fields[] = {
	F64(wire_rows, max_id), F64(wire_rows, from), F64(wire_rows, upto), F8(wire_rows, flags),
	F32(wire_rows, count),
};
static const struct field row_fields[] = {
	F64(wire_row, id), R16(wire_row, uuid), F8(wire_row, grouped), F8(wire_row, deleted),
	R16(wire_row, room), F64(wire_row, a), F64(wire_row, b), S16(wire_row, room_text),
	S16(wire_row, twins),
};
static const struct field member_fields[] = {
	S16(wire_member, sid), F64(wire_member, user), S16(wire_member, room), F64(wire_member, join),
};

#define PUT(b, s, fields) wire_put_fields(b, s, fields, COUNT(fields))
#define TAKE(in, s, fields) wire_take_fields(in, s, fields, COUNT(fields))
#define NEXT(in, s, fields) ((in)->n == 0 ? 0 : TAKE(in, s, fields) < 0 ? -1 : 1)

/* ---- writing ---- */

static void put_head(struct buf *b, enum wire_kind kind)
{
	buf_putc(b, WIRE_VERSION);
	buf_putc(b, (char)kind);
}

void wire_put_ready(struct buf *b, const struct wire_ready *r)
{
	put_head(b, r->answers ? WIRE_ANSWERS : WIRE_READY);
	PUT(b, r, ready_fields);
}

size_t wire_open_answer(struct buf *b, uint64_t command)
{
	wire_put_number(b, command, 8);
	wire_put_number(b, 0, 4);
	return b->len;
}

void wire_close_answer(struct buf *b, size_t mark)
{
	uint32_t n = htobe32((uint32_t)(b->len - mark));

	memcpy(b->data + mark - sizeof(n), &n, sizeof(n)); /* the place that open left */
}

void wire_put_effect(struct buf *b, const struct wire_effect *e)
{
	buf_putc(b, (char)e->kind);
	PUT(b, e, effect_fields[e->kind]);
}

void wire_put_room(struct buf *rooms, struct slice room)
{
	wire_put_string(rooms, room, 2);
}

void wire_put_ack(struct buf *b, uint64_t boot)
{
	put_head(b, WIRE_ACK);
	wire_put_number(b, boot, 8);
}

void wire_put_job(struct buf *b, const struct wire_job *j)
{
	put_head(b, WIRE_JOB);
	PUT(b, j, job_fields);
}

void wire_put_command(struct buf *b, const struct wire_command *c)
{
	PUT(b, c, command_fields);
}

void wire_put_signal(struct buf *b)
{
	put_head(b, WIRE_SIGNAL);
}

void wire_put_sweep(struct buf *b, const struct wire_sweep *s, const struct wire_range *holes)
{
	PUT(b, s, sweep_fields);
	for (unsigned i = 0; i < s->holes; i++)
		PUT(b, &holes[i], range_fields);
}

void wire_put_changes(struct buf *b, uint32_t seconds)
{
	wire_put_number(b, seconds, 4);
}

void wire_put_rows(struct buf *b, const struct wire_rows *r)
{
	PUT(b, r, rows_fields);
}

void wire_put_row(struct buf *b, const struct wire_row *r)
{
	PUT(b, r, row_fields);
}

void wire_put_ids(struct buf *b, const uint64_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		wire_put_number(b, ids[i], 8);
}

void wire_put_member(struct buf *b, const struct wire_member *m)
{
	PUT(b, m, member_fields);
}

/* ---- reading ---- */

int wire_take_kind(struct slice *in)
{
	int kind;

	if (in->n < 2 || in->p[0] != WIRE_VERSION)
		return -1;
	kind = (unsigned char)in->p[1];
	if (kind < WIRE_READY || kind > WIRE_SIGNAL)
		return -1;
	in->p += 2;
	in->n -= 2;
	return kind;
}

int wire_take_ready(struct slice *in, struct wire_ready *r)
{
	return TAKE(in, r, ready_fields);
}

int wire_take_boot(struct slice *in, uint64_t *boot_r)
{
	return wire_take_number(in, boot_r, 8);
}

int wire_next_answer(struct slice *in, uint64_t *command_r, struct slice *effects_r)
{
	struct slice rest = *in;

	if (rest.n == 0)
		return 0;
	if (wire_take_number(&rest, command_r, 8) < 0 || wire_take_string(&rest, effects_r, 4) < 0)
		return -1;
	*in = rest;
	return 1;
}

int wire_next_effect(struct slice *in, struct wire_effect *e)
{
	struct slice rest = *in;

	if (rest.n == 0)
		return 0;
	*e = (struct wire_effect){ .kind = (uint8_t)rest.p[0] };
	if (e->kind < WIRE_ACCEPT || e->kind > WIRE_ROWS)
		return -1;
	rest.p++;
	rest.n--;
	if (TAKE(&rest, e, effect_fields[e->kind]) < 0)
		return -1;
	*in = rest;
	return 1;
}

int wire_next_room(struct slice *rooms, struct slice *room_r)
{
	if (rooms->n == 0)
		return 0;
	return wire_take_string(rooms, room_r, 2) < 0 ? -1 : 1;
}

int wire_take_job(struct slice *in, struct wire_job *j)
{
	struct slice rest = *in;

	if (TAKE(&rest, j, job_fields) < 0 || j->kind < WIRE_JOB_SENDS || j->kind > WIRE_JOB_OTHERS ||
	    j->count > WIRE_JOB_COMMANDS)
		return -1;
	*in = rest;
	return 0;
}

int wire_next_command(struct slice *in, struct wire_command *c)
{
	struct slice rest = *in;

	if (rest.n == 0)
		return 0;
	if (TAKE(&rest, c, command_fields) < 0 || c->type < WIRE_EVENT || c->type > WIRE_MEMBERS)
		return -1;
	*in = rest;
	return 1;
}

int wire_take_sweep(struct slice *in, struct wire_sweep *s)
{
	return TAKE(in, s, sweep_fields);
}

int wire_next_range(struct slice *in, struct wire_range *r)
{
	return NEXT(in, r, range_fields);
}

uint32_t wire_take_changes(struct slice *in)
{
	uint64_t seconds;

	return wire_take_number(in, &seconds, 4) < 0 ? 0 : (uint32_t)seconds;
}

int wire_take_rows(struct slice *in, struct wire_rows *r)
{
	return TAKE(in, r, rows_fields);
}

int wire_next_row(struct slice *in, struct wire_row *r)
{
	return NEXT(in, r, row_fields);
}

int wire_next_id(struct slice *in, uint64_t *id_r)
{
	if (in->n == 0)
		return 0;
	return wire_take_number(in, id_r, 8) < 0 ? -1 : 1;
}

int wire_next_member(struct slice *in, struct wire_member *m)
{
	return NEXT(in, m, member_fields);
}

int wire_uuid_pack(struct slice text, uint8_t out[16])
{
	size_t at = 0;

	if (!ids_is_uuid(text))
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		int digit = c <= '9' ? c - '0' : c - 'a' + 10;

		if (c == '-')
			continue;
		out[at / 2] = (uint8_t)(at % 2 ? out[at / 2] | digit : digit << 4);
		at++;
	}
	return 0;
}

void wire_uuid_text(const uint8_t in[16], char out[37])
{
	static const char hex[] = "0123456789abcdef";
	char *to = out;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = hex[in[i] >> 4];
		*to++ = hex[in[i] & 15];
	}
	*to = '\0';
}
