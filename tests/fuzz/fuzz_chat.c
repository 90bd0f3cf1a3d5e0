// objects: relay/chat/*.o relay/engineio/refusal.o relay/bus.o relay/workers.o relay/socketio/*.o shared/buf.o shared/replace.o shared/map.o shared/siphash.o shared/network.o shared/arena.o
// objects: shared/ids.o shared/json*.o shared/log.o shared/wire*.o
/*
 * The whole relay above its transport, between clients that say any packets and workers that say any bytes:
 * READY, answers, effects, rows, signals, in any order and over time. When all are gone, nothing is left.
 *
 * The input is a run of steps: a byte (bits 0-1: which of four clients, the odd ones of revision 3; bits 2-5: enum
 * step), a length, and so many bytes. Twenty @ in a row are the socket id of that client.
 */
#include "tests/fuzz/fake_relay.h"

#define CLIENTS 4
#define STEPS_MAX 60
#define TICK_MS 50

enum step { SAY, SAY_BYTES, GONE, READY, LEAVING, EFFECTS, ROWS, GOOD, ANSWERS, JOBS_RAW, SIGNAL, SIGNAL_RAW, TIME,
	    BACK, STEPS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct client {
	struct eio_session *session;
	char sid[IDS_SID_LEN + 1], pid[32], offset[64];
} clients[CLIENTS];

/* ---- clients ---- */

/* What a client remembers of the server. */
static void remember(struct client *c)
{
	const char *sent = c->session->sent.len ? c->session->sent.data : "", *at;

	if ((at = strstr(sent, "0{\"sid\":\"")))
		sscanf(at, "0{\"sid\":\"%20[^\"]", c->sid);
	if ((at = strstr(sent, "\"pid\":\"")))
		sscanf(at, "\"pid\":\"%31[^\"]", c->pid);
	if ((at = strstr(sent, "],\"")) || (at = strstr(sent, "},\"")))
		sscanf(at + 3, "%63[^\"]", c->offset);
}

static void client_goes(struct client *c)
{
	if (c->session)
		fake_gone(c->session, EIO_PEER_CLOSED);
	c->session = NULL;
}

/* `reads`: what came for it does not stay in its send queue. */
static void client_hears(struct client *c, bool reads)
{
	if (!c->session)
		return;
	remember(c);
	if (c->session->closing)
		client_goes(c);
	else if (reads)
		buf_reset(&c->session->sent);
}

static void client_says(struct client *c, struct slice s, bool binary)
{
	if (!c->session)
		c->session = fake_open((c - clients) & 1 ? 3 : 4);
	fake_server.cb.on_message(fake_server.ctx, c->session, s, binary);
	relay_settle();
}

static void client_returns(struct client *c)
{
	struct buf b = BUF_INIT;

	buf_putf(&b, "0{\"pid\":\"%s\",\"offset\":\"%s\"}", c->pid, c->offset);
	client_goes(c);
	client_says(c, buf_slice(&b), false);
	buf_fini(&b);
}

/* ---- the worker ---- */

static void put_good(struct buf *b, uint8_t type, const struct client *c, struct slice s)
{
	struct wire_rows rows = { .max_id = s.n ? (uint8_t)s.p[0] : 0, .upto = s.n ? (uint8_t)s.p[0] : 0 };
	struct wire_effect e = { .kind = WIRE_REPLY, .name = SLICE("ack"), .object = SLICE("{}") };
	struct buf payload = BUF_INIT;

	if (type == WIRE_CONNECT)
		e = (struct wire_effect){ .kind = WIRE_ACCEPT, .user = (c - clients) & 1 ? SLICE("3") : SLICE("4") };
	if (type == WIRE_SWEEP) {
		wire_put_rows(&payload, &rows);
		e = (struct wire_effect){ .kind = WIRE_ROWS, .payload = buf_slice(&payload) };
	}
	wire_put_effect(b, &e);
	buf_fini(&payload);
}

/* Answers each command of its job: with these effects, with rows of these bytes, or as it should. */
static void worker_answers(enum step step, const struct client *c, struct slice s)
{
	struct wire_ready r = worker_head(true);
	struct buf b = BUF_INIT;

	if (!given.job)
		return;
	wire_put_ready(&b, &r);
	for (size_t i = 0; step != ANSWERS && i < given.count; i++) {
		size_t mark = wire_open_answer(&b, given.commands[i].id);
		struct wire_effect rows = { .kind = WIRE_ROWS, .payload = s };

		if (step == GOOD || (step == ROWS && given.commands[i].type != WIRE_SWEEP))
			put_good(&b, given.commands[i].type, c, s);
		else if (step == ROWS)
			wire_put_effect(&b, &rows);
		else
			buf_put_slice(&b, s);
		wire_close_answer(&b, mark);
	}
	if (step == ANSWERS)
		buf_put_slice(&b, s);
	bus_say(JOBS_DOOR, buf_slice(&b));
	buf_fini(&b);
}

static void say_signal(struct slice s)
{
	struct buf b = BUF_INIT;

	wire_put_signal(&b);
	buf_put_slice(&b, s);
	bus_say(SIGNALS_DOOR, buf_slice(&b));
	buf_fini(&b);
}

/* ---- steps ---- */

static void put_ids(char *p, size_t n, const struct client *c)
{
	static const char mark[] = "@@@@@@@@@@@@@@@@@@@@";

	for (char *at = p; c->sid[0] && n >= IDS_SID_LEN && (at = memmem(at, n - (size_t)(at - p), mark, IDS_SID_LEN)); )
		memcpy(at, c->sid, IDS_SID_LEN);
}

static void take_step(unsigned char how, struct slice in)
{
	struct client *c = &clients[how & 3];
	char bytes[256];
	struct slice s = { bytes, in.n };

	memcpy(bytes, in.p, in.n);
	put_ids(bytes, in.n, c);
	switch ((enum step)((how >> 2 & 15) % STEPS)) {
	case SAY:
	case SAY_BYTES:
		client_says(c, s, (how >> 2 & 15) == SAY_BYTES);
		break;
	case GONE:
		client_goes(c);
		break;
	case READY:
	case LEAVING:
		worker_ready((how >> 2 & 15) == LEAVING);
		break;
	case EFFECTS:
	case ROWS:
	case GOOD:
	case ANSWERS:
		worker_answers((enum step)(how >> 2 & 15), c, s);
		break;
	case JOBS_RAW:
		bus_say(JOBS_DOOR, s);
		break;
	case SIGNAL:
		say_signal(s);
		break;
	case SIGNAL_RAW:
		bus_say(SIGNALS_DOOR, s);
		break;
	case TIME:
		relay_tick(s.n ? (uint8_t)s.p[0] * TICK_MS : TICK_MS);
		break;
	default:
		client_returns(c);
	}
	for (int i = 0; i < CLIENTS; i++)
		client_hears(&clients[i], !(how & 64));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hall *h;

	log_open("fuzz", "error");
	memset(clients, 0, sizeof(clients));
	fake_now = 100000;
	h = relay_open("/nonexistent");
	for (int k = 0; k < STEPS_MAX && size >= 2; k++) {
		size_t n = data[1] < size - 2 ? data[1] : size - 2;

		take_step(data[0], (struct slice){ (const char *)data + 2, n });
		data += 2 + n;
		size -= 2 + n;
	}
	relay_close(h);
	return 0;
}
