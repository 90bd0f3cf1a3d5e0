// objects: relay/chat/*.o relay/engineio/refusal.o relay/bus.o relay/workers.o relay/socketio/*.o shared/buf.o shared/replace.o shared/map.o shared/siphash.o shared/network.o shared/arena.o
// objects: shared/ids.o shared/json*.o shared/log.o shared/wire*.o
/*
 * Any bytes as the file that one relay leaves to the next: taken whole or not at all, and the relay that took it
 * works on with it, leaves a file itself, and the next one takes that.
 *
 * The input: a byte (bit 0: the bytes are the file; else its parts, each a length of two bytes and so many bytes,
 * behind a head that is right).
 */
#include "tests/fuzz/fake_relay.h"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>
#include "relay/chat/hall.h"
#include "relay/chat/handover.h"

#define MAGIC "upred handover 3"
#define PARTS 4

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64], path[96];

static void remove_dir(void)
{
	char mark[96];

	snprintf(mark, sizeof(mark), "%s/feed.mark", dir);
	unlink(mark);
	unlink(path);
	rmdir(dir);
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
	return 0;
}

/* The head as handover.c writes it: magic, time, length, sum (FNV-1a). */
static void put_head(struct buf *b, struct slice body)
{
	struct { char magic[sizeof(MAGIC)]; uint64_t written_ms, len, sum; } head;
	struct timeval tv;

	gettimeofday(&tv, NULL);
	memset(&head, 0, sizeof(head));
	memcpy(head.magic, MAGIC, sizeof(MAGIC));
	head.written_ms = (uint64_t)tv.tv_sec * 1000 + (uint64_t)tv.tv_usec / 1000;
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
		"0{\"pid\":\"pppppppppppppppppppp\",\"offset\":\"tttttttt-1\"}",
		"0{\"pid\":\"qqqqqqqqqqqqqqqqqqqq\"}",
		"0",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		fake_say(fake_open(4), words[i]);
	relay_settle();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data + 1, size - 1 };
	struct buf b = BUF_INIT;
	struct hall *h;
	bool ready;

	if (size == 0)
		return 0;
	if (data[0] & 1)
		buf_put_slice(&b, in);
	else
		put_parts(&b, in);
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
