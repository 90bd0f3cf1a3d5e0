// objects: fcgi-api/call.o fcgi-api/answer.o fcgi-api/counters.o fcgi-api/router.o fcgi-api/rates.o fcgi-api/identity.o fcgi-api/http.o fcgi-api/refusals.o fcgi-api/fields.o fcgi-api/fields_send.o fcgi-api/fields_more.o fcgi-api/render.o fcgi-api/push.o fcgi-api/cursor.o fcgi-api/etag.o fcgi-api/handlers/*.o shared/*.o
// ldflags: -Wl,--wrap=log_line
/*
 * Requests and jobs of any bytes through router, identity and every handler, over a database that answers as the
 * dice fall. Whatever comes: a REST answer is HTTP with JSON, effects are well-formed, and each event in them is JSON.
 *
 * The input: how many dice, the dice, a byte (bit 0: a job of the bus, bit 1: AUTH_MODE=token); then commands as
 * WIRE.md says, or CGI variables, one a line up to an empty one, and the body.
 */
#include "tests/fuzz/fake_store.h"

#include <stdio.h>
#include "log.h"
#include "router.h"

#define VARIABLES_MAX 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Its errors are what is looked for: they would fill the screen. */
void __wrap_log_line(enum log_level level, const char *subject, const char *fmt, ...);
void __wrap_log_line(enum log_level level, const char *subject, const char *fmt, ...)
{
	(void)level, (void)subject, (void)fmt;
}

static const struct settings *settings_of(bool token_mode)
{
	static struct settings s[2];

	for (int i = 0; i < 2; i++)
		s[i] = (struct settings){ .token_mode = i, .run_dir = "/nonexistent", .secret = SLICE("fuzzed") };
	return &s[token_mode];
}

/* JSON that a client can read; an escape may stand for what is no text (a room's name from the relay). */
static bool is_json(struct slice s)
{
	enum json_fault fault = json_check(s);

	return fault == JSON_OK || fault == JSON_BAD_TEXT;
}

static bool is_event(struct slice event)
{
	struct slice rest = event, value;

	return is_json(event) && json_kind(event) == JSON_ARRAY &&
	       json_next(&rest, &value) == 1 && json_kind(value) == JSON_STRING;
}

/* ---- the bus ---- */

static void check_effect(struct wire_effect *e)
{
	struct slice room;
	int more, rooms = 0;

	if (e->kind == WIRE_REPLY || e->kind == WIRE_REFUSE)
		assert(is_json(e->object) && json_kind(e->object) == JSON_OBJECT);
	if (e->kind == WIRE_PUSH) {
		while ((more = wire_next_room(&e->rooms, &room)) == 1)
			rooms += room.n > 0;
		assert(more == 0 && rooms > 0 && is_event(e->event));
	}
	if ((e->kind == WIRE_JOIN || e->kind == WIRE_LEAVE) && e->event.n)
		assert(is_event(e->event));
	if ((e->kind == WIRE_LEAVE || e->kind == WIRE_DISCONNECT) && e->self.n)
		assert(is_event(e->self));
}

static void check_effects(struct slice effects)
{
	struct wire_effect e;
	int more;

	while ((more = wire_next_effect(&effects, &e)) == 1)
		check_effect(&e);
	assert(more == 0);
}

/* The relay hands on what the database said, and its own ids: names that are no text do not come. */
static bool is_said_by_relay(const struct wire_command *c)
{
	struct slice in = c->args;
	struct wire_member m;

	if (c->type == WIRE_MEMBERS)
		while (wire_next_member(&in, &m) == 1)
			if (!json_is_utf8(m.sid) || !json_is_utf8(m.room))
				return false;
	return json_is_utf8(c->sid);
}

static void do_job(const struct settings *s, struct slice in)
{
	struct call *calls[WIRE_JOB_COMMANDS];
	struct wire_command command;
	size_t n = 0;

	while (n < WIRE_JOB_COMMANDS && wire_next_command(&in, &command) == 1) {
		enum json_fault fault = json_check(command.args);

		/* the relay has scanned what it hands on; its own questions are no JSON */
		if (command.type <= WIRE_CONNECT && fault != JSON_OK && fault != JSON_BAD_TEXT && command.args.n)
			continue;
		if (!is_said_by_relay(&command))
			continue;
		command.bad_text = fault == JSON_BAD_TEXT;
		/* nobody emits before his CONNECT was answered */
		if (command.type == WIRE_EVENT && !command.user.n)
			command.user = SLICE("1");
		calls[n] = call_new_bus(s, NULL, &command);
		if (command.type == WIRE_EVENT && calls[n]->user_id <= 0)
			calls[n]->user_id = 1;
		n++;
	}
	if (n)
		router_commands(calls, n);
	for (size_t i = 0; i < n; i++) {
		if (!calls[i]->trouble)
			router_note(calls[i]);
		check_effects(buf_slice(&calls[i]->answer.effects));
		check_effects(buf_slice(&calls[i]->answer.pushes));
		call_free(calls[i]);
	}
}

/* ---- REST ---- */

static int give(void *ctx, char *to, int room)
{
	struct slice *s = ctx;
	int n = s->n < (size_t)room ? (int)s->n : room;

	if (n)
		memcpy(to, s->p, (size_t)n);
	*s = (struct slice){ s->p + n, s->n - (size_t)n };
	return n;
}

/* Status line first, header lines without control bytes, then an empty line and the body. */
static void check_response(struct slice out, const struct http_response *p)
{
	const char *end = memmem(out.p, out.n, "\r\n\r\n", 4);
	struct slice body = buf_slice(&p->body);

	assert(end && out.n > 12 && memcmp(out.p, "Status: ", 8) == 0);
	for (const char *c = out.p; c < end; c++)
		assert((unsigned char)*c >= ' ' || *c == '\t' || (c[0] == '\r' && c[1] == '\n') ||
		       (c[0] == '\n' && c[-1] == '\r'));
	assert(p->status >= 200 && p->status <= 503);
	assert(p->status == 304 || json_check(body) == JSON_OK);
}

static void request(const struct settings *s, struct slice in)
{
	struct call *c = call_new_rest(s, NULL);
	char *envp[VARIABLES_MAX + 1] = { NULL };
	struct buf out = BUF_INIT;
	size_t count = 0;

	while (in.n && count < VARIABLES_MAX) {
		const char *end = memchr(in.p, '\n', in.n);
		struct slice line = { in.p, end ? (size_t)(end - in.p) : in.n };

		in = end ? (struct slice){ end + 1, in.n - line.n - 1 } : (struct slice){ in.p + in.n, 0 };
		if (line.n == 0)
			break;
		envp[count++] = mem_copy(line);
	}
	http_read(c->request, c->memory, envp, &(struct http_source){ give, &in, true });
	router_request(&c, 1);
	if (c->trouble)
		router_unavailable(c);
	else
		router_note(c);
	http_write(&c->answer.response, &out);
	check_response(buf_slice(&out), &c->answer.response);
	check_effects(buf_slice(&c->answer.pushes));
	buf_fini(&out);
	call_free(c);
	for (size_t i = 0; i < count; i++)
		free(envp[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	const struct settings *s;
	bool bus;

	if (in.n < 2)
		return 0;
	dice = (struct slice){ in.p + 1, (uint8_t)in.p[0] < in.n - 2 ? (uint8_t)in.p[0] : in.n - 2 };
	in = (struct slice){ in.p + 1 + dice.n, in.n - 1 - dice.n };
	s = settings_of(in.p[0] & 2);
	bus = in.p[0] & 1;
	in = (struct slice){ in.p + 1, in.n - 1 };
	if (bus)
		do_job(s, in);
	else
		request(s, in);
	return 0;
}
