/*
 * replace: see replace.h.
 *
 * Room: shared (foundation). Calls libc and fault.
 */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fault.h"

static int write_all(int fd, struct slice s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			s.p += n;
			s.n -= (size_t)n;
		}
	}
	return 0;
}

/* A step that a test may fail has the file's own name, without its folders; in the product `path` is not looked at. */
static int write_fresh(const char *fresh, const char *path, mode_t mode, struct slice bytes)
{
	int fd, failed;

	(void)path;
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	failed = write_all(fd, bytes) < 0 || fchmod(fd, mode) < 0 || FAULT_FAILS(strrchr(path, '/') + 1);
	return close(fd) < 0 || failed ? -1 : 0;
}

int replace_file(const char *path, mode_t mode, struct slice bytes)
{
	char fresh[PATH_MAX];
	int why;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (write_fresh(fresh, path, mode, bytes) == 0 && rename(fresh, path) == 0)
		return 0;
	why = errno;
	unlink(fresh);
	errno = why;
	return -1;
}
