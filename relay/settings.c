/*
 * settings: every limit and address of the relay in one table.
 *
 * Room: relay. Calls conf, nano, ids and log.
 * The relay has no secret and no database: those names are known here and not read.
 */
#include "settings.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "conf.h"
#include "ids.h"
#include "log.h"
#include "nano.h"

/*
 * A reading of all sources, owner of its texts. The first stays as long as the process; of later ones the
 * latest.
 */
struct reading {
	struct conf *conf;
	char *jobs_address, *signals_address, *metrics_host;
};

static struct settings now;            /* where the rows point */
static struct reading first, latest;

#define TEXT(name, field, fallback, sentence) \
	{ name, CONF_TEXT, &now.field, fallback, 0, 0, NULL, false, sentence }
#define NUMBER(name, field, fallback, min, max, sentence) \
	{ name, CONF_NUMBER, &now.field, fallback, min, max, NULL, false, sentence }
#define CHOICE(name, field, fallback, choices, sentence) \
	{ name, CONF_CHOICE, &now.field, fallback, 0, 0, choices, false, sentence }
#define SWITCH(name, field, fallback, sentence) \
	{ name, CONF_SWITCH, &now.field, fallback, 0, 0, NULL, false, sentence }
#define FOREIGN(name) { name, CONF_FOREIGN, NULL, NULL, 0, 0, NULL, false, NULL }

static const struct conf_row rows[] = {
	CHOICE("UPRED_ENV", upred_env, NULL, "development|production",
		"Kind of installation; wins over FLASK_ENV."),
	CHOICE("FLASK_ENV", flask_env, NULL, "development|production",
		"The same under the name of the guide."),
	CHOICE("AUTH_MODE", auth_mode, NULL, "open|token",
		"How the handlers decide who somebody is; must be said in production."),
	CHOICE("LOG_LEVEL", log_level, "info", "error|warn|info|debug|trace",
		"Lines below this level are not written."),
	CHOICE("LOG_FORMAT", log_format, "text", "text|json", "Form of log lines."),
	TEXT("RUN_DIR", run_dir, "/run/upred", "Private directory (mode 0750) for sockets and marks."),
	TEXT("JOBS_ADDRESS", jobs_address, NULL,
		"Where workers ask for jobs; default ipc://RUN_DIR/jobs.ipc."),
	TEXT("SIGNALS_ADDRESS", signals_address, NULL,
		"Where signals come in; default ipc://RUN_DIR/signals.ipc."),
	SWITCH("RATE_LIMITS", rate_limits, "on", "Token buckets per user and address."),
	TEXT("HOST", host, "0.0.0.0", "Address to listen on."),
	NUMBER("PORT", port, "5000", 0, 65535, "Port to listen on; 0 takes a free one."),
	TEXT("METRICS_ADDRESS", metrics_address, NULL,
		"HOST:PORT where /metrics is answered instead; none: on PORT like all else."),
	TEXT("SSL_CERT_FILE", ssl_cert_file, NULL,
		"Certificate and its chain (PEM): the port speaks TLS and nothing else; read again on HUP."),
	TEXT("SSL_KEY_FILE", ssl_key_file, NULL, "Its private key (PEM, without a passphrase)."),
	TEXT("CORS_ALLOWED_ORIGINS", cors_allowed_origins, "*",
		"Origins that browsers may come from: * or a comma list."),
	TEXT("TRUSTED_PROXIES", trusted_proxies, "127.0.0.1,::1",
		"Addresses whose X-Forwarded-For is believed, comma list."),
	NUMBER("PING_INTERVAL_MS", ping_interval_ms, "25000", 100, 3600000, "Time between heartbeats."),
	NUMBER("PING_TIMEOUT_MS", ping_timeout_ms, "20000", 100, 3600000,
		"How long a heartbeat's answer may take."),
	NUMBER("MAX_PAYLOAD", max_payload, "1000000", 1024, 3000000,
		"Bytes of one message from a client, inclusive."),
	NUMBER("UPGRADE_TIMEOUT_MS", upgrade_timeout_ms, "10000", 100, 600000,
		"How long an upgrade to WebSocket may take."),
	NUMBER("CONNECT_TIMEOUT_MS", connect_timeout_ms, "45000", 100, 600000,
		"A client that joined no namespace in this time is closed."),
	NUMBER("HEADER_TIMEOUT_MS", header_timeout_ms, "20000", 100, 600000,
		"How long the head of a request may take."),
	NUMBER("BODY_TIMEOUT_MS", body_timeout_ms, "30000", 100, 600000,
		"How long the body of a request may take."),
	NUMBER("SEND_QUEUE_MAX", send_queue_max, "1048576", 65536, 67108864,
		"Bytes that may wait for a slow client before it is closed."),
	NUMBER("MAX_CONNECTIONS", max_connections, "20000", 1, 1000000, "Connections in all."),
	NUMBER("MAX_CONNECTIONS_PER_ADDRESS", max_connections_per_address, "1000", 1, 1000000,
		"Connections of one address."),
	SWITCH("RECOVERY", recovery, "on",
		"Connection state recovery: clients that were cut come back within 2 minutes and miss nothing."),
	NUMBER("FEED_INTERVAL_MS", feed_interval_ms, "1000", 50, 60000,
		"How often new rows are looked for in the database."),
	NUMBER("FEED_HOLE_S", feed_hole_s, "15", 1, 600,
		"How long an id may turn up late before cursors pass it."),
	FOREIGN("SECRET_KEY"), FOREIGN("DB_HOST"), FOREIGN("DB_PORT"), FOREIGN("DB_USER"),
	FOREIGN("DB_PASSWORD"), FOREIGN("DB_NAME"), FOREIGN("DB_SOCKET"), FOREIGN("DB_SSL_CA"),
	FOREIGN("FCGI_SOCKET"), FOREIGN("FCGI_SOCKET_MODE"), FOREIGN("METRICS_DIR"), FOREIGN("FCGI_WORKERS"),
	FOREIGN("BUS_WORKERS"), FOREIGN("RECIPIENT_ROWS_MAX"), FOREIGN("RELAY_SIGNALS"),
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

bool settings_production(const struct settings *s)
{
	const char *env = s->upred_env ? s->upred_env : s->flask_env;

	return env && strcmp(env, "production") == 0;
}

bool settings_tls(const struct settings *s)
{
	return s->ssl_cert_file != NULL;
}

/* An address that follows from the run directory; the caller owns it. */
static char *address_in(const char *run_dir, const char *name)
{
	struct buf b = BUF_INIT;

	buf_putf(&b, "ipc://%s/%s", run_dir, name);
	return buf_take(&b);
}

static void reading_free(struct reading *r)
{
	if (r->conf)
		conf_free(r->conf);
	free(r->jobs_address);
	free(r->signals_address);
	free(r->metrics_host);
	memset(r, 0, sizeof(*r));
}

/* ---- what a start would only stumble over ---- */

static bool is_address(const char *text)
{
	struct in6_addr any;

	return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

/* At the start only: it may ask a name server, who would keep everybody waiting, and is not read again. */
static int check_host(const char *name, const char *host, char *error_r, size_t error_size)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *list = NULL;
	int fault = host && *host && !first.conf ? getaddrinfo(host, "0", &hints, &list) : 0;

	if (fault) {
		snprintf(error_r, error_size, "%s: %.100s is no address: %s", name, host, gai_strerror(fault));
		return -1;
	}
	if (list)
		freeaddrinfo(list);
	return 0;
}

/* It is made at the start, but its parent is not. */
static int check_run_dir(char *error_r, size_t error_size)
{
	struct slice above = slice_of(now.run_dir);
	char *parent;
	struct stat st;
	int rc = 0;

	if (!*now.run_dir) {
		snprintf(error_r, error_size, "RUN_DIR: is empty");
		return -1;
	}
	if (settings_production(&now) && *now.run_dir != '/') {
		snprintf(error_r, error_size, "RUN_DIR: production wants a whole path, which begins with /");
		return -1;
	}
	while (above.n > 1 && above.p[above.n - 1] == '/')
		above.n--;
	while (above.n && above.p[above.n - 1] != '/')
		above.n--;
	parent = above.n ? mem_copy(above) : NULL;
	if (stat(now.run_dir, &st) != 0)
		rc = parent && stat(parent, &st) != 0 ? -1 : 0;
	else if (!S_ISDIR(st.st_mode))
		rc = -1;
	if (rc < 0)
		snprintf(error_r, error_size, "RUN_DIR: %.200s is no directory and cannot become one",
			now.run_dir);
	free(parent);
	return rc;
}

/* What is in the files is judged by who uses them. */
static int check_tls(char *error_r, size_t error_size)
{
	if (now.ssl_cert_file && !*now.ssl_cert_file)
		now.ssl_cert_file = NULL;
	if (now.ssl_key_file && !*now.ssl_key_file)
		now.ssl_key_file = NULL;
	if (!now.ssl_cert_file == !now.ssl_key_file)
		return 0;
	snprintf(error_r, error_size, now.ssl_cert_file ? "SSL_KEY_FILE: missing, SSL_CERT_FILE is set" :
		"SSL_CERT_FILE: missing, SSL_KEY_FILE is set");
	return -1;
}

/* "127.0.0.1:9464", "[::1]:9464", "name:9464" */
static int cut_metrics_address(struct reading *r, char *error_r, size_t error_size)
{
	const char *colon = now.metrics_address ? strrchr(now.metrics_address, ':') : NULL;
	struct slice host = { now.metrics_address, colon ? (size_t)(colon - now.metrics_address) : 0 };
	int64_t port;

	now.metrics_host = NULL;
	if (!now.metrics_address || !*now.metrics_address)
		return 0;
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct slice){ host.p + 1, host.n - 2 };
	else if (host.n && strcspn(now.metrics_address, "[]:") < host.n)
		host.n = 0;
	if (host.n == 0 || ids_parse(slice_of(colon + 1), &port) != 0 || port > 65535) {
		snprintf(error_r, error_size, "METRICS_ADDRESS: \"%.100s\" is not HOST:PORT", now.metrics_address);
		return -1;
	}
	if (port == now.port) {
		snprintf(error_r, error_size, "METRICS_ADDRESS: its port is PORT");
		return -1;
	}
	now.metrics_host = r->metrics_host = mem_copy(host);
	now.metrics_port = (int)port;
	return 0;
}

static int check_network(struct reading *r, char *error_r, size_t error_size)
{
	if (conf_check_list("TRUSTED_PROXIES", now.trusted_proxies, is_address, "IP address", error_r,
			error_size) < 0 ||
	    conf_check_origins("CORS_ALLOWED_ORIGINS", now.cors_allowed_origins, error_r, error_size) < 0)
		return -1;
	if (cut_metrics_address(r, error_r, error_size) < 0)
		return -1;
	if (check_host("METRICS_ADDRESS", now.metrics_host, error_r, error_size) < 0)
		return -1;
	return check_host("HOST", now.host, error_r, error_size);
}

static int judge(struct reading *r, char *error_r, size_t error_size)
{
	/*
	 * Socket paths must fit (107 bytes); what is longer would be refused below under a less telling
	 * name.
	 */
	if (strlen(now.run_dir) > NANO_RUN_DIR_MAX) {
		snprintf(error_r, error_size, "RUN_DIR: longer than %d bytes, a socket path would not fit",
			 NANO_RUN_DIR_MAX);
		return -1;
	}
	if (!now.jobs_address || !*now.jobs_address)
		now.jobs_address = r->jobs_address = address_in(now.run_dir, "jobs.ipc");
	if (!now.signals_address || !*now.signals_address)
		now.signals_address = r->signals_address = address_in(now.run_dir, "signals.ipc");
	if (settings_production(&now) && !now.auth_mode) {
		snprintf(error_r, error_size, "AUTH_MODE: production needs AUTH_MODE=token with a "
			"SECRET_KEY, or AUTH_MODE=open in so many words");
		return -1;
	}
	if (strcmp(now.jobs_address, now.signals_address) == 0) {
		snprintf(error_r, error_size, "SIGNALS_ADDRESS: the same as JOBS_ADDRESS");
		return -1;
	}
	if (check_tls(error_r, error_size) < 0 ||
	    check_network(r, error_r, error_size) < 0 || check_run_dir(error_r, error_size) < 0)
		return -1;
	if (nano_check_address("JOBS_ADDRESS", now.jobs_address, error_r, error_size) < 0)
		return -1;
	return nano_check_address("SIGNALS_ADDRESS", now.signals_address, error_r, error_size);
}

/*
 * SSL_CERT_FILE is also OpenSSL's own, for the authorities that clients trust, and stands in many environments:
 * there it is ours only when SSL_KEY_FILE stands beside it.
 */
static void drop_foreign_certificate(void)
{
	if (!getenv("SSL_CERT_FILE") || getenv("SSL_KEY_FILE"))
		return;
	log_info("conf", "SSL_CERT_FILE of the environment is OpenSSL's: there is no SSL_KEY_FILE beside it");
	unsetenv("SSL_CERT_FILE");
}

int settings_load(const char *env_file, struct settings *out, char *error_r, size_t error_size)
{
	struct settings before = now;
	struct reading r = { 0 };

	memset(&now, 0, sizeof(now));
	drop_foreign_certificate();
	r.conf = conf_load(rows, ROWS, env_file, error_r, error_size);
	if (!r.conf || judge(&r, error_r, error_size) < 0) {
		reading_free(&r);
		now = before;
		return -1;
	}
	if (!first.conf) {
		first = r;
	} else {
		reading_free(&latest);
		latest = r;
	}
	*out = now;
	return 0;
}

void settings_free(void)
{
	reading_free(&latest);
	reading_free(&first);
}

void settings_print(void)
{
	conf_print(rows, ROWS);
}

void settings_print_example(void)
{
	conf_print_example(rows, ROWS);
}
