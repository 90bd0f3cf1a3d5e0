/*
 * pool: fork, wait, fork again.
 *
 * Room: fcgi-api. Calls log and libc.
 */
#include "pool.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define YOUNG_MS 1000        /* who dies younger than this is forked again later and later */
#define BACKOFF_MS 100
#define BACKOFF_MAX_MS 5000
#define TICK_MS 1000

struct slot {
	pid_t pid;               /* 0: none now */
	int64_t born_ms, due_ms;
	unsigned young_deaths;
	bool dismissed;          /* told to end, for a reload: no sign of trouble, however young */
};

static struct slot slots[POOL_MAX];
/* What each worker tells of itself, in memory shared by all. */
struct told {
	volatile int64_t busy_since; /* 0: idle */
	volatile int able;           /* 0 also where there is no worker */
};

static struct told *told;    /* of each slot */
static struct told *mine;    /* in a worker of a pool */

void pool_busy(bool busy)
{
	if (mine)
		mine->busy_since = busy ? clock_mono_ms() : 0;
}

void pool_able(bool able)
{
	if (mine)
		mine->able = able;
}

bool pool_others_able(void)
{
	for (unsigned i = 0; mine && i < POOL_MAX; i++)
		if (&told[i] != mine && told[i].able)
			return true;
	return false;
}

static void masked(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGCHLD);
}

static _Noreturn void be_worker(const struct pool *p, unsigned i, pid_t master)
{
	sigset_t set;

	mine = &told[i];
	*mine = (struct told){ .able = 1 };
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != master)
		_exit(0);
	signal(SIGINT, SIG_IGN); /* Ctrl-C and a hang-up go to the whole group: the master decides */
	signal(SIGHUP, SIG_IGN);
	masked(&set);
	sigdelset(&set, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	_exit(p->work(p->ctx));
}

static void start(const struct pool *p, unsigned i)
{
	pid_t master = getpid(), pid = fork();

	slots[i].born_ms = clock_mono_ms();
	if (pid == 0)
		be_worker(p, i, master);
	if (pid < 0) {
		log_error(p->name, "fork failed: %s", strerror(errno));
		slots[i].due_ms = slots[i].born_ms + BACKOFF_MAX_MS;
		return;
	}
	slots[i].pid = pid;
}

static void start_due(const struct pool *p)
{
	int64_t now = clock_mono_ms();

	for (unsigned i = 0; i < p->workers; i++)
		if (slots[i].pid == 0 && slots[i].due_ms <= now)
			start(p, i);
}

static void bury(const struct pool *p, unsigned i, int status, bool stopping)
{
	struct slot *s = &slots[i];
	int64_t now = clock_mono_ms(), wait = 0;

	if (s->dismissed && (WIFSIGNALED(status) ? WTERMSIG(status) == SIGTERM : WEXITSTATUS(status) == 0)) {
		s->young_deaths = 0;
	} else if (now - s->born_ms < YOUNG_MS) {
		wait = BACKOFF_MS << (s->young_deaths < 6 ? s->young_deaths : 6);
		if (wait > BACKOFF_MAX_MS)
			wait = BACKOFF_MAX_MS;
		s->young_deaths++;
	} else {
		s->young_deaths = 0;
	}
	if (!stopping) {
		if (WIFSIGNALED(status))
			log_warn(p->name, "worker %d died of signal %d; another in %lld ms", (int)s->pid,
				 WTERMSIG(status), (long long)wait);
		else if (WEXITSTATUS(status) == 0)
			log_info(p->name, "worker %d ended; another in %lld ms", (int)s->pid,
				 (long long)wait);
		else
			log_warn(p->name, "worker %d ended with code %d; another in %lld ms", (int)s->pid,
				 WEXITSTATUS(status), (long long)wait);
	}
	s->pid = 0;
	s->dismissed = false;
	s->due_ms = now + wait;
	told[i] = (struct told){ 0 };
}

static void reap(const struct pool *p, bool stopping)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned i = 0; i < p->workers; i++)
			if (slots[i].pid == pid)
				bury(p, i, status, stopping);
}

static void kill_stuck(const struct pool *p)
{
	int64_t now = clock_mono_ms();

	for (unsigned i = 0; p->stuck_s && i < p->workers; i++)
		if (slots[i].pid && told[i].busy_since && now - told[i].busy_since > p->stuck_s * 1000LL) {
			log_error(p->name, "worker %d is stuck; killed", (int)slots[i].pid);
			told[i].busy_since = 0;
			kill(slots[i].pid, SIGKILL);
		}
}

static unsigned signal_all(const struct pool *p, int sig)
{
	unsigned alive = 0;

	for (unsigned i = 0; i < p->workers; i++)
		if (slots[i].pid) {
			kill(slots[i].pid, sig);
			alive++;
		}
	return alive;
}

static void dismiss_all(const struct pool *p)
{
	signal_all(p, SIGTERM);
	for (unsigned i = 0; i < p->workers; i++)
		slots[i].dismissed = slots[i].pid != 0;
}

static void stop_all(const struct pool *p, const sigset_t *set)
{
	struct timespec tick = { 0, 50 * 1000000 };
	int64_t end = clock_mono_ms() + p->grace_s * 1000LL;
	unsigned alive = signal_all(p, SIGTERM);

	while (alive && clock_mono_ms() < end) {
		sigtimedwait(set, NULL, &tick);
		reap(p, true);
		alive = signal_all(p, 0);
	}
	if (alive) {
		log_warn(p->name, "%u workers did not end in %d s; killed", alive, p->grace_s);
		signal_all(p, SIGKILL);
		while (waitpid(-1, NULL, 0) > 0)
			;
	}
}

int pool_run(const struct pool *p)
{
	struct timespec tick = { TICK_MS / 1000, 0 }, soon = { 0, 20 * 1000000 };
	int64_t next_tick = 0;
	sigset_t set;
	int sig = 0;

	told = mmap(NULL, POOL_MAX * sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED) {
		log_error(p->name, "no shared memory: %s", strerror(errno));
		return 1;
	}
	masked(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	log_info(p->name, "%u workers", p->workers);
	while (sig != SIGTERM && sig != SIGINT) {
		bool waiting = false;

		start_due(p);
		for (unsigned i = 0; i < p->workers; i++)
			waiting |= slots[i].pid == 0;
		sig = sigtimedwait(&set, NULL, waiting ? &soon : &tick);
		/* each ends after its work and is forked again with what is new */
		if (sig == SIGHUP && p->reload(p->ctx))
			dismiss_all(p);
		reap(p, false);
		if (clock_mono_ms() < next_tick)
			continue;
		next_tick = clock_mono_ms() + TICK_MS;
		kill_stuck(p);
		p->tick(p->ctx);
	}
	stop_all(p, &set);
	p->tick(p->ctx);
	log_info(p->name, "ended");
	return 0;
}
