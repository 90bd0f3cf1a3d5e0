/*
 * fault: named steps at which a test has a program killed, held up or failed.
 *
 * Room: shared (foundation). Called where the step is; calls libc alone. Only a build with FAULTS=1 has steps
 * (tests/faults/hooks.js); in the product all three words vanish.
 *
 * A test arms a step by a file of its name in the folder $FAULT_DIR: `action value skip times`. `skip` passings go by
 * unharmed, then `times` passings are met, in whichever process comes by; a line in $FAULT_DIR/fired tells of each:
 *   kill 0     SIGKILL to itself
 *   delay MS   the process stands still
 *   drop 0     FAULT_FAILS is true: what is behind it is not done
 *   fail ERRNO the same, and errno is set
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

#ifndef TEST_FAULTS

#define FAULT(name) ((void)0)                /* a step that can be the last one */
#define FAULT_FAILS(name) false              /* a step that can fail; no effect of its own */
#define FAULT_MESSAGE(way, message) false    /* bus: as FAULT_FAILS("nano.WAY.KIND"), by the message's kind */

#else

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include "buf.h"

#define FAULT(name) ((void)fault_here(name))
#define FAULT_FAILS(name) fault_here(name)
#define FAULT_MESSAGE(way, message) fault_message(way, message)

struct fault { char action[8]; long value; unsigned skip, times; };

/* True when this passing is met: then it is counted down in the file, by one process at a time. */
static inline bool fault_claim(const char *path, struct fault *f)
{
	char text[96];
	int fd = open(path, O_RDWR | O_CLOEXEC), n;
	bool met = false;

	if (fd < 0)
		return false;
	if (flock(fd, LOCK_EX) == 0 && (n = (int)pread(fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		met = sscanf(text, "%7s %ld %u %u", f->action, &f->value, &f->skip, &f->times) == 4 && f->skip == 0;
		f->skip -= f->skip > 0;
		f->times -= met;
		n = snprintf(text, sizeof(text), "%s %ld %u %u\n", f->action, f->value, f->skip, f->times);
		if (ftruncate(fd, 0) != 0 || f->times == 0 || pwrite(fd, text, (size_t)n, 0) != n)
			unlink(path);
	}
	close(fd);
	return met;
}

static inline void fault_tell(const char *dir, const char *name, const struct fault *f)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/fired", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	dprintf(fd, "%s %d %s\n", name, (int)getpid(), f->action);
	close(fd);
}

static inline bool fault_here(const char *name)
{
	const char *dir = getenv("FAULT_DIR");
	struct fault f = { .times = 0 };
	struct timespec t;
	char path[512];
	int saved = errno;
	bool fails;

	if (!dir)
		return false;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!fault_claim(path, &f)) {
		errno = saved;
		return false;
	}
	fault_tell(dir, name, &f);
	if (strcmp(f.action, "kill") == 0)
		raise(SIGKILL);
	t = (struct timespec){ f.value / 1000, f.value % 1000 * 1000000 };
	if (strcmp(f.action, "delay") == 0)
		while (nanosleep(&t, &t) != 0 && errno == EINTR)
			;
	fails = strcmp(f.action, "drop") == 0 || strcmp(f.action, "fail") == 0;
	errno = fails && f.value ? (int)f.value : saved;
	return fails;
}

/* The second byte of a bus message is its kind (wire.h). */
static inline bool fault_message(const char *way, struct slice message)
{
	static const char *const kinds[] = { "none", "ready", "answers", "job", "ack", "signal" };
	size_t kind = message.n > 1 ? (unsigned char)message.p[1] : 0;
	char name[64];

	snprintf(name, sizeof(name), "nano.%s.%s", way, kinds[kind < sizeof(kinds) / sizeof(*kinds) ? kind : 0]);
	return fault_here(name);
}

#endif
#endif
