/*
 * sio_fake: an Engine.IO transport of plain memory, for tests of the Socket.IO room without a network.
 *
 * Included once per test program. Sessions are opened, fed and closed by fake_*; what is sent to them is kept
 * as one text: packets one a line, binary as <bytes>, and `!reason/code` when the room closes it. Time stands
 * still until fake_tick.
 */
#ifndef SIO_FAKE_H
#define SIO_FAKE_H

#include <stdlib.h>

#include "socketio.h"

struct eio_frame { int refs; bool binary; struct buf bytes; };
struct eio_session {
	struct eio_session *next;
	char sid[24];
	int version;
	void *data;
	struct buf sent;
	int pauses;
	bool closing;
	enum eio_reason reason;
	uint64_t proved_ms;
};
struct eio_timer { struct eio_timer *next; uint64_t at; void (*fn)(void *ctx); void *ctx; bool dead; uint64_t repeat; };
struct eio_server { struct eio_callbacks cb; void *ctx; };

static struct eio_server fake_server;
static struct eio_session *fake_sessions;
static struct eio_timer *fake_timers;
static uint64_t fake_now;
static int fake_frames, fake_encoded;   /* living, and ever made */

static struct eio_frame *frame_make(struct slice s, bool binary)
{
	struct eio_frame *f = mem_zero(1, sizeof(*f));

	f->refs = 1;
	f->binary = binary;
	buf_put_slice(&f->bytes, s);
	fake_frames++;
	fake_encoded++;
	return f;
}

struct eio_frame *eio_frame_text(struct slice s) { return frame_make(s, false); }
struct eio_frame *eio_frame_binary(struct slice s) { return frame_make(s, true); }
struct eio_frame *eio_frame_ref(struct eio_frame *f) { f->refs++; return f; }
struct slice eio_frame_message(const struct eio_frame *f) { return buf_slice(&f->bytes); }
void eio_frame_unref(struct eio_frame *f)
{
	if (!f || --f->refs)
		return;
	buf_fini(&f->bytes);
	free(f);
	fake_frames--;
}

struct eio_config eio_config_default(void)
{
	return (struct eio_config){ 0 };
}

struct eio_server *eio_server_new(struct eio_loop *l, const struct eio_config *c,
				  const struct eio_callbacks *cb, void *ctx)
{
	(void)l;
	(void)c;
	fake_server = (struct eio_server){ *cb, ctx };
	return &fake_server;
}
int eio_server_port(const struct eio_server *s) { (void)s; return 1; }
void eio_server_stop_listening(struct eio_server *s) { (void)s; }
int eio_server_renew_tls(struct eio_server *s, const char *cert_file, const char *key_file)
{
	(void)s, (void)cert_file, (void)key_file;
	return -1;
}
void eio_server_stats(const struct eio_server *s, struct eio_stats *out)
{
	(void)s;
	memset(out, 0, sizeof(*out));
}
static const char *fake_address = "10.0.0.1";
const char *eio_session_address(const struct eio_session *s) { (void)s; return fake_address; }
uint64_t eio_session_proved_ms(const struct eio_session *s) { return s->proved_ms; }
uint64_t eio_loop_now_ms(const struct eio_loop *l) { (void)l; return fake_now; }

struct eio_timer *eio_timer_new(struct eio_loop *l, uint64_t delay_ms, uint64_t repeat_ms,
				void (*fn)(void *ctx), void *ctx)
{
	struct eio_timer *t = mem_zero(1, sizeof(*t));

	(void)l;
	*t = (struct eio_timer){ fake_timers, fake_now + delay_ms, fn, ctx, false, repeat_ms };
	return fake_timers = t;
}
void eio_timer_free(struct eio_timer *t) { t->dead = true; }

static inline void fake_tick(uint64_t ms)
{
	fake_now += ms;
	for (struct eio_timer *t = fake_timers; t; t = t->next)
		if (!t->dead && t->at <= fake_now) {
			t->at = t->repeat ? fake_now + t->repeat : UINT64_MAX;
			t->fn(t->ctx);
		}
	for (struct eio_timer **at = &fake_timers, *t; (t = *at); ) {
		if (t->dead) {
			*at = t->next;
			free(t);
		} else {
			at = &t->next;
		}
	}
}

const char *eio_session_sid(const struct eio_session *s) { return s->sid; }
/* Of the handshakes; NULL: none. fake_bearer is that of old clients. */
static const char *fake_agent, *fake_bearer;
static bool fake_python;
bool eio_session_of_python(const struct eio_session *s)
{
	(void)s;
	return fake_python;
}
int eio_session_header(const struct eio_session *s, const char *name, struct slice *value_r)
{
	*value_r = slice_of(strcmp(name, "user-agent") == 0 ? fake_agent :
			    strcmp(name, "authorization") == 0 && s->version == 3 ? fake_bearer : NULL);
	return value_r->p != NULL;
}
int eio_session_version(const struct eio_session *s) { return s->version; }
void eio_session_set_data(struct eio_session *s, void *data) { s->data = data; }
void *eio_session_data(const struct eio_session *s) { return s->data; }
void eio_session_pause(struct eio_session *s) { s->pauses++; }
void eio_session_resume(struct eio_session *s) { s->pauses--; }

void eio_session_send(struct eio_session *s, struct eio_frame *f)
{
	if (s->closing)
		return;
	buf_puts(&s->sent, f->binary ? "<" : "");
	buf_put_slice(&s->sent, buf_slice(&f->bytes));
	buf_puts(&s->sent, f->binary ? ">\n" : "\n");
}

/* Its transport can take nothing: what is volatile is dropped. */
static bool fake_full;
void eio_session_send_volatile(struct eio_session *s, struct eio_frame *f)
{
	if (!fake_full)
		eio_session_send(s, f);
}

void eio_session_close(struct eio_session *s, enum eio_reason reason, int code)
{
	if (s->closing)
		return;
	s->closing = true;
	s->reason = reason;
	buf_putf(&s->sent, "!%d/%d\n", reason, code);
}

static inline struct eio_session *fake_open(int version)
{
	static int count;
	struct eio_session *s = mem_zero(1, sizeof(*s));

	snprintf(s->sid, sizeof(s->sid), "engine%d", ++count);
	s->version = version;
	s->proved_ms = fake_now;
	s->next = fake_sessions;
	fake_sessions = s;
	fake_server.cb.on_open(fake_server.ctx, s);
	return s;
}

static inline void fake_say(struct eio_session *s, const char *text)
{
	fake_server.cb.on_message(fake_server.ctx, s, slice_of(text), false);
}

static inline void fake_bytes(struct eio_session *s, const char *bytes)
{
	fake_server.cb.on_message(fake_server.ctx, s, slice_of(bytes), true);
}

/* The loop's turn: the session goes, for the room's reason if it closed it, else for the one given. */
static inline void fake_gone(struct eio_session *s, enum eio_reason reason)
{
	struct eio_session **at = &fake_sessions;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	fake_server.cb.on_close(fake_server.ctx, s, s->closing ? s->reason : reason);
	buf_fini(&s->sent);
	free(s);
}

void eio_server_drain(struct eio_server *s, unsigned timeout_ms, void (*done)(void *ctx), void *ctx)
{
	(void)s;
	(void)timeout_ms;
	while (fake_sessions)
		fake_gone(fake_sessions, EIO_SHUTDOWN);
	done(ctx);
}

void eio_server_free(struct eio_server *s)
{
	(void)s;
	while (fake_sessions)
		fake_gone(fake_sessions, EIO_SHUTDOWN);
	fake_tick(0);
}

#endif
