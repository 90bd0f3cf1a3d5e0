/*
 * targets: a table of fixed size, in which each target has one place.
 *
 * Room: relay/chat, pure. Calls json, lines and roomname.
 */
#include "targets.h"

#include <stdlib.h>
#include "fnv.h"
#include "json.h"
#include "lines.h"
#include "roomname.h"

#define TARGETS_KNOWN 4096

struct targets {
	struct {
		uint64_t target;
		uint16_t place;
	} known[TARGETS_KNOWN];
};

/* Who names what by which member (www/asyncapi.yaml). */
static const struct { const char *event, *member; } names[] = {
	{ "send_message", "to" },
	{ "send_direct_message", "recipient_id" },
	{ "send_group_message", "group_id" },
	{ "join_direct_chat", "other_user_id" },
	{ "join_group", "group_id" },
};

struct targets *targets_new(void)
{
	return mem_zero(1, sizeof(struct targets));
}

void targets_free(struct targets *t)
{
	free(t);
}

/* An id may be a number or a string. */
static struct slice id_text(struct slice value)
{
	if (json_kind(value) == JSON_STRING)
		return (struct slice){ value.p + 1, value.n - 2 };
	return json_kind(value) == JSON_NUMBER ? value : SLICE_NONE;
}

static bool goes_first(struct slice a, struct slice b)
{
	return a.n != b.n ? a.n < b.n : memcmp(a.p, b.p, a.n) < 0;
}

uint64_t targets_of(struct slice event, struct slice args, struct slice user)
{
	struct slice rest = args, object, id, values[2];
	bool group, first;
	size_t i = 0;

	while (i < sizeof(names) / sizeof(names[0]) && !slice_is(event, names[i].event))
		i++;
	if (i == sizeof(names) / sizeof(names[0]) || !json_next_argument(&rest, &object) ||
	    json_kind(object) != JSON_OBJECT)
		return 0;
	json_members(object, (const char *const[]){ names[i].member, "type" }, values, 2);
	id = id_text(values[0]);
	if (id.n == 0)
		return 0;
	group = strcmp(names[i].member, "to") == 0 ? slice_is(values[1], "\"grupal\"")
						    : strcmp(names[i].member, "group_id") == 0;
	if (group)
		return fnv64(fnv64(FNV64_BASIS, SLICE("g")), id);
	first = goes_first(id, user);
	return fnv64(fnv64(fnv64(FNV64_BASIS, first ? id : user), SLICE(":")), first ? user : id);
}

uint16_t targets_place(const struct targets *t, uint64_t target)
{
	size_t at = target % TARGETS_KNOWN;

	if (target && t->known[at].target == target)
		return t->known[at].place;
	return target ? lines_place((struct slice){ (const char *)&target, sizeof(target) }) : 0;
}

void targets_learn(struct targets *t, uint64_t target, struct slice room)
{
	size_t at = target % TARGETS_KNOWN;

	if (!target || !room.n)
		return;
	t->known[at].target = target;
	t->known[at].place = lines_place(roomname_uuid(room));
}
