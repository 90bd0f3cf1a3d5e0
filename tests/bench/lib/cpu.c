/*
 * cpu: what the parts of a house have used.
 *
 * Called by the programs of tests/bench. /proc counts in ticks of usually 10 ms: good enough over seconds.
 */
#include "cpu.h"
#include "ws.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* utime + stime of a process in microseconds and its parent; 0 when it is gone. */
static uint64_t process_us(long pid, long *parent_r)
{
	char path[64], line[1024], *at;
	unsigned long user = 0, system = 0;
	FILE *f;

	*parent_r = 0;
	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	at = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	if (!at || sscanf(at + 1, " %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", parent_r, &user, &system) != 3)
		return 0;
	return (uint64_t)(user + system) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

static uint64_t children_us(long master)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	uint64_t sum = 0, one;
	long parent;

	while (proc && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		one = process_us(atol(entry->d_name), &parent);
		if (parent == master)
			sum += one;
	}
	if (proc)
		closedir(proc);
	return sum;
}

struct cpu cpu_now(void)
{
	long unused;

	return (struct cpu){
		.relay = process_us(atol(bench_env("RELAY_PID")), &unused),
		.workers = children_us(atol(bench_env("BUS_PID"))),
		.database = process_us(atol(bench_env("DB_PID")), &unused),
	};
}

struct cpu cpu_between(struct cpu before, struct cpu after)
{
	return (struct cpu){ after.relay - before.relay, after.workers - before.workers,
			     after.database - before.database };
}

void cpu_add(struct cpu *sum, struct cpu more)
{
	sum->relay += more.relay;
	sum->workers += more.workers;
	sum->database += more.database;
}

uint64_t cpu_of_thread(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}
