/*
 * typing: a list of those who are writing, each until its time is over.
 *
 * Room: relay/chat. Calls replies and socketio.
 * A person's last word in a room counts, from whichever of his sockets: who goes on on a new one is not said to have stopped
 * when the time of the one before is over. All last equally long, so the list is in the order of their ends.
 */
#include "typing.h"

#include <stdlib.h>
#include "json.h"
#include "replies.h"

struct writer {
	char *sid, *user, *room, *uuid;        /* owned: the socket that said it last may be gone when it ends */
	bool several;                          /* another one said it before: when its time is over, all are told */
	uint64_t until_ms;
	TAILQ_ENTRY(writer) next;
};

struct typing {
	TAILQ_HEAD(, writer) writers;
	struct map *by_key;                    /* user and room */
	struct buf key;
};

struct typing *typing_new(void)
{
	struct typing *t = mem_zero(1, sizeof(*t));

	TAILQ_INIT(&t->writers);
	t->by_key = map_new();
	return t;
}

static struct slice key_of(struct typing *t, const char *user, const char *room)
{
	buf_reset(&t->key);
	buf_puts(&t->key, user);
	buf_putc(&t->key, ' ');
	buf_puts(&t->key, room);
	return buf_slice(&t->key);
}

static void writer_free(struct typing *t, struct writer *w)
{
	TAILQ_REMOVE(&t->writers, w, next);
	map_remove(t->by_key, key_of(t, w->user, w->room));
	free(w->sid);
	free(w->user);
	free(w->room);
	free(w->uuid);
	free(w);
}

void typing_free(struct typing *t)
{
	if (!t)
		return;
	while (!TAILQ_EMPTY(&t->writers))
		writer_free(t, TAILQ_FIRST(&t->writers));
	map_free(t->by_key);
	buf_fini(&t->key);
	free(t);
}

/* `sid`: who is not told; "": nobody. */
static void tell(struct hall *h, const char *sid, const char *user, struct slice uuid, struct slice room,
		bool on)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, "[\"user_typing\",{");
	json_put_text_member(&b, "user_id", slice_of(user));
	json_put_text_member(&b, "sala_uuid", uuid);
	json_put_raw_member(&b, "typing", on ? SLICE("true") : SLICE("false"));
	buf_puts(&b, "}]");
	sio_push(h->ns, &room, 1, slice_of(sid), buf_slice(&b));
	buf_fini(&b);
}

/* Remembers, prolongs or forgets a writer. */
static void note(struct hall *h, const struct seat *seat, struct slice uuid, const char *room, bool on)
{
	struct typing *t = h->typing;
	struct writer *w = map_find(t->by_key, key_of(t, seat->user, room));

	if (!on) {
		if (w)
			writer_free(t, w);
		return;
	}
	if (w) {
		TAILQ_REMOVE(&t->writers, w, next);
		w->several |= strcmp(w->sid, seat->sid) != 0;
		free(w->sid);
	} else {
		w = mem_zero(1, sizeof(*w));
		w->user = mem_copy(slice_of(seat->user));
		w->room = mem_copy(slice_of(room));
		w->uuid = mem_copy(uuid);
		map_put(t->by_key, key_of(t, w->user, w->room), w);
	}
	w->sid = mem_copy(slice_of(seat->sid));
	w->until_ms = eio_loop_now_ms(h->loop) + TYPING_LASTS_MS;
	TAILQ_INSERT_TAIL(&t->writers, w, next);
}

/* The room of a uuid that the socket is in. */
static bool room_of(const struct sio_socket *s, struct slice uuid, struct buf *room)
{
	char text[ROOMNAME_MAX];
	struct slice name;

	for (enum roomname_kind kind = ROOMNAME_DIRECT; kind <= ROOMNAME_GROUP; kind++) {
		name = roomname_of(text, kind, uuid);
		if (name.n == 0 || !sio_socket_in(s, name))
			continue;
		buf_put_slice(room, name);
		return true;
	}
	return false;
}

/* NULL when it was passed on, or the code of the refusal. */
static const char *take(struct hall *h, struct command *c, struct buf *uuid, struct buf *room)
{
	struct slice rest = c->args, object, name, on;

	if (c->bad_text || !json_next_argument(&rest, &object) || json_kind(object) != JSON_OBJECT)
		return REFUSED_TYPING_PAYLOAD;
	if (!json_member(object, "sala_uuid", &name) || json_kind(name) == JSON_NULL)
		return REFUSED_ROOM_MISSING;
	if (json_kind(name) != JSON_STRING || json_decode(name, uuid) < 0 ||
	    !json_member(object, "typing", &on) || (json_kind(on) != JSON_TRUE && json_kind(on) != JSON_FALSE))
		return REFUSED_TYPING_PAYLOAD;
	if (!room_of(c->seat->socket, buf_slice(uuid), room))
		return REFUSED_ROOM_UNKNOWN;
	note(h, c->seat, buf_slice(uuid), room->data, json_kind(on) == JSON_TRUE);
	tell(h, c->seat->sid, c->seat->user, buf_slice(uuid), buf_slice(room), json_kind(on) == JSON_TRUE);
	h->stats.typing++;
	return NULL;
}

void typing_take(struct hall *h, struct command *c)
{
	struct buf uuid = BUF_INIT, room = BUF_INIT;
	const char *no;

	if (!c->seat->socket || !c->seat->user)
		return;
	no = take(h, c, &uuid, &room);
	if (no)
		reply_refuse(c, no, 0);
	else
		reply_send(c, SLICE_NONE, SLICE("{\"status\":\"ok\"}"));
	buf_fini(&uuid);
	buf_fini(&room);
}

void typing_tick(struct hall *h)
{
	struct typing *t = h->typing;
	uint64_t now = eio_loop_now_ms(h->loop);
	struct writer *w;

	while ((w = TAILQ_FIRST(&t->writers)) && w->until_ms <= now) {
		tell(h, w->several ? "" : w->sid, w->user, slice_of(w->uuid), slice_of(w->room), false);
		writer_free(t, w);
	}
}
