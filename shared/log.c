/*
 * log: one line per fact, `level subject text` or a JSON object, to stderr.
 *
 * Room: shared (foundation). Calls libc alone (and the inline functions of json_text).
 * A line is put together on the stack and leaves in one write(), so that lines of several processes on one stderr never
 * mix.
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json_text.h"

#define LOG_TEXT_MAX 2048
#define LOG_SUBJECT_MAX 256
#define LOG_LINE_MAX (6 * (LOG_TEXT_MAX + LOG_SUBJECT_MAX) + 256)  /* each byte may become \xNN, in JSON \u00NN */

static const char *const level_names[] = { "error", "warn", "info", "debug", "trace" };
static const int level_priorities[] = { 3, 4, 6, 7, 7 };  /* of syslog(3) */

static const char *log_name = "";
static enum log_level log_threshold = LOG_LEVEL_INFO;
static bool log_journal, log_json;

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

int log_flush_streams(const char *program, int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	fprintf(stderr, "%s: stdout: %s\n", program, strerror(errno));
	return EXIT_FAILURE;
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

void log_set_format(const char *format)
{
	log_json = format && strcmp(format, "json") == 0;
}

bool log_enabled(enum log_level level)
{
	return level <= log_threshold;
}

/* ---- a line ---- */

struct line {
	char at[LOG_LINE_MAX];
	size_t n;
};

static void put(struct line *l, const char *text)
{
	l->n += strlen(strcpy(l->at + l->n, text));
}

static void put_time(struct line *l)
{
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	l->n += strftime(l->at + l->n, 64, "%Y-%m-%dT%H:%M:%S", &tm);
	l->n += (size_t)sprintf(l->at + l->n, ".%03ldZ", now.tv_nsec / 1000000);
}

/*
 * At most `most` bytes of a text, with control bytes (C1 in UTF-8 too) and what is no UTF-8 as \xNN: a peer must not draw
 * on the terminal or forge lines.
 */
static void put_escaped(struct line *l, const char *text, size_t most)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + strnlen(text, most);

	while (p < end) {
		int len = utf8_len(p, end);
		bool control = *p < 0x20 || *p == 0x7f || (len == 2 && p[0] == 0xc2 && p[1] < 0xa0);

		if (control || len == 0) {
			for (int i = 0; i < (len ? len : 1); i++)
				l->n += (size_t)sprintf(l->at + l->n, log_json ? "\\\\x%02x" : "\\x%02x", *p++);
			continue;
		}
		if (log_json && (*p == '"' || *p == '\\'))
			l->at[l->n++] = '\\';
		for (int i = 0; i < len; i++)
			l->at[l->n++] = (char)*p++;
	}
}

static void put_text(struct line *l, enum log_level level, const char *subject, const char *text, bool cut)
{
	if (!log_journal) {
		put_time(l);
		l->n += (size_t)sprintf(l->at + l->n, " %.32s%s", log_name, *log_name ? " " : "");
	}
	put(l, level_names[level]);
	put(l, " ");
	put_escaped(l, subject, LOG_SUBJECT_MAX);
	put(l, " ");
	put_escaped(l, text, LOG_TEXT_MAX);
	put(l, cut ? " ...\n" : "\n");
}

static void put_json(struct line *l, enum log_level level, const char *subject, const char *text, bool cut)
{
	put(l, "{\"time\":\"");
	put_time(l);
	l->n += (size_t)sprintf(l->at + l->n, "\",\"program\":\"%.32s\",\"pid\":%d,\"level\":\"%s\",\"subject\":\"", log_name,
				(int)getpid(), level_names[level]);
	put_escaped(l, subject, LOG_SUBJECT_MAX);
	put(l, "\",\"text\":\"");
	put_escaped(l, text, LOG_TEXT_MAX);
	put(l, cut ? " ...\"}\n" : "\"}\n");
}

/*
 * A signal costs no line, so that who is told to end waits for him who reads stderr. Where that takes no more there is
 * nowhere left to say it.
 */
static void say(const struct line *l)
{
	size_t said = 0;
	ssize_t n;

	while (said < l->n) {
		n = write(STDERR_FILENO, l->at + said, l->n - said);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		said += (size_t)n;
	}
}

void log_line(enum log_level level, const char *subject, const char *fmt, ...)
{
	char text[LOG_TEXT_MAX];
	struct line line;
	va_list ap;
	int wanted;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	wanted = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (wanted < 0)
		return;
	line.n = 0;
	if (log_journal)
		line.n = (size_t)sprintf(line.at, "<%d>", level_priorities[level]);
	(log_json ? put_json : put_text)(&line, level, subject && *subject ? subject : "-", text,
					 (size_t)wanted >= sizeof(text));
	say(&line);
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
