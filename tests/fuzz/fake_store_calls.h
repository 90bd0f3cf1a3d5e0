/*
 * fake_store_calls: the functions of store.h that handlers call, thrown with the dice of fake_store.h, which includes
 * this.
 */
#ifndef FAKE_STORE_CALLS_H
#define FAKE_STORE_CALLS_H

#include "tests/fuzz/fake_store.h"

#define FOUND(none) do { enum store_verdict v_ = verdict(none); if (v_ != STORE_OK) return v_; } while (0)

const char *store_kind_name(enum store_kind kind)
{
	return kind == STORE_GRUPAL ? "grupal" : "directo";
}

bool store_is_spare(const struct store *st)
{
	(void)st;
	return throw_die() > 240;
}

enum store_verdict store_person_by_id(struct store *st, int64_t id, struct arena *a, struct store_person *p)
{
	(void)st, (void)a;
	assert(id > 0);
	FOUND(true);
	put_person(p, id);
	return STORE_OK;
}

enum store_verdict store_person_by_correo(struct store *st, struct slice correo, struct arena *a,
					  struct store_person *p)
{
	(void)st, (void)a, (void)correo;
	FOUND(true);
	put_person(p, some_id());
	return STORE_OK;
}

enum store_verdict store_room_direct(struct store *st, int64_t one, int64_t other, struct arena *a,
				     struct store_room *r, bool *created)
{
	(void)st, (void)a;
	assert(one > 0 && other > 0 && one != other);
	FOUND(false);
	put_room(r);
	flag(created);
	return STORE_OK;
}

enum store_verdict store_room_group(struct store *st, int64_t group, int64_t person, struct arena *a,
				    struct store_room *r, bool *created, bool *known)
{
	(void)st, (void)a;
	assert(group > 0 && person > 0);
	flag(known);
	FOUND(true);
	put_room(r);
	flag(created);
	return STORE_OK;
}

enum store_verdict store_room_group_find(struct store *st, int64_t group, int64_t person, struct arena *a,
					 struct store_room *r, bool *member, bool *known)
{
	(void)st, (void)a;
	assert(group > 0 && person > 0);
	flag(member);
	flag(known);
	FOUND(true);
	put_room(r);
	return STORE_OK;
}

enum store_verdict store_room_by_id(struct store *st, int64_t id, int64_t person, struct arena *a,
				    struct store_room *r, bool *member)
{
	(void)st, (void)a;
	assert(id > 0 && person > 0);
	FOUND(true);
	put_room(r);
	flag(member);
	return STORE_OK;
}

enum store_verdict store_room_by_uuid(struct store *st, struct slice uuid, int64_t person, struct arena *a,
				      struct store_room *r, bool *member)
{
	(void)st, (void)a;
	assert(person > 0 && json_is_utf8(uuid));
	FOUND(true);
	put_room(r);
	flag(member);
	return STORE_OK;
}

enum store_verdict store_message_save(struct store *st, struct store_send *set, size_t count, struct arena *a)
{
	(void)st, (void)a;
	assert(count >= 1 && count <= STORE_SET_MAX);
	FOUND(false);
	for (size_t i = 0; i < count; i++) {
		assert(set[i].sender_id > 0 && set[i].uuid.n == IDS_UUID_LEN && set[i].tipo.n);
		assert(set[i].contenido.n <= STORE_TEXT_MAX && json_is_utf8(set[i].contenido));
		assert(!set[i].metadatos.p || json_check(set[i].metadatos) == JSON_OK);
		set[i].verdict = (enum store_send_verdict)(throw_die() % (STORE_SEND_REFUSED + 1));
		put_message(&set[i].message, some_id());
		set[i].message.deleted_at = 0;
	}
	return STORE_OK;
}

enum store_verdict store_message_repeat(struct store *st, struct store_send *send, struct arena *a)
{
	(void)st, (void)a;
	assert(send->sender_id > 0 && send->uuid.n == IDS_UUID_LEN && !send->fresh);
	FOUND(true);
	send->verdict = throw_die() % 2 ? STORE_SEND_DUPLICATE : STORE_SEND_REFUSED;
	put_message(&send->message, some_id());
	send->message.deleted_at = 0;
	return STORE_OK;
}

enum store_verdict store_message_find(struct store *st, int64_t id, int64_t reader, struct arena *a,
				      struct store_message *m, bool *member)
{
	(void)st, (void)a;
	assert(id > 0 && reader > 0);
	FOUND(true);
	put_message(m, id);
	flag(member);
	return STORE_OK;
}

enum store_verdict store_message_fetch(struct store *st, const int64_t *ids, size_t count, struct arena *a,
				       struct store_message **list, size_t *count_r)
{
	(void)st, (void)ids;
	assert(count <= STORE_SET_MAX);
	FOUND(false);
	*list = some_messages(a, count_r);
	return STORE_OK;
}

enum store_verdict store_room_twins(struct store *st, struct store_room *const *rooms, size_t count, struct arena *a)
{
	(void)st, (void)rooms, (void)count, (void)a;
	return STORE_OK;
}

static enum store_verdict put_history(struct arena *a, struct store_history *h)
{
	FOUND(false);
	memset(h, 0, sizeof(*h));
	h->messages = some_messages(a, &h->count);
	h->truncated = !flag(NULL);
	h->last_id = h->count ? h->messages[h->count - 1].id : some_id();
	return STORE_OK;
}

enum store_verdict store_message_history(struct store *st, const struct store_page *page, struct arena *a,
					 struct store_history *h)
{
	(void)st;
	assert(page->limit >= 1 && page->limit <= 1000 && page->room_id > 0);
	return put_history(a, h);
}

enum store_verdict store_message_news(struct store *st, const struct store_news *news, struct arena *a,
				      struct store_history *h)
{
	(void)st;
	assert(news->limit >= 1 && news->limit <= 300 && news->person_id > 0 && news->after >= 0);
	return put_history(a, h);
}

enum store_verdict store_message_edit(struct store *st, int64_t id, int64_t author, struct slice text,
				      struct arena *a, struct store_message *m)
{
	(void)st, (void)a;
	assert(id > 0 && author > 0 && text.n <= STORE_TEXT_MAX && json_is_utf8(text));
	FOUND(true);
	put_message(m, id);
	return STORE_OK;
}

enum store_verdict store_message_delete(struct store *st, int64_t id, int64_t author, struct arena *a,
					struct store_message *m)
{
	(void)st, (void)a;
	assert(id > 0 && author > 0);
	FOUND(true);
	put_message(m, id);
	return STORE_OK;
}

enum store_verdict store_room_list(struct store *st, int64_t person, unsigned limit, struct arena *a,
				   struct store_room_entry **rooms, size_t *count_r)
{
	(void)st;
	assert(person > 0 && limit > 0);
	FOUND(false);
	*count_r = throw_die() % 3;
	*rooms = arena_alloc(a, 3 * sizeof(**rooms));
	for (size_t i = 0; i < *count_r; i++) {
		put_room(&(*rooms)[i].room);
		(*rooms)[i].last = some_messages(a, &(size_t){ 0 });
		if (throw_die() & 1)
			(*rooms)[i].last = NULL;
		else
			put_message((*rooms)[i].last, some_id());
		(*rooms)[i].unread = some_id();
	}
	return STORE_OK;
}

enum store_verdict store_room_names(struct store *st, int64_t person, struct arena *a, struct store_room_entry *rooms,
				    size_t count)
{
	(void)st, (void)a;
	assert(person > 0);
	FOUND(false);
	for (size_t i = 0; i < count; i++) {
		rooms[i].named = true;
		if (throw_die() & 1)
			rooms[i].name = SLICE("Luis \"el\" Núñez");
	}
	return STORE_OK;
}

enum store_verdict store_room_last(struct store *st, int64_t room, struct arena *a, struct store_message *m)
{
	(void)st, (void)a;
	assert(room > 0);
	FOUND(true);
	put_message(m, some_id());
	return STORE_OK;
}

enum store_verdict store_unread_count(struct store *st, int64_t person, int64_t *count_r)
{
	(void)st;
	assert(person > 0);
	FOUND(false);
	*count_r = some_id();
	return STORE_OK;
}

enum store_verdict store_receipt_mark(struct store *st, struct store_receipt *set, size_t count, struct arena *a)
{
	(void)st, (void)a;
	assert(count >= 1 && count <= STORE_SET_MAX);
	FOUND(false);
	for (size_t i = 0; i < count; i++) {
		assert(set[i].message_id > 0 && set[i].person_id > 0);
		set[i].verdict = (enum store_receipt_verdict)(throw_die() % (STORE_RECEIPT_NOT_MEMBER + 1));
		set[i].changed = flag(NULL);
		set[i].author_id = some_id();
		set[i].delivered_at = some_time();
		set[i].read_at = some_time();
		put_room(&set[i].room);
	}
	return STORE_OK;
}

enum store_verdict store_receipt_read_all(struct store *st, const struct store_room *room, int64_t person,
					  struct arena *a, struct store_read_all *all)
{
	(void)st, (void)room;
	assert(person > 0);
	FOUND(false);
	all->count = some_id();
	all->read_at = some_time();
	all->author_count = throw_die() % 3;
	all->authors = arena_alloc(a, 3 * sizeof(*all->authors));
	for (size_t i = 0; i < all->author_count; i++)
		all->authors[i] = (struct store_read_author){ some_id(), some_id() };
	return STORE_OK;
}

enum store_verdict store_receipt_readers(struct store *st, int64_t room, int64_t person, struct arena *a,
					 struct store_reader **readers, size_t *count_r, bool *more_r)
{
	(void)st;
	assert(room > 0 && person > 0);
	FOUND(false);
	*count_r = throw_die() % 3;
	*readers = arena_alloc(a, 3 * sizeof(**readers));
	for (size_t i = 0; i < *count_r; i++)
		(*readers)[i] = (struct store_reader){ some_id(), some_id(), some_id() };
	flag(more_r);
	return STORE_OK;
}

enum store_verdict store_feed_sweep(struct store *st, const struct store_sweep *sweep, struct arena *a,
				    struct store_swept *w)
{
	(void)st, (void)sweep;
	FOUND(false);
	*w = (struct store_swept){ .max_id = some_id(), .from = 0, .upto = some_id(), .truncated = !flag(NULL) };
	w->count = throw_die() % 3;
	w->rows = arena_alloc(a, 3 * sizeof(*w->rows));
	for (size_t i = 0; i < w->count; i++)
		w->rows[i] = (struct store_sweep_row){ some_id(), some_text(), { .uuid = some_text(), .kind = STORE_GRUPAL },
						       flag(NULL) };
	return STORE_OK;
}

enum store_verdict store_feed_changes(struct store *st, int64_t max_id, unsigned age, struct arena *a,
				      struct store_message **list, size_t *count_r)
{
	(void)st, (void)max_id, (void)age;
	FOUND(false);
	*list = some_messages(a, count_r);
	return STORE_OK;
}

enum store_verdict store_feed_cursor(struct store *st, unsigned age, int64_t *cursor_r)
{
	(void)st, (void)age;
	FOUND(false);
	*cursor_r = some_id();
	return STORE_OK;
}

enum store_verdict store_member_check(struct store *st, struct store_member *set, size_t count, struct arena *a)
{
	(void)st, (void)a;
	assert(count >= 1 && count <= STORE_SET_MAX);
	FOUND(false);
	for (size_t i = 0; i < count; i++) {
		set[i].active = flag(NULL);
		set[i].member = flag(NULL);
		set[i].group_id = some_id();
	}
	return STORE_OK;
}

#endif
