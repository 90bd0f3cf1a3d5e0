/*
 * upred-relay: holds every connection, decides nothing.
 *
 * Room: relay. Calls settings, then chat; the loop does the rest. Calls notify. See upred-relay.8.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chat/chat.h"
#include "log.h"
#include "notify.h"
#include "replace.h"
#include "settings.h"

#define EXIT_SETTINGS 2
#define RECOVERY_BYTES (64u << 20)      /* messages kept for clients that were cut */
#define SEND_QUEUES_MAX (512u << 20)    /* what waits for all clients together, shared out */
#define PATIENCE_MS 8000               /* of each of the three steps of leaving: at most 30 s in all */

struct program {
	const char *env_file;
	struct settings settings;
	struct eio_loop *loop;
	struct hall *hall;
	struct eio_timer *watchdog;    /* NULL: nobody watches */
};

enum mode { MODE_RUN, MODE_PRINT, MODE_CHECK, MODE_EXAMPLE, MODE_VERSION, MODE_HELP };

static void usage(FILE *out)
{
	fputs("usage: upred-relay [--env FILE] [--print-config | --check-config | --print-example]\n"
		"       upred-relay --version | --help\n", out);
}

/* 0, or the exit code. */
static int read_arguments(int argc, char **argv, struct program *p, enum mode *mode)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--env") == 0 && i + 1 < argc) {
			p->env_file = argv[++i];
		} else if (strcmp(argv[i], "--print-config") == 0) {
			*mode = MODE_PRINT;
		} else if (strcmp(argv[i], "--check-config") == 0) {
			*mode = MODE_CHECK;
		} else if (strcmp(argv[i], "--print-example") == 0) {
			*mode = MODE_EXAMPLE;
		} else if (strcmp(argv[i], "--version") == 0) {
			*mode = MODE_VERSION;
		} else if (strcmp(argv[i], "--help") == 0) {
			*mode = MODE_HELP;
		} else {
			fprintf(stderr, "upred-relay: %s %s\n", strcmp(argv[i], "--env") == 0 ?
				"a file is missing behind" : "unknown argument", argv[i]);
			usage(stderr);
			return EXIT_SETTINGS;
		}
	}
	return 0;
}

/* ---- the run directory ---- */

static int run_dir_make(const char *dir)
{
	struct stat st;

	if (mkdir(dir, 0750) == 0 || (errno == EEXIST && stat(dir, &st) == 0 && S_ISDIR(st.st_mode)))
		return 0;
	log_error("relay", "RUN_DIR %s: %s", dir, strerror(errno));
	return -1;
}

/* Held for life: two relays in one directory would take each other's sockets away. */
static int run_dir_lock(const char *dir)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/relay.lock", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0) {
		log_error("relay", "RUN_DIR: %s: %s", path, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		log_error("relay", "RUN_DIR %s: another relay runs here", dir);
		close(fd);
		return -1;
	}
	return fd;
}

static void write_port(const char *dir, int port)
{
	char path[512], line[16];
	int n;

	snprintf(path, sizeof(path), "%s/relay.port", dir);
	n = snprintf(line, sizeof(line), "%d\n", port);
	if (replace_file(path, 0644, (struct slice){ line, (size_t)n }) < 0)
		log_warn("relay", "%s: %s", path, strerror(errno));
}

static void remove_port(const char *dir)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/relay.port", dir);
	unlink(path);
}

/* ---- settings to the rooms ---- */

static struct chat_config chat_config_of(const struct settings *s)
{
	return (struct chat_config){
		.run_dir = s->run_dir,
		.rate_limits = s->rate_limits,
		.recovery = s->recovery,
		.metrics_aside = s->metrics_host != NULL,
		.feed_interval_ms = (unsigned)s->feed_interval_ms,
		.feed_hole_s = (unsigned)s->feed_hole_s,
	};
}

static struct sio_config sio_config_of(const struct settings *s)
{
	return (struct sio_config){
		.transport = {
			.host = s->host,
			.port = (int)s->port,
			.aside_host = s->metrics_host,
			.aside_port = s->metrics_port,
			.path = "/socket.io/",
			.cors_origins = s->cors_allowed_origins,
			.trusted_proxies = s->trusted_proxies,
			.tls_cert_file = s->ssl_cert_file,
			.tls_key_file = s->ssl_key_file,
			.ping_interval_ms = (unsigned)s->ping_interval_ms,
			.ping_timeout_ms = (unsigned)s->ping_timeout_ms,
			.upgrade_timeout_ms = (unsigned)s->upgrade_timeout_ms,
			.header_timeout_ms = (unsigned)s->header_timeout_ms,
			.body_timeout_ms = (unsigned)s->body_timeout_ms,
			.max_payload = (size_t)s->max_payload,
			.send_queue_max = (size_t)s->send_queue_max,
			.send_queues_max = SEND_QUEUES_MAX,
			.max_connections = (unsigned)s->max_connections,
			.max_connections_per_address = (unsigned)s->max_connections_per_address,
			.allow_v3 = true,
		},
		.connect_timeout_ms = (unsigned)s->connect_timeout_ms,
		.max_rooms = 1000,
		.max_attachments = 16,
		.recovery_ms = s->recovery ? CHAT_RECOVERY_MS : 0,
		.recovery_bytes = RECOVERY_BYTES,
	};
}

/* ---- signals ---- */

static void on_left(void *ctx)
{
	struct program *p = ctx;

	eio_loop_stop(p->loop);
}

static void on_stop(void *ctx, int signum)
{
	struct program *p = ctx;

	log_info("relay", "signal %d", signum);
	notify_say("STOPPING=1");
	chat_drain(p->hall, PATIENCE_MS, on_left, p);
}

/* What the settings name is used as it is now (true), or stays as it was, with a logged line where it differs. */
static bool renew_tls(struct program *p, const struct settings *fresh)
{
	if (settings_tls(fresh) == settings_tls(&p->settings))
		return settings_tls(fresh) && chat_renew_tls(p->hall, fresh->ssl_cert_file, fresh->ssl_key_file) == 0;
	log_warn("relay", "SSL_CERT_FILE, SSL_KEY_FILE: TLS begins or ends with a restart only");
	return false;
}

/*
 * What may change while running: log level, token buckets, the feed's pace, the certificate. A bad file
 * changes nothing.
 */
static void on_reload(void *ctx, int signum)
{
	struct program *p = ctx;
	struct settings fresh;
	struct chat_config c;
	char error[256];

	(void)signum;
	if (settings_load(p->env_file, &fresh, error, sizeof(error)) < 0) {
		log_error("relay", "settings stay as they were: %s", error);
		return;
	}
	p->settings.log_level = fresh.log_level;
	p->settings.log_format = fresh.log_format;
	p->settings.rate_limits = fresh.rate_limits;
	p->settings.feed_interval_ms = fresh.feed_interval_ms;
	log_open("upred-relay", fresh.log_level);
	log_set_format(fresh.log_format);
	c = chat_config_of(&p->settings);
	chat_configure(p->hall, &c);
	log_info("relay", "LOG_LEVEL, LOG_FORMAT, RATE_LIMITS, FEED_INTERVAL_MS%s read again; the others need a restart",
		renew_tls(p, &fresh) ? ", SSL files" : "");
}

static int watch_signals(struct program *p)
{
	signal(SIGPIPE, SIG_IGN);
	if (eio_loop_on_signal(p->loop, SIGTERM, on_stop, p) < 0 ||
	    eio_loop_on_signal(p->loop, SIGINT, on_stop, p) < 0)
		return -1;
	return eio_loop_on_signal(p->loop, SIGHUP, on_reload, p);
}

/* ---- life ---- */

/* The loop goes round. */
static void on_watchdog(void *ctx)
{
	(void)ctx;
	notify_say("WATCHDOG=1");
}

/* To the service manager, if there is one: clients may come; and from now on, that the loop goes round. */
static void tell_ready(struct program *p)
{
	uint64_t half_ms = notify_watchdog_ms() / 2;

	notify_say("READY=1");
	if (half_ms > 0)
		p->watchdog = eio_timer_new(p->loop, half_ms, half_ms, on_watchdog, NULL);
}

static int serve(struct program *p)
{
	const struct settings *s = &p->settings;
	struct bus_config bus = { .jobs_address = s->jobs_address, .signals_address = s->signals_address };
	struct chat_config chat = chat_config_of(s);
	struct sio_config sio = sio_config_of(s);

	p->loop = eio_loop_new();
	/* Signals first: chat_open takes the file that the relay before left, which must not be lost. */
	if (!p->loop || watch_signals(p) < 0)
		return EXIT_FAILURE;
	p->hall = chat_open(p->loop, &chat, &bus, &sio);
	if (!p->hall)
		return EXIT_FAILURE;
	write_port(s->run_dir, chat_port(p->hall));
	if (!settings_production(s) && !s->auth_mode)
		log_warn("relay", "AUTH_MODE is not set: development, identity is as the handlers decide");
	log_info("relay", "upred-relay %s listens on %s port %d%s, room for %lu connections, bus %s",
		UPRED_VERSION, s->host, chat_port(p->hall), settings_tls(s) ? " (TLS)" : "", chat_capacity(p->hall), s->jobs_address);
	tell_ready(p);
	eio_loop_run(p->loop);
	if (p->watchdog)
		eio_timer_free(p->watchdog);
	remove_port(s->run_dir);
	chat_close(p->hall);
	eio_loop_free(p->loop);
	log_info("relay", "ended");
	return EXIT_SUCCESS;
}

/* The settings name files that serve. 0, or -1 and a line that names the setting. */
static int check_tls(const struct settings *s, char *error_r, size_t error_size)
{
	char why[400];
	enum eio_tls_fault fault = EIO_TLS_FINE;

	if (settings_tls(s))
		fault = eio_tls_check(s->ssl_cert_file, s->ssl_key_file, why, sizeof(why));
	if (fault == EIO_TLS_FINE)
		return 0;
	snprintf(error_r, error_size, "%s: %s", fault == EIO_TLS_CERT ? "SSL_CERT_FILE" : "SSL_KEY_FILE", why);
	return -1;
}

/* What needs no settings: true when that was it. */
static bool run_question(enum mode mode)
{
	if (mode == MODE_EXAMPLE)
		settings_print_example();
	else if (mode == MODE_VERSION)
		puts("upred-relay " UPRED_VERSION);
	else if (mode == MODE_HELP)
		usage(stdout);
	else
		return false;
	return true;
}

/* What is asked of the settings alone, or the whole life. */
static int run_mode(struct program *p, enum mode mode)
{
	if (mode == MODE_PRINT) {
		settings_print();
		return EXIT_SUCCESS;
	}
	if (mode == MODE_CHECK) {
		puts("ok");
		return EXIT_SUCCESS;
	}
	log_open("upred-relay", p->settings.log_level);
	log_set_format(p->settings.log_format);
	if (run_dir_make(p->settings.run_dir) < 0 || run_dir_lock(p->settings.run_dir) < 0)
		return EXIT_FAILURE;
	return serve(p);
}

int main(int argc, char **argv)
{
	struct program p = { 0 };
	enum mode mode = MODE_RUN;
	char error[512];
	int code;

	log_hold_streams();
	code = read_arguments(argc, argv, &p, &mode);
	if (code != 0)
		return code;
	log_open("upred-relay", "info");
	if (run_question(mode))
		return log_flush_streams("upred-relay", EXIT_SUCCESS);
	if (settings_load(p.env_file, &p.settings, error, sizeof(error)) < 0 ||
	    (mode != MODE_PRINT && check_tls(&p.settings, error, sizeof(error)) < 0)) {
		fprintf(stderr, "upred-relay: %s\n", error);
		return EXIT_SETTINGS;
	}
	code = log_flush_streams("upred-relay", run_mode(&p, mode));
	settings_free();
	return code;
}
