/*
 * send_message: the hot event, written for sets; also send_direct_message, send_group_message and the two
 * REST doors.
 *
 * Room: fcgi-api/handlers. Called by router; calls fields, lookup, store, push, render, answer.
 * A set goes through together: read all, resolve the ones that name a person or group, store all, answer
 * each. A repeat (same client_id) is answered from its row before room and membership are looked at.
 */
#include "handlers.h"

#include "fields.h"
#include "lookup.h"
#include "push.h"
#include "render.h"

/* One send on its way through the set. */
struct sending {
	struct call *call;
	struct fields_send fields;
	struct store_send *send;
	bool settled;  /* answered before the set was stored: a repeat that names a person or group */
};

/* ---- reading ---- */

static const struct refusal *read_event(struct call *c, struct fields_send *s)
{
	struct fields f = call_fields(c);

	if (slice_is(f.event, "send_direct_message"))
		return fields_send_to(&f, STORE_DIRECTO, s);
	if (slice_is(f.event, "send_group_message"))
		return fields_send_to(&f, STORE_GRUPAL, s);
	return fields_send_message(&f, s);
}

/* What the store is told. Everything but the room, which may have to be found first. */
static void fill(struct sending *s)
{
	struct call *c = s->call;
	char *uuid = arena_alloc(c->arena, IDS_UUID_LEN + 1);

	if (s->fields.client_id.n)
		ids_uuid_message(c->user_id, s->fields.client_id, uuid);
	else
		memcpy(uuid, c->uuid, IDS_UUID_LEN + 1);
	*s->send = (struct store_send){
		.sala_uuid = s->fields.sala_uuid, .expected = s->fields.kind, .sender_id = c->user_id,
		.uuid = { uuid, IDS_UUID_LEN }, .fresh = !s->fields.client_id.n && !c->found_is_ours,
		.tipo = s->fields.tipo, .contenido = s->fields.text, .url = s->fields.url
	};
}

static void fill_metadata(struct sending *s, enum store_kind kind)
{
	struct buf *b = call_buf(s->call);

	fields_put_metadata(b, &s->fields, store_kind_name(kind));
	s->send->metadatos = buf_slice(b);
}

/* ---- rooms by person or group ---- */

/* Whether the row is there already. */
static const struct refusal *find_repeat(struct sending *s)
{
	enum store_verdict v;

	if (s->send->fresh)
		return NULL;
	v = store_message_repeat(s->call->store, s->send, s->call->arena);
	if (store_is_trouble(v))
		return call_trouble(s->call, v);
	s->settled = v == STORE_OK && s->send->verdict == STORE_SEND_DUPLICATE;
	return NULL;
}

static const struct refusal *direct_room(struct call *c, int64_t other, struct store_room *room_r)
{
	bool created;
	const struct refusal *no = lookup_other(c, other, REFUSE(ROOM_UNKNOWN));

	return no ? no : lookup_direct(c, other, room_r, &created);
}

static const struct refusal *resolve(struct sending *s)
{
	struct call *c = s->call;
	struct store_room room;
	const struct refusal *no;
	bool created;

	if (!s->fields.to_person && !s->fields.to_group)
		return NULL;
	no = find_repeat(s);
	if (no || s->settled)
		return no;
	no = s->fields.to_group ? lookup_group(c, s->fields.to_group, REFUSE(NOT_MEMBER), &room, &created)
				: direct_room(c, s->fields.to_person, &room);
	if (!no)
		s->send->sala_uuid = room.uuid;
	return no;
}

/* ---- what came of it ---- */

static const struct refusal *refusal_of(const struct call *c, enum store_send_verdict v)
{
	switch (v) {
	case STORE_SEND_STORED:
	case STORE_SEND_DUPLICATE:
		return NULL;
	case STORE_SEND_NOT_FOUND:
		return REFUSE(ROOM_UNKNOWN);
	case STORE_SEND_NOT_MEMBER: /* on a socket a stranger's room is as unknown as one that is not there */
		return call_is_rest(c) ? REFUSE(NOT_IN_ROOM) : REFUSE(ROOM_UNKNOWN);
	case STORE_SEND_TYPE_MISMATCH:
		return REFUSE(KIND);
	default:
		return REFUSE(SAVE_FAILED);
	}
}

/* The push first, then the caller's confirmation. */
static void settle(struct sending *s)
{
	struct call *c = s->call;
	const struct store_message *m = &s->send->message;
	bool was_there = s->send->verdict == STORE_SEND_DUPLICATE, repeat = was_there && !c->found_is_ours;
	struct buf *b = call_buf(c);

	c->refusal = refusal_of(c, s->send->verdict);
	if (c->refusal)
		return;
	if (!repeat && !m->deleted_at)
		push_message(c, m, was_there);
	if (call_is_rest(c)) {
		render_message(b, m, repeat);
		answer_body(&c->answer, repeat ? 200 : 201, buf_slice(b));
	} else {
		render_ack(b, m, repeat);
		answer_reply(&c->answer, "ack", buf_slice(b));
	}
}

/* Stores the ones that are neither refused nor settled, in one set, in order. */
static void store_set(struct sending *all, size_t count)
{
	struct store_send set[STORE_SET_MAX];
	struct sending *of[STORE_SET_MAX];
	struct call *first = all[0].call;
	enum store_verdict v;
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (!all[i].call->refusal && !all[i].settled) {
			set[n] = *all[i].send;
			of[n++] = &all[i];
		}
	if (n == 0)
		return;
	v = store_message_save(first->store, set, n, first->arena);
	if (v != STORE_OK && !(v == STORE_REFUSED && n == 1)) {
		call_trouble(first, v);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		*of[i]->send = set[i];
		if (v != STORE_OK)
			of[i]->send->verdict = STORE_SEND_REFUSED;
	}
}

static void send_set(struct sending *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (all[i].call->refusal)
			continue;
		fill_metadata(&all[i], all[i].fields.kind);
		all[i].call->refusal = resolve(&all[i]);
		if (all[i].call->trouble)
			return;
	}
	store_set(all, count);
	for (size_t i = 0; i < count && !all[0].call->trouble; i++)
		if (!all[i].call->refusal)
			settle(&all[i]);
}

void handle_sends(struct call **calls, size_t count)
{
	struct sending *all = arena_alloc(calls[0]->arena, count * sizeof(*all));

	for (size_t done = 0, n; done < count; done += n) {
		n = count - done < STORE_SET_MAX ? count - done : STORE_SET_MAX;
		for (size_t i = done; i < done + n; i++) {
			all[i].call = calls[i];
			all[i].send = arena_alloc(calls[i]->arena, sizeof(*all[i].send));
			calls[i]->refusal = read_event(calls[i], &all[i].fields);
			if (!calls[i]->refusal)
				fill(&all[i]);
		}
		send_set(all + done, n);
		if (calls[done]->trouble)
			return;
	}
}

/* ---- REST: a set of one ---- */

/* Body and key; a repeat is settled at once, whatever room the path names. */
static const struct refusal *read_rest(struct call *c, struct sending *s)
{
	struct slice key = SLICE_NONE;
	const struct refusal *no;

	memset(s, 0, sizeof(*s));
	s->call = c;
	s->send = arena_alloc(c->arena, sizeof(*s->send));
	if (http_header(c->request, "HTTP_IDEMPOTENCY_KEY", &key) < 0)
		return REFUSE(BAD_REQUEST);
	no = fields_send_rest(c->arena, c->request->body, key, call_is_verified(c), &s->fields);
	if (no)
		return no;
	fill(s);
	return find_repeat(s);
}

static const struct refusal *send_rest(struct sending *s, struct slice sala_uuid, enum store_kind kind)
{
	if (!s->settled) {
		s->send->sala_uuid = sala_uuid;
		/* without metadata of the caller's the column stays NULL, as the companion leaves it */
		if (s->fields.metadata.n)
			fill_metadata(s, kind);
		store_set(s, 1);
	}
	if (s->call->trouble)
		return REFUSE(UNAVAILABLE);
	settle(s);
	return s->call->refusal;
}

const struct refusal *handle_rest_send(struct call *c)
{
	struct store_room room = { .kind = STORE_ANY };
	struct sending s;
	const struct refusal *no = read_rest(c, &s);

	if (!no && !s.settled)
		no = lookup_room(c, c->request->params[0], &room);
	return no ? no : send_rest(&s, room.uuid, room.kind);
}

const struct refusal *handle_rest_send_direct(struct call *c)
{
	struct store_room room = { .kind = STORE_ANY };
	struct sending s;
	int64_t other;
	bool created;
	const struct refusal *no = read_rest(c, &s);

	if (!no && !s.settled)
		no = lookup_person(c, c->request->params[0], &other);
	if (!no && !s.settled)
		no = lookup_direct(c, other, &room, &created);
	return no ? no : send_rest(&s, room.uuid, room.kind);
}
