/*
 * door_fcgi: accept, read, one transaction, answer.
 *
 * Room: fcgi-api. Calls pool, http, cors, attempt, router, signals, store, libfcgi.
 * SIGTERM is blocked except while waiting for a connection: a worker ends idle at once and cuts no request. No
 * connection is kept: a peer that holds one would hold the worker.
 */
#include "door_fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "attempt.h"
#include "clock.h"
#include "cors.h"
#include "counters.h"
#include "fault.h"
#include "log.h"
#include "pool.h"
#include "rates.h"
#include "router.h"
#include "signals.h"

#define BACKLOG 511
#define REQUEST_MS 5000   /* past it a request is rolled back instead of committed */
#define GRACE_S 10
#define STUCK_S 30
#define REST_MS 3000      /* so long a worker that met no database leaves the requests to those that have one */
#define SYSTEMD_FD 3

extern char **environ;

struct listener {
	const struct settings *settings;
	int fd;
	struct rates *rates;
};

/* What answers requests in this process. */
struct desk {
	const struct settings *settings;
	struct store *store;
	struct signals *signals;
	struct rates *rates;
	bool lacks;               /* the last request met no database */
};

static volatile sig_atomic_t stop_now;

static void on_term(int signum)
{
	(void)signum;
	stop_now = 1;
}

/* ---- one request ---- */

static void serve(struct desk *d, char *const *envp, const struct http_source *body, struct buf *out)
{
	struct call *c = call_new_rest(d->settings, d->store);
	int64_t began = clock_mono_ms();

	c->rates = d->settings->rate_limits ? d->rates : NULL;
	http_read(c->request, c->memory, envp, body);
	if (!cors_preflight(c->request, d->settings->origins, &c->answer.response)) {
		attempt_run(d->store, &c, 1, clock_mono_ms() + REQUEST_MS, router_request);
		d->lacks = c->unanswered && !store_is_open(d->store);
		if (c->unanswered)
			router_unavailable(c);
		else
			router_note(c);
		cors_allow(c->request, d->settings->origins, &c->answer.response);
	}
	http_write(&c->answer.response, out);
	FAULT("rest.done");
	if (!c->unanswered && d->signals)
		signals_send(d->signals, &c->answer);
	FAULT("rest.signalled");
	log_debug("rest", "%.*s user %lld: %d in %lld ms", (int)c->request->method.n, c->request->method.p,
		  (long long)c->user_id, c->answer.response.status, (long long)(clock_mono_ms() - began));
	call_free(c);
}

/* ---- FastCGI ---- */

static int read_fcgi(void *ctx, char *to, int room)
{
	FCGX_Stream *in = ctx;
	int n = FCGX_GetStr(to, room, in);

	/* an abort or an early close looks like an end, but for this */
	return n == 0 && FCGX_GetError(in) != 0 ? -1 : n;
}

static void serve_fcgi(struct desk *d, FCGX_Request *r, struct buf *out)
{
	static struct log_limit limit;

	buf_reset(out);
	serve(d, r->envp, &(struct http_source){ read_fcgi, r->in, true }, out);
	FCGX_PutStr(out->data, (int)out->len, r->out);
	FCGX_FFlush(r->out);
	FAULT("rest.answered");
	if (FCGX_GetError(r->out)) {
		counters_add(COUNTER_GONE, 1);
		if (log_limited(&limit, LOG_LEVEL_INFO, 5))
			log_info("fcgi", "a client left before its answer was written");
	}
	r->keepConnection = 0;
	FCGX_Finish_r(r);
}

/* Waits for a connection; SIGTERM is heard only here. False: it came. */
static bool wait_for_connection(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	sigset_t none, pending;

	sigemptyset(&none);
	/* ppoll on a descriptor that is ready already returns without delivering what is pending */
	if (sigpending(&pending) == 0 && sigismember(&pending, SIGTERM))
		return false;
	while (!stop_now && ppoll(&p, 1, NULL, &none) < 0)
		;
	return !stop_now;
}

/* The last request told whether there is a database. Who met none rests, as long as somebody else has one. */
static void rest_if_lacking(const struct desk *d)
{
	static const struct timespec slice = { 0, 100 * 1000000 };
	int64_t until = clock_mono_ms() + REST_MS;
	sigset_t none;

	pool_able(!d->lacks);
	sigemptyset(&none);
	while (d->lacks && !stop_now && pool_others_able() && clock_mono_ms() < until)
		ppoll(NULL, 0, &slice, &none);
}

static int work_on(struct desk *d, int fd)
{
	struct buf out = BUF_INIT;
	FCGX_Request r;
	int rc;

	FCGX_InitRequest(&r, fd, FCGI_FAIL_ACCEPT_ON_INTR);
	for (rc = 0; rc == 0 && wait_for_connection(fd); pool_busy(false), rest_if_lacking(d)) {
		/* already here: a peer may stop in the middle of its header and never go on */
		pool_busy(true);
		rc = FCGX_Accept_r(&r);
		if (rc == 0)
			serve_fcgi(d, &r, &out);
		else if (rc == -EAGAIN || rc == -EINTR)
			rc = 0; /* a sibling took it */
		else
			log_error("fcgi", "accept failed: %d", rc);
	}
	buf_fini(&out);
	return rc == 0 ? 0 : 1;
}

static int worker_life(void *ctx)
{
	const struct listener *l = ctx;
	struct sigaction sa = { .sa_handler = on_term };
	struct desk d = { .settings = l->settings, .rates = l->rates };
	sigset_t term;
	int rc;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	sigaction(SIGTERM, &sa, NULL);
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "100", 0);
	if (FCGX_Init() != 0)
		return 1;
	signal(SIGPIPE, SIG_IGN); /* after FCGX_Init, which replaces it */
	fcntl(l->fd, F_SETFL, fcntl(l->fd, F_GETFL) | O_NONBLOCK);
	d.store = store_open(&l->settings->store);
	d.signals = signals_open(l->settings, NULL);
	rc = work_on(&d, l->fd);
	signals_close(d.signals);
	store_close(d.store);
	return rc;
}

/* ---- the listener ---- */

/* The socket that systemd holds for us, or -1. */
static int systemd_listener(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	bool ours = pid && fds && atol(pid) == (long)getpid() && strcmp(fds, "1") == 0;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	return ours ? SYSTEMD_FD : -1;
}

/* True when something listens on the path (EAGAIN: and is behind); what nobody listens on is an old socket of ours. */
static bool is_alive(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive = fd >= 0 && (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 || errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return alive;
}

static int own_listener(const struct settings *s)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t mask;
	int fd, rc;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", s->fcgi_socket);
	if (lstat(s->fcgi_socket, &st) == 0) {
		if (!S_ISSOCK(st.st_mode) || is_alive(&at)) {
			log_error("fcgi", "FCGI_SOCKET %s is taken", s->fcgi_socket);
			return -1;
		}
		unlink(s->fcgi_socket);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mask = umask(0177);
	rc = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&at, sizeof(at));
	umask(mask);
	if (rc != 0 || chmod(s->fcgi_socket, s->fcgi_socket_mode) != 0 || listen(fd, BACKLOG) != 0) {
		log_error("fcgi", "FCGI_SOCKET %s: %s", s->fcgi_socket, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static bool reload(void *ctx)
{
	struct listener *l = ctx;
	const struct settings *s = settings_reload();

	if (s)
		l->settings = s;
	return s != NULL;
}

static void tick(void *ctx)
{
	counters_write(((struct listener *)ctx)->settings->metrics_dir, "fcgi");
}

/* Ours still, and not a successor's: somebody may have removed the path meanwhile, and another pool made its own. */
static bool is_ours(const char *path, const struct stat *bound)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_dev == bound->st_dev && st.st_ino == bound->st_ino;
}

int door_fcgi(const struct settings *s)
{
	struct stat bound = { 0 };
	struct listener l = { s, systemd_listener(), rates_new() };
	struct pool pool = { .name = "fcgi", .workers = s->fcgi_workers, .work = worker_life, .ctx = &l,
		.reload = reload, .tick = tick, .grace_s = GRACE_S, .stuck_s = STUCK_S };
	bool own = l.fd < 0;
	int rc;

	if (own)
		l.fd = own_listener(s);
	if (l.fd < 0 || (own && lstat(s->fcgi_socket, &bound) < 0))
		return 1;
	counters_share();
	rc = pool_run(&pool);
	/* while it still answers: once it is dead, a successor may put its own there */
	if (own && is_ours(s->fcgi_socket, &bound))
		unlink(s->fcgi_socket);
	close(l.fd);
	return rc;
}

int door_fcgi_stdin(const struct settings *s)
{
	struct listener l = { s, 0, rates_new() };

	return worker_life(&l);
}

/* ---- CGI ---- */

static int read_stdin(void *ctx, char *to, int room)
{
	ssize_t n;

	(void)ctx;
	do {
		n = read(0, to, (size_t)room);
	} while (n < 0 && errno == EINTR);
	return (int)n;
}

/* Whether the request may have something to signal. */
static bool may_write(const char *method)
{
	return method && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 && strcmp(method, "OPTIONS") != 0;
}

/*
 * The answer is out before the signals are waited for: our end of it is closed. mod_cgid then ends the program with TERM; it
 * ends by itself.
 */
static void leave_stdio(void)
{
	signal(SIGTERM, SIG_IGN);
	fclose(stdout);
	close(STDIN_FILENO);
}

int door_cgi(const struct settings *s)
{
	struct desk d = { .settings = s, .store = store_open(&s->store) };
	struct buf out = BUF_INIT;
	bool done;

	if (may_write(getenv("REQUEST_METHOD"))) {
		d.signals = signals_open(s, NULL);
		signals_put_off(d.signals);
	}
	serve(&d, environ, &(struct http_source){ read_stdin, NULL, false }, &out);
	done = fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
	leave_stdio();
	store_close(d.store);    /* others may be waiting for a connection */
	signals_close_late(d.signals);
	buf_fini(&out);
	return done ? 0 : 1;
}
