/*
 * log: one line per fact, `level subject text`, to stderr.
 *
 * Room: shared (foundation). Calls libc alone.
 * A line is put together on the stack and leaves in one write(), so that lines of several processes on one stderr never
 * mix.
 */
#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_TEXT_MAX 2048
#define LOG_LINE_MAX (4 * LOG_TEXT_MAX + 512)  /* each byte may become \xNN */

static const char *const level_names[] = { "error", "warn", "info", "debug", "trace" };
static const int level_priorities[] = { 3, 4, 6, 7, 7 };  /* of syslog(3) */

static const char *log_name = "";
static enum log_level log_threshold = LOG_LEVEL_INFO;
static bool log_journal;

/* Whether stderr is the journal's: the variable says its device and inode, and is there also where only stdout is. */
static bool is_journal(const char *stream)
{
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
		st.st_dev == dev && st.st_ino == ino;
}

void log_hold_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int log_open(const char *name, const char *level)
{
	log_name = name ? name : "";
	log_journal = is_journal(getenv("JOURNAL_STREAM"));
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_TRACE; i++)
		if (level && strcmp(level, level_names[i]) == 0) {
			log_threshold = (enum log_level)i;
			return 0;
		}
	return -1;
}

bool log_enabled(enum log_level level)
{
	return level <= log_threshold;
}

/*
 * Copies with control bytes (C1 in UTF-8 too) as \xNN: a peer must not draw on the terminal or forge lines.
 */
static size_t escape(char *to, size_t room, const char *text)
{
	size_t n = 0;
	int c1 = 0; /* bytes left of such a control */

	for (const unsigned char *p = (const unsigned char *)text; *p && n + 4 < room; p++) {
		if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			c1 = 2;
		if (*p >= 0x20 && *p != 0x7f && c1 == 0) {
			to[n++] = (char)*p;
			continue;
		}
		n += (size_t)snprintf(to + n, 5, "\\x%02x", *p);
		c1 -= c1 > 0;
	}
	return n;
}

static size_t head(char *to, size_t room, enum log_level level)
{
	struct timespec now;
	struct tm tm;
	size_t n;

	if (log_journal)
		return (size_t)snprintf(to, room, "<%d>%s ", level_priorities[level], level_names[level]);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(to, room, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(to + n, room - n, ".%03ldZ %.32s%s%s ", now.tv_nsec / 1000000, log_name,
			      *log_name ? " " : "", level_names[level]);
	return n;
}

void log_line(enum log_level level, const char *subject, const char *fmt, ...)
{
	char text[LOG_TEXT_MAX], line[LOG_LINE_MAX];
	va_list ap;
	size_t n;
	int wanted;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	wanted = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (wanted < 0)
		return;
	n = head(line, sizeof(line), level);
	n += escape(line + n, 4 * 64, subject && *subject ? subject : "-");
	line[n++] = ' ';
	n += escape(line + n, sizeof(line) - n - 8, text);
	if ((size_t)wanted >= sizeof(text)) {
		memcpy(line + n, " ...", 4);
		n += 4;
	}
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nowhere left to say it */
}

bool log_limited(struct log_limit *l, enum log_level level, unsigned burst)
{
	struct timespec now;

	if (!log_enabled(level))
		return false;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec != l->second) {
		unsigned long swallowed = l->swallowed;

		*l = (struct log_limit){ .second = now.tv_sec };
		if (swallowed)
			log_line(level, "log", "%lu lines like the next one were left out", swallowed);
	}
	if (l->count < burst) {
		l->count++;
		return true;
	}
	l->swallowed++;
	return false;
}
