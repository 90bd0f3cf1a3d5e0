/*
 * router: two tables. Adding an event or an endpoint is adding a row.
 *
 * Room: fcgi-api. Calls identity, handlers, answer, network.
 */
#include "router.h"

#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "counters.h"
#include "handlers.h"
#include "identity.h"
#include "log.h"
#include "network.h"

/* ---- the tables ---- */

enum form {
	FORM_ERROR,    /* event `error` */
	FORM_ACK,      /* event `ack` with status 'error' */
	FORM_REFUSE,   /* CONNECT_ERROR */
	FORM_NOBODY    /* the relay's own question: nobody to tell */
};

struct event_row {
	const char *name;
	enum form form;
	handler_fn *one;
	handler_set_fn *set;
};

static const struct event_row events[] = {
	{ "send_message",         FORM_ACK,   NULL, handle_sends },
	{ "send_direct_message",  FORM_ERROR, NULL, handle_sends },
	{ "send_group_message",   FORM_ERROR, NULL, handle_sends },
	{ "mark_delivered",       FORM_ERROR, NULL, handle_receipts },
	{ "mark_read",            FORM_ERROR, NULL, handle_receipts },
	{ "join_direct_chat",     FORM_ERROR, handle_join_direct_chat, NULL },
	{ "join_group",           FORM_ERROR, handle_join_group, NULL },
	{ "leave_group",          FORM_ERROR, handle_leave_group, NULL },
	{ "load_message_history", FORM_ERROR, handle_load_message_history, NULL },
	{ "load_missed_messages", FORM_ERROR, handle_load_missed_messages, NULL },
	{ "load_rooms",           FORM_ERROR, handle_load_rooms, NULL },
	{ "edit_message",         FORM_ACK,   handle_edit_message, NULL },
	{ "delete_message",       FORM_ACK,   handle_delete_message, NULL },
	{ "refresh_token",        FORM_ERROR, handle_refresh_token, NULL },
};

static const struct event_row types[] = {
	[WIRE_EVENT]   = { NULL, FORM_ERROR, NULL, NULL },
	[WIRE_CONNECT] = { NULL, FORM_REFUSE, handle_connect, NULL },
	[WIRE_SWEEP]   = { NULL, FORM_NOBODY, handle_sweep, NULL },
	[WIRE_FETCH]   = { NULL, FORM_NOBODY, handle_fetch, NULL },
	[WIRE_MEMBERS] = { NULL, FORM_NOBODY, handle_members, NULL },
};

struct path_row {
	const char *method, *path;  /* {} is a variable segment */
	bool body;                  /* takes a JSON body */
	handler_fn *fn;
};

static const struct path_row paths[] = {
	{ "GET",  "salas",                      false, handle_rest_rooms },
	{ "GET",  "salas/{}",                   false, handle_rest_room },
	{ "POST", "salas/directa/{}",           false, handle_rest_room_direct },
	{ "POST", "salas/grupal/{}",            false, handle_rest_room_group },
	{ "GET",  "salas/{}/mensajes",          false, handle_rest_messages },
	{ "POST", "salas/{}/mensajes",          true,  handle_rest_send },
	{ "POST", "salas/{}/marcar-leidos",     false, handle_rest_read_all },
	{ "GET",  "salas/{}/recibos",           false, handle_rest_readers },
	{ "POST", "directo/{}",                 true,  handle_rest_send_direct },
	{ "PUT",  "mensajes/{}/leer",           false, handle_rest_read },
	{ "PUT",  "mensajes/{}/entregado",      false, handle_rest_delivered },
	{ "PUT",  "mensajes/{}",                true,  handle_rest_edit },
	{ "DELETE", "mensajes/{}",              false, handle_rest_delete },
	{ "GET",  "novedades",                  false, handle_rest_news },
	{ "GET",  "no-leidos/count",            false, handle_rest_unread },
};

#define NOTED_PATH_MAX 160              /* bytes of a refused request's path in its line */
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- commands of the bus ---- */

static const struct event_row *row_of(const struct call *c)
{
	static const struct event_row unknown = { NULL, FORM_ERROR, NULL, NULL };

	if (c->command.type != WIRE_EVENT)
		return c->command.type < COUNT(types) ? &types[c->command.type] : &unknown;
	for (size_t i = 0; i < COUNT(events); i++)
		if (slice_is(c->command.event, events[i].name))
			return &events[i];
	return &unknown;
}

static void tell(struct call *c, enum form form, const struct refusal *no)
{
	if (form == FORM_REFUSE)
		answer_refuse_connect(&c->answer, no);
	else if (form != FORM_NOBODY)
		answer_refuse_event(&c->answer, form == FORM_ACK, no);
}

/* Runs the calls from the first on that one handler takes together; returns how many. */
static size_t run_next(struct call **calls, size_t count)
{
	const struct event_row *row = row_of(calls[0]);
	size_t n = 1;

	if (row->set) {
		while (n < count && row_of(calls[n])->set == row->set)
			n++;
		row->set(calls, n);
	} else {
		calls[0]->refusal = row->one ? row->one(calls[0]) : REFUSE(UNKNOWN_EVENT);
	}
	for (size_t i = 0; i < n; i++)
		if (calls[i]->refusal && !calls[i]->trouble)
			tell(calls[i], row_of(calls[i])->form, calls[i]->refusal);
	return n;
}

/* Whether the time that is left would not suffice for one more, by what those before it took. */
static bool too_late(const struct call *c, int64_t began_ms, size_t done)
{
	int64_t now = clock_mono_ms(), mean = done ? (now - began_ms) / (int64_t)done : 0;

	if (done == 1)  /* it may have connected */
		mean /= 2;
	return done > 0 && c->until_ms && now + mean > c->until_ms;
}

void router_commands(struct call **calls, size_t count)
{
	int64_t began = clock_mono_ms();
	size_t n;

	for (size_t at = 0; at < count; at += n) {
		if (too_late(calls[at], began, at)) {
			while (at < count)
				calls[at++]->put_off = true;
			return;
		}
		n = run_next(calls + at, count - at);
		for (size_t i = at; i < at + n; i++)
			if (calls[i]->trouble)
				return;
	}
}

/* ---- REST ---- */

/* Whether the request's path is the pattern; variable segments go to params. */
static bool path_is(struct http_request *r, const char *pattern)
{
	size_t at = 0, param = 0;

	for (const char *p = pattern; *p; at++) {
		struct slice part = { p, strcspn(p, "/") };

		if (at == r->segment_count)
			return false;
		if (slice_is(part, "{}"))
			r->params[param++] = r->segments[at];
		else if (!slice_eq(part, r->segments[at]))
			return false;
		p += part.n;
		p += *p == '/';
	}
	return at == r->segment_count;
}

static bool method_is(const struct http_request *r, const char *method)
{
	return slice_is(r->method, method) || (slice_is(r->method, "HEAD") && strcmp(method, "GET") == 0);
}

static void add_method(struct buf *allow, const char *method)
{
	buf_puts(allow, allow->len ? ", " : "");
	buf_puts(allow, method);
	if (strcmp(method, "GET") == 0)
		buf_puts(allow, ", HEAD");
}

/* The row of a request, or NULL and why: no such path, or not with this method. */
static const struct path_row *find_path(struct call *c, const struct refusal **no_r)
{
	struct http_request *r = c->request;
	struct buf *allow = call_buf(c);

	for (size_t i = 0; !r->path_fault && i < COUNT(paths); i++) {
		if (!path_is(r, paths[i].path))
			continue;
		if (method_is(r, paths[i].method))
			return &paths[i];
		add_method(allow, paths[i].method);
	}
	if (allow->len)
		answer_header(&c->answer, "Allow", allow->data);
	*no_r = r->path_fault == 414 ? REFUSE(ADDRESS) : allow->len ? REFUSE(METHOD) : REFUSE(PATH_UNKNOWN);
	return NULL;
}

/* Counts a request by who is behind it: once in each class, whatever becomes of its first attempt. */
static const struct refusal *take_rate(struct call *c, enum rates_class class, struct slice who)
{
	struct timespec now;
	uint64_t wait;

	if (c->rated & 1u << class)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &now);
	wait = rates_take(c->rates, class, who, c->request->body.n,
			  (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	if (!wait) {
		c->rated |= 1u << class;
		return NULL;
	}
	answer_refuse_fast(&c->answer, REFUSE(TOO_FAST), wait);
	return REFUSE(TOO_FAST);
}

/* Before it is known whose it is. */
static const struct refusal *rate_address(struct call *c)
{
	struct slice address, who = SLICE_NONE;
	char network[NETWORK_MAX];

	if (!c->rates)
		return NULL;
	if (http_variable(c->request, "REMOTE_ADDR", &address))
		who = network_of(address, network);
	return take_rate(c, RATES_ADDRESS, who);
}

static const struct refusal *rate_person(struct call *c)
{
	char user[24];

	if (!c->rates)
		return NULL;
	snprintf(user, sizeof(user), "%lld", (long long)c->user_id);
	return take_rate(c, method_is(c->request, "GET") ? RATES_READ : RATES_WRITE, slice_of(user));
}

static const struct refusal *route(struct call *c)
{
	const struct http_request *r = c->request;
	struct identity_claims claims;
	const struct path_row *row;
	const struct refusal *no;
	int64_t expires;

	no = rate_address(c);
	if (no)
		return no;
	identity_claims_rest(r, &claims);
	no = identity_decide(c, &claims, &expires);
	if (!no)
		no = rate_person(c);
	if (no)
		return no;
	row = find_path(c, &no);
	if (!row)
		return no;
	if (row->body && !http_is_json(r))
		return REFUSE(MEDIA_TYPE);
	if (r->body_fault)
		return r->body_fault == 413 ? REFUSE(TOO_LARGE) : REFUSE(BAD_REQUEST);
	return row->fn(c);
}

void router_request(struct call **calls, size_t count)
{
	struct call *c = calls[0];

	(void)count; /* one request, one transaction */
	c->refusal = route(c);
	if (c->refusal && !c->trouble && c->refusal != REFUSE(TOO_FAST))
		answer_refuse_rest(&c->answer, c->refusal);
}

void router_unavailable(struct call *c)
{
	c->refusal = REFUSE(UNAVAILABLE);
	counters_refused(c->refusal->status);
	if (c->in_doubt && !method_is(c->request, "GET"))
		answer_refuse_unknown(&c->answer, c->refusal);
	else
		answer_refuse_rest(&c->answer, c->refusal);
}

/* ---- what was refused ---- */

static void put_event_name(const struct call *c, struct buf *b)
{
	const struct event_row *row = row_of(c);

	buf_puts(b, row->name ? row->name : row->form == FORM_REFUSE ? "connect" : "unknown event");
}

/* Method and path; what is behind a '?' may be anything. */
static void put_request_name(const struct call *c, struct buf *b)
{
	struct slice uri = SLICE_NONE;
	const char *query;

	http_variable(c->request, "REQUEST_URI", &uri);
	query = uri.n ? memchr(uri.p, '?', uri.n) : NULL;
	if (query)
		uri.n = (size_t)(query - uri.p);
	if (uri.n > NOTED_PATH_MAX)
		uri.n = NOTED_PATH_MAX;
	buf_put_slice(b, c->request->method);
	buf_puts(b, " ");
	buf_put_slice(b, uri);
}

void router_note(const struct call *c)
{
	static struct log_limit limit;
	const struct refusal *no = c->refusal;
	struct buf what = BUF_INIT;

	if (!no)
		return;
	counters_refused(no->status);
	if (!log_limited(&limit, LOG_LEVEL_INFO, 10))
		return;
	(call_is_rest(c) ? put_request_name : put_event_name)(c, &what);
	log_info("refused", "user %lld: %.*s: %d %s%s%s", (long long)c->user_id, (int)what.len, what.data, no->status, no->code,
		 c->why ? ", " : "", c->why ? c->why : "");
	buf_fini(&what);
}
