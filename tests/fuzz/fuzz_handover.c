// objects: relay/chat/*.o relay/engineio/refusal.o relay/bus.o relay/workers.o relay/socketio/*.o shared/buf.o shared/replace.o shared/map.o shared/siphash.o shared/network.o shared/arena.o
// objects: shared/ids.o shared/json*.o shared/log.o shared/wire*.o
/*
 * Any bytes as the file that one relay leaves to the next: taken whole or not at all, and the relay that took it
 * works on with it, leaves a file itself, and the next one takes that.
 *
 * The input: a byte, and then by its bits (0) the file; (1) changes to what a relay left when this program began, each
 * a place of two bytes and what stands there, behind a head that is right; or behind such a head the parts, each a
 * length of two bytes and so many bytes.
 */
#include "tests/fuzz/fake_relay.h"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>
#include "relay/chat/hall.h"
#include "relay/chat/handover.h"

#define PARTS 4

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PID "pppppppppppppppppppp"
#define TAG "tttttttt"

static char dir[64], path[96];
static struct buf left;                /* what a relay left, behind its head; sessions with the pid and the tag above */

static void remove_dir(void)
{
	char mark[96];

	snprintf(mark, sizeof(mark), "%s/feed.mark", dir);
	unlink(mark);
	unlink(path);
	rmdir(dir);
}

/* A head that is right. */
static void put_head(struct buf *b, struct slice body)
{
	struct handover_head head;
	struct timeval tv;

	gettimeofday(&tv, NULL);
	memset(&head, 0, sizeof(head));
	memcpy(head.magic, HANDOVER_MAGIC, sizeof(HANDOVER_MAGIC));
	head.written_ms = (uint64_t)tv.tv_sec * 1000 + (uint64_t)tv.tv_usec / 1000;
	head.untold_ms = head.written_ms;
	head.len = body.n;
	head.sum = 0xcbf29ce484222325u;
	for (size_t i = 0; i < body.n; i++)
		head.sum = (head.sum ^ (uint8_t)body.p[i]) * 0x100000001b3u;
	buf_put(b, &head, sizeof(head));
	buf_put_slice(b, body);
}

static void put_parts(struct buf *b, struct slice in)
{
	struct buf body = BUF_INIT;

	for (int i = 0; i < PARTS; i++) {
		uint64_t len = in.n >= 2 ? (uint64_t)(uint8_t)in.p[0] << 8 | (uint8_t)in.p[1] : 0;

		in = in.n >= 2 ? (struct slice){ in.p + 2, in.n - 2 } : in;
		len = len < in.n ? len : in.n;
		buf_put(&body, &len, sizeof(len));
		buf_put_slice(&body, (struct slice){ in.p, len });
		in = (struct slice){ in.p + len, in.n - len };
	}
	put_head(b, buf_slice(&body));
	buf_fini(&body);
}

static void write_file(struct slice bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n)
		abort();
	close(fd);
}

static void write_changed(struct slice changes)
{
	struct buf body = BUF_INIT, file = BUF_INIT;

	buf_put_slice(&body, buf_slice(&left));
	for (; changes.n >= 3; changes = (struct slice){ changes.p + 3, changes.n - 3 })
		body.data[((size_t)(uint8_t)changes.p[0] << 8 | (uint8_t)changes.p[1]) % body.len] = changes.p[2];
	put_head(&file, buf_slice(&body));
	write_file(buf_slice(&file));
	buf_fini(&body);
	buf_fini(&file);
}

/* A worker that finds nothing new, and lets everybody in. */
static void work(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		struct wire_rows rows = { .max_id = 2000, .upto = 2000 };
		struct wire_ready r;
		struct buf b = BUF_INIT, payload = BUF_INIT;

		worker_ready(false);
		r = worker_head(true);
		wire_put_ready(&b, &r);
		wire_put_rows(&payload, &rows);
		for (size_t k = 0; k < given.count; k++) {
			size_t mark = wire_open_answer(&b, given.commands[k].id);
			struct wire_effect e = { .kind = WIRE_REPLY };

			if (given.commands[k].type == WIRE_SWEEP)
				e = (struct wire_effect){ .kind = WIRE_ROWS, .payload = buf_slice(&payload) };
			if (given.commands[k].type == WIRE_CONNECT)
				e = (struct wire_effect){ .kind = WIRE_ACCEPT, .user = SLICE("4") };
			if (e.kind != WIRE_REPLY)
				wire_put_effect(&b, &e);
			wire_close_answer(&b, mark);
		}
		if (given.job)
			bus_say(JOBS_DOOR, buf_slice(&b));
		given.job = given.count = 0;
		buf_fini(&b);
		buf_fini(&payload);
		relay_tick(600);
	}
}

static void come_back(void)
{
	static const char *const words[] = {
		"0{\"pid\":\"" PID "\",\"offset\":\"" TAG "-1\"}",
		"0{\"pid\":\"qqqqqqqqqqqqqqqqqqqq\"}",
		"0",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		fake_say(fake_open(4), words[i]);
	relay_settle();
}

/* ---- a file as a relay leaves it ---- */

static void read_left(void)
{
	char bytes[8192];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;

	assert(n > sizeof(struct handover_head) && n < sizeof(bytes));
	fclose(f);
	buf_put(&left, bytes + sizeof(struct handover_head), n - sizeof(struct handover_head));
}

/* A random text in the file becomes one that the inputs know. */
static void name_it(const char *random, const char *known)
{
	char *at = memmem(left.data, left.len, random, strlen(known));

	assert(at);
	for (; at; at = memmem(left.data, left.len, random, strlen(known)))
		memcpy(at, known, strlen(known));
}

/* Two were in and are away, and a message and a change were pushed to them. */
static void leave_something(void)
{
	struct hall *h = relay_open(dir);
	struct eio_session *s = fake_open(4);
	struct buf signal = BUF_INIT, rooms = BUF_INIT;
	struct sio_stats stats;
	char pid[sizeof(PID)], tag[sizeof(TAG)];

	work(2);
	fake_say(s, "0");
	fake_say(fake_open(3), "0");
	work(2);
	wire_put_room(&rooms, SLICE("@4"));
	wire_put_signal(&signal);
	wire_put_effect(&signal, &(struct wire_effect){ .kind = WIRE_PUSH, .rooms = buf_slice(&rooms), .mensaje_id = 2001,
			.uuid = SLICE("0f6d1f6c-0b6e-5c51-9a0b-8f7d6a3c2e10"), .event = SLICE("[\"receive_message\",{}]") });
	wire_put_effect(&signal, &(struct wire_effect){ .kind = WIRE_PUSH, .rooms = buf_slice(&rooms),
			.flags = WIRE_PUSH_KEEP, .event = SLICE("[\"message_edited\",{}]") });
	bus_say(SIGNALS_DOOR, buf_slice(&signal));
	buf_putc(&s->sent, '\0');
	assert(sscanf(strstr(s->sent.data, "\"pid\":\""), "\"pid\":\"%20[^\"]", pid) == 1);
	assert(sscanf(strstr(s->sent.data, "{},\""), "{},\"%8[^\"]", tag) == 1);
	while (fake_sessions)
		fake_gone(fake_sessions, EIO_TRANSPORT_ERROR);
	relay_settle();
	handover_write(h);
	relay_close(h);
	read_left();
	name_it(pid, PID);
	name_it(tag, TAG);
	buf_fini(&signal);
	buf_fini(&rooms);
	/* as it is it is taken, and the one comes back */
	write_changed(SLICE_NONE);
	h = relay_open(dir);
	assert(h->feed_handed);
	come_back();
	work(3);
	sio_server_stats(h->server, &stats);
	assert(stats.recovered == 1);
	relay_close(h);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *tmp = getenv("TMPDIR");

	(void)argc, (void)argv;
	log_open("fuzz", "error");
	snprintf(dir, sizeof(dir), "%.40s/upred-fuzz-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof(path), "%s/relay.handover", dir);
	atexit(remove_dir);
	leave_something();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data + 1, size - 1 };
	struct buf b = BUF_INIT;
	struct hall *h;
	bool ready;

	if (size == 0)
		return 0;
	if (data[0] & 2) {
		write_changed(in);
	} else if (data[0] & 1) {
		buf_put_slice(&b, in);
	} else {
		put_parts(&b, in);
	}
	if (b.len)
		write_file(buf_slice(&b));
	buf_fini(&b);
	fake_now = 1000000;
	h = relay_open(dir);
	assert(access(path, F_OK) < 0);
	come_back();
	work(3);
	while (fake_sessions)
		fake_gone(fake_sessions, EIO_SHUTDOWN);
	relay_settle();
	ready = h->feed_ready || h->feed_handed;
	handover_write(h);
	relay_close(h);
	/* what a relay leaves, the next one takes */
	h = relay_open(dir);
	assert(h->feed_handed == ready);
	relay_close(h);
	return 0;
}
