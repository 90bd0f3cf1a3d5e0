/*
 * connect: a Socket.IO CONNECT: who is it, may he come in?
 *
 * Room: fcgi-api/handlers. Called by router; calls identity, store, answer.
 * A refusal here is for good (CONNECT_ERROR); passing trouble ends at the transport, which is the door's
 * word.
 */
#include "handlers.h"

#include "identity.h"
#include "json.h"
#include "render.h"

/* ---- a client that was cut and comes back: its rooms (args, `rooms`) are looked at again ---- */

struct kept_rooms {
	struct slice name[STORE_SET_MAX];
	struct store_member set[STORE_SET_MAX];
	size_t count;
	struct buf *left;      /* an object of group_left for each group that it is no longer in: it would wait there in vain */
};

static void leave(struct call *c, struct kept_rooms *k, size_t i)
{
	struct wire_effect leave = { .kind = WIRE_LEAVE, .room = k->name[i] };

	answer_effect(&c->answer, &leave);
	if (render_group_uuid(k->name[i]).n == 0)
		return;
	if (k->left->len)
		buf_putc(k->left, ',');
	render_removed(k->left, &k->set[i]);
}

static const struct refusal *check_kept(struct call *c, struct kept_rooms *k)
{
	enum store_verdict v = store_member_check(c->store, k->set, k->count, c->arena);

	if (v != STORE_OK)
		return call_trouble(c, v);
	for (size_t i = 0; i < k->count; i++) {
		/* what a host that is behind does not have is not gone; when another answers, the relay asks again (feed.c) */
		if (!k->set[i].member && !store_is_spare(c->store))
			leave(c, k, i);
	}
	k->count = 0;
	return NULL;
}

static const struct refusal *look_again(struct call *c, struct buf *left)
{
	const struct refusal *no = NULL;
	struct kept_rooms kept = { .left = left };
	struct slice rooms = SLICE_NONE, value;

	if (!json_member(c->command.args, "rooms", &rooms))
		return NULL;
	while (!no && json_next(&rooms, &value) == 1) {
		struct buf *name = call_buf(c);

		if (json_decode(value, name) < 0 || name->len == 0)
			continue;
		kept.name[kept.count] = buf_slice(name);
		kept.set[kept.count++] = (struct store_member){
			.person_id = c->user_id, .sala_uuid = render_room_uuid(buf_slice(name)),
		};
		if (kept.count == STORE_SET_MAX)
			no = check_kept(c, &kept);
	}
	return !no && kept.count ? check_kept(c, &kept) : no;
}

const struct refusal *handle_connect(struct call *c)
{
	struct wire_effect accept = { .kind = WIRE_ACCEPT };
	struct identity_claims claims;
	const struct refusal *no;
	struct buf *user = call_buf(c), *object = call_buf(c), *left = call_buf(c);
	struct slice lost, one;

	identity_claims_connect(c->arena, c->command.args, &claims);
	no = identity_decide(c, &claims, &accept.expires);
	if (!no)
		no = look_again(c, left);
	if (no)
		return no;
	buf_put_u64(user, (uint64_t)c->user_id);
	accept.user = buf_slice(user);
	answer_effect(&c->answer, &accept);
	buf_putc(object, '{');
	json_put_text_member(object, "status", SLICE("connected"));
	json_put_id_member(object, "user_id", c->user_id);
	json_put_text_member(object, "sid", c->command.sid);
	buf_putc(object, '}');
	answer_reply(&c->answer, "connected", buf_slice(object));
	lost = buf_slice(left);
	while (json_next_argument(&lost, &one) == 1)
		answer_reply(&c->answer, "group_left", one);
	return NULL;
}
