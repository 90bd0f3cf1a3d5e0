/*
 * counters: see counters.h.
 *
 * Room: fcgi-api. Calls replace, log and libc.
 */
#include "counters.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "buf.h"
#include "log.h"
#include "replace.h"

static const int statuses[] = { 400, 401, 403, 404, 405, 413, 414, 415, 422, 429, 503 };
#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))

static const struct {
	const char *name, *help;
} rows[COUNTERS] = {
	[COUNTER_DEADLOCKS] = { "deadlocks", "Transactions begun again after a deadlock, a lock wait or a statement that took too long." },
	[COUNTER_LOST] = { "database_lost", "Transactions that met no database, or lost it." },
	[COUNTER_UNDONE] = { "undone", "Commands and requests that could not be done in their time." },
	[COUNTER_SIGNALS_LOST] = { "signals_lost", "Pushes that a relay did not take; its feed brings the messages among them." },
	[COUNTER_UNSAFE] = { "database_unsafe", "Connections of bus workers to a database whose crash can lose commits, by its settings." },
	[COUNTER_GONE] = { "clients_gone", "Clients that left before their answer was written." },
};

struct counts {
	_Atomic uint64_t of[COUNTERS], refused[STATUSES + 1]; /* the last: any other status */
};

static struct counts own;
static struct counts *counts = &own;

void counters_share(void)
{
	void *p = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		log_warn("counters", "no shared memory: %s", strerror(errno));
	else
		counts = p;
}

static void add(_Atomic uint64_t *to, size_t n)
{
	atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

void counters_add(enum counter c, size_t n)
{
	add(&counts->of[c], n);
}

void counters_refused(int status)
{
	size_t i = 0;

	while (i < STATUSES && statuses[i] != status)
		i++;
	add(&counts->refused[i], 1);
}

static uint64_t get(_Atomic uint64_t *from)
{
	return atomic_load_explicit(from, memory_order_relaxed);
}

static uint64_t sum(void)
{
	uint64_t n = 0;

	for (size_t i = 0; i < COUNTERS; i++)
		n += get(&counts->of[i]);
	for (size_t i = 0; i <= STATUSES; i++)
		n += get(&counts->refused[i]);
	return n;
}

static void put(struct buf *b, const char *pool)
{
	static const char head[] = "# HELP upred_api_%s_total %s\n# TYPE upred_api_%s_total counter\n";

	buf_putf(b, head, "refused", "Commands and requests refused, by HTTP status.", "refused");
	for (size_t i = 0; i < STATUSES; i++)
		buf_putf(b, "upred_api_refused_total{pool=\"%s\",status=\"%d\"} %llu\n", pool, statuses[i],
			(unsigned long long)get(&counts->refused[i]));
	buf_putf(b, "upred_api_refused_total{pool=\"%s\",status=\"other\"} %llu\n", pool,
		(unsigned long long)get(&counts->refused[STATUSES]));
	for (size_t i = 0; i < COUNTERS; i++) {
		buf_putf(b, head, rows[i].name, rows[i].help, rows[i].name);
		buf_putf(b, "upred_api_%s_total{pool=\"%s\"} %llu\n", rows[i].name, pool,
			(unsigned long long)get(&counts->of[i]));
	}
}

void counters_write(const char *dir, const char *pool)
{
	static uint64_t written;
	static char there[PATH_MAX];      /* the file that says so */
	static bool told;
	struct buf b = BUF_INIT;
	uint64_t now = sum();
	char path[PATH_MAX];

	if (!dir || !*dir)
		return;
	snprintf(path, sizeof(path), "%s/upred-api-%s.prom", dir, pool);
	if (now == written && strcmp(path, there) == 0)
		return;
	put(&b, pool);
	if (replace_file(path, 0644, buf_slice(&b)) == 0) {  /* counters alone, for a collector that is somebody else */
		written = now;
		memcpy(there, path, sizeof(there));
		told = false;
	} else if (!told) {
		log_warn("counters", "METRICS_DIR: %s: %s", path, strerror(errno));
		told = true;
	}
	buf_fini(&b);
}
