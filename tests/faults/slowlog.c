/*
 * slowlog: a database whose log's disk stands still, for a test. Loaded into mariadbd by LD_PRELOAD.
 *
 * While the file $SLOW_LOG exists, each write to InnoDB's log (ib_logfile0) takes 4 s more.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static void stand_still(int fd)
{
	const char *flag = getenv("SLOW_LOG");
	char link[40], name[4096];
	ssize_t n;

	if (!flag || access(flag, F_OK) != 0)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name) - 1);
	if (n <= 0)
		return;
	name[n] = '\0';
	if (strstr(name, "ib_logfile"))
		sleep(4);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pwrite");
	stand_still(fd);
	return real(fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off64_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
	stand_still(fd);
	return real(fd, data, n, at);
}
