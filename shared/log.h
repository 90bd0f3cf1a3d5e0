/*
 * log: one line per fact, `level subject text` or a JSON object, to stderr.
 *
 * Room: shared (foundation). Called by every room.
 * Never text of messages, tokens or passwords. Control bytes in arguments are escaped. Where stderr is journald's
 * (JOURNAL_STREAM names it) lines carry the `<N>` priority prefix, and in text no time stamp.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, LOG_LEVEL_TRACE };

/*
 * At the very start of a program: puts /dev/null in the place of standard streams that are closed, or lines would go to what
 * is opened there later.
 */
void log_hold_streams(void);
/* At the end of a program that answered on stdout: its exit code; or, when not all of it arrived, EXIT_FAILURE and a line. */
int log_flush_streams(const char *program, int code);
/*
 * `name` (borrowed, static) is put in front of each line; level by name: -1 when it is none of error warn
 * info debug trace.
 */
int log_open(const char *name, const char *level);
/*
 * "json": {"time", "program", "pid", "level", "subject", "text"} on each line from now on, always valid UTF-8; anything
 * else: text.
 */
void log_set_format(const char *format);
bool log_enabled(enum log_level level);
/* `subject`: sid and user, request id, or the part of the program ("bus", "feed"). */
void log_line(enum log_level level, const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(subject, ...) log_line(LOG_LEVEL_ERROR, subject, __VA_ARGS__)
#define log_warn(subject, ...) log_line(LOG_LEVEL_WARN, subject, __VA_ARGS__)
#define log_info(subject, ...) log_line(LOG_LEVEL_INFO, subject, __VA_ARGS__)
#define log_debug(subject, ...) log_if(LOG_LEVEL_DEBUG, subject, __VA_ARGS__)
#define log_trace(subject, ...) log_if(LOG_LEVEL_TRACE, subject, __VA_ARGS__)
/* Spares the arguments when nobody listens. */
#define log_if(level, subject, ...) do { if (log_enabled(level)) log_line(level, subject, __VA_ARGS__); } while (0)

/*
 * True at most `burst` times a second per limiter, and never for a level that is not logged; says at that level how many
 * were swallowed when it opens again. For lines that a peer can provoke at will.
 */
struct log_limit { long second; unsigned count; unsigned long swallowed; };
bool log_limited(struct log_limit *l, enum log_level level, unsigned burst);

#endif
