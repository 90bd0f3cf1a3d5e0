/*
 * handover: what a relay that is restarted as planned leaves to the next one.
 *
 * Room: relay/chat. Calls feed, holes, pushed, awaited and socketio.
 * One file in the run directory, 0600, for this user's eyes, read once: a head, then parts, each with its length. All
 * of it is taken or nothing: sessions without the feed's memory would hear messages twice, the memory without them
 * helps nobody.
 */
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "awaited.h"
#include "clock.h"
#include "fault.h"
#include "feed.h"
#include "fnv.h"
#include "log.h"
#include "replace.h"

#define HANDOVER_MAX (512ll << 20)

enum { PART_HOLES, PART_PUSHED, PART_FEED, PART_SESSIONS, PARTS };

static uint64_t sum_of(struct slice s)
{
	return fnv64(FNV64_BASIS, s);
}

static void path_of(const struct hall *h, char *out, size_t size)
{
	snprintf(out, size, "%s/relay.handover", h->config.run_dir);
}

/* ---- leaving ---- */

static void put_parts(struct hall *h, struct buf *b)
{
	for (int part = 0; part < PARTS; part++) {
		size_t at = b->len;
		uint64_t len = 0;

		buf_put(b, &len, sizeof(len));
		switch (part) {
		case PART_HOLES:
			holes_save(h->holes, eio_loop_now_ms(h->loop), b);
			break;
		case PART_PUSHED:
			pushed_save(h->pushed, b);
			break;
		case PART_FEED:
			feed_save(h->feed, b);
			break;
		default:
			sio_namespace_save(h->ns, b);
			break;
		}
		len = b->len - at - sizeof(len);
		memcpy(b->data + at, &len, sizeof(len));
	}
}

void handover_write(struct hall *h)
{
	struct buf b = BUF_INIT;
	struct handover_head head;
	char path[512];

	/* What was taken over and is not worked off yet is left as it came. */
	if (!h->config.recovery || (!h->feed_ready && !h->feed_handed))
		return;
	memset(&head, 0, sizeof(head));
	buf_put(&b, &head, sizeof(head));
	put_parts(h, &b);
	memcpy(head.magic, HANDOVER_MAGIC, sizeof(HANDOVER_MAGIC));
	head.written_ms = (uint64_t)clock_wall_ms();
	head.untold_ms = h->untold_ms ? h->untold_ms : head.written_ms;
	head.len = b.len - sizeof(head);
	head.sum = sum_of((struct slice){ b.data + sizeof(head), head.len });
	memcpy(b.data, &head, sizeof(head));
	path_of(h, path, sizeof(path));
	if (replace_file(path, 0600, buf_slice(&b)) < 0)
		log_warn("relay", "%s: %s; nobody will be recovered", path, strerror(errno));
	else
		log_info("relay", "left %zu bytes to the next relay", b.len);
	FAULT("handover.left");
	buf_fini(&b);
}

/* ---- coming ---- */

static const char torn[] = "is torn";

/* Ours, whole, and nobody else's business; else NULL with a logged line. fd -1: it could not be opened. */
static char *read_bytes(int fd, const char *path, size_t *len_r)
{
	struct stat st;
	char *bytes;
	size_t at = 0;
	ssize_t n = 1;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) ||
	    st.st_size < (off_t)sizeof(struct handover_head) || st.st_size > HANDOVER_MAX) {
		log_warn("relay", "%s is not as a relay leaves it: not used", path);
		return NULL;
	}
	bytes = mem_alloc((size_t)st.st_size);
	while (at < (size_t)st.st_size && (n > 0 || (n < 0 && errno == EINTR))) {
		n = read(fd, bytes + at, (size_t)st.st_size - at);
		if (n > 0)
			at += (size_t)n;
	}
	*len_r = at;
	return bytes;
}

/* Of a file written then. A little ahead is just now: the clock was set back meanwhile (NTP). */
static uint64_t age_of(uint64_t written_ms)
{
	uint64_t now = (uint64_t)clock_wall_ms();

	if (written_ms <= now)
		return now - written_ms;
	return written_ms - now <= CHAT_RECOVERY_MS ? 0 : UINT64_MAX;
}

/* The head and the parts of a file, or why it cannot be used. */
static const char *split(struct slice in, struct handover_head *head, struct slice parts[PARTS])
{
	uint64_t len;

	if (in.n < sizeof(*head))
		return torn;
	memcpy(head, in.p, sizeof(*head));
	in = slice_behind(in, sizeof(*head));
	/* its last character is the version */
	if (memcmp(head->magic, HANDOVER_MAGIC, sizeof(HANDOVER_MAGIC) - 2) != 0)
		return torn;
	if (memcmp(head->magic, HANDOVER_MAGIC, sizeof(HANDOVER_MAGIC)) != 0)
		return "was left by another version";
	if (head->len != in.n || head->sum != sum_of(in))
		return torn;
	for (int i = 0; i < PARTS; i++) {
		if (in.n < sizeof(len))
			return torn;
		memcpy(&len, in.p, sizeof(len));
		if (in.n - sizeof(len) < len)
			return torn;
		parts[i] = (struct slice){ in.p + sizeof(len), len };
		in = slice_behind(in, sizeof(len) + len);
	}
	return in.n ? torn : NULL;
}

/*
 * Sessions last: they cannot be given back. Without them the rows to be fetched are none of ours; holes and pushed
 * set begin anew with the first sweep, which nothing was handed to.
 */
static int take_parts(struct hall *h, const struct slice parts[PARTS], uint64_t age_ms)
{
	if (holes_load(h->holes, eio_loop_now_ms(h->loop), age_ms, parts[PART_HOLES]) < 0 ||
	    pushed_load(h->pushed, parts[PART_PUSHED]) < 0 || feed_load(h->feed, parts[PART_FEED]) < 0)
		return -1;
	if (sio_namespace_load(h->ns, parts[PART_SESSIONS], age_ms) == 0)
		return 0;
	feed_load(h->feed, SLICE_NONE);
	return -1;
}

void handover_read(struct hall *h)
{
	struct slice parts[PARTS];
	struct handover_head head;
	struct sio_stats stats;
	char path[512], *bytes;
	const char *why;
	uint64_t age_ms;
	size_t len = 0;
	int fd;

	path_of(h, path, sizeof(path));
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return;
	FAULT("handover.found");
	unlink(path);
	FAULT("handover.taken");
	bytes = read_bytes(fd, path, &len);
	if (fd >= 0)
		close(fd);
	h->stats.handovers_bad += !bytes;
	if (!bytes || !h->config.recovery) {
		free(bytes);
		return;
	}
	why = split((struct slice){ bytes, len }, &head, parts);
	age_ms = why ? 0 : age_of(head.written_ms);
	if (age_ms > CHAT_RECOVERY_MS)
		why = "is too old, or the clock was set back far";
	if (!why && take_parts(h, parts, age_ms) < 0)
		why = torn;
	h->stats.handovers_bad += why == torn;
	if (why) {
		log_line(why == torn ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "relay", "%s %s: nobody is recovered", path, why);
	} else {
		h->feed_handed = true;
		h->untold_ms = head.untold_ms;
		awaited_take(h, age_ms);
		sio_server_stats(h->server, &stats);
		log_line(stats.away ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "relay", "took over %llu sessions, %llu ms old",
			(unsigned long long)stats.away, (unsigned long long)age_ms);
	}
	free(bytes);
}
