/*
 * settings: the table of settings and their judgement.
 *
 * Room: fcgi-api. Calls arena, conf, nano (addresses) and libc.
 * Names are the guide's where the guide has one. The relay's names are known here, so that one .env serves both.
 */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "conf.h"
#include "log.h"
#include "nano.h"

/*
 * A reading of all sources: what it found, and what was made of it. The first stays as long as the process, whose door began
 * with it; of later ones the latest.
 */
struct reading {
	struct conf *conf;
	struct arena *made;
};

static struct settings settings;  /* being judged; what is good is copied and handed out */
static struct arena *made;        /* of the reading that is being judged */
static const char *env_path;
static struct reading first, latest;
static struct {
	const char *upred_env, *flask_env, *auth_mode, *secret, *run_dir, *jobs, *signals, *relays,
		*fcgi_socket, *mode;
	const char *log_level, *log_format, *metrics_dir, *db_host, *db_user, *db_password, *db_name, *db_socket, *db_ssl_ca, *origins;
	int64_t db_port, fcgi_workers, bus_workers, recipient_rows, feed_hole;
	bool rate_limits;
} raw;

/* Keys that everybody knows, because they stand in somebody's example; `_` stands for `-` as well, case does not count. */
static const char *const known_secrets[] = {
	"dev_secret_key", "dev_secret_key_change_in_production", "secret", "secret_key", "super_secret_key", "supersecretkey",
	"changeme", "change_me", "change_me_in_production", "tu_secret_key", "tu_secret_key_aqui", "your_secret_key",
	"your_secret_key_here", "tu_clave_secreta", "tu_clave_secreta_aqui", "cambia_esto", "cambiame"
};

#define ROW_TEXT(name, to, fallback, sentence) \
	{ name, CONF_TEXT, &raw.to, fallback, 0, 0, NULL, false, sentence }
#define ROW_SECRET(name, to, fallback, sentence) \
	{ name, CONF_TEXT, &raw.to, fallback, 0, 0, NULL, true, sentence }
#define ROW_NUMBER(name, to, fallback, min, max, sentence) \
	{ name, CONF_NUMBER, &raw.to, fallback, min, max, NULL, false, sentence }
#define ROW_CHOICE(name, to, fallback, choices, sentence) \
	{ name, CONF_CHOICE, &raw.to, fallback, 0, 0, choices, false, sentence }
#define ROW_FOREIGN(name) { name, CONF_FOREIGN, NULL, NULL, 0, 0, NULL, false, "" }

static const struct conf_row rows[] = {
	ROW_TEXT("DB_HOST", db_host, "localhost",
		 "Database hosts, comma separated; the one that answers is kept; each may carry :port."),
	ROW_NUMBER("DB_PORT", db_port, "3306", 1, 65535, "Port of the hosts that name none."),
	ROW_TEXT("DB_USER", db_user, NULL, "Database user; needs SELECT, INSERT and UPDATE."),
	ROW_SECRET("DB_PASSWORD", db_password, "", "Password of the database user."),
	ROW_TEXT("DB_NAME", db_name, NULL, "Database with the tables of the companion API."),
	ROW_TEXT("DB_SOCKET", db_socket, "", "Unix socket of the database; used instead of DB_HOST."),
	ROW_TEXT("DB_SSL_CA", db_ssl_ca, "",
		 "Authorities (PEM) of the hosts' certificates: connections by TCP are encrypted, and the name is checked."),
	ROW_CHOICE("AUTH_MODE", auth_mode, NULL, "open|token",
		   "Who a person is: open believes user_id, token wants the companion API's JWT."),
	ROW_SECRET("SECRET_KEY", secret, "", "Key of the tokens; upred-api make-secret makes one."),
	ROW_CHOICE("UPRED_ENV", upred_env, NULL, "development|production",
		   "What this installation is; wins over FLASK_ENV."),
	ROW_CHOICE("FLASK_ENV", flask_env, NULL, "development|production",
		   "The same under the old server's name."),
	ROW_CHOICE("LOG_LEVEL", log_level, "info", "error|warn|info|debug|trace",
		   "How much is told on stderr."),
	ROW_CHOICE("LOG_FORMAT", log_format, "text", "text|json", "Form of log lines."),
	ROW_TEXT("METRICS_DIR", metrics_dir, "",
		 "Where each pool writes its counters, upred-api-POOL.prom; empty: nowhere."),
	ROW_TEXT("RUN_DIR", run_dir, "/run/upred", "Private directory of sockets shared with the relay."),
	ROW_TEXT("JOBS_ADDRESS", jobs, NULL,
		 "Where the relay gives out jobs; default ipc://RUN_DIR/jobs.ipc."),
	ROW_TEXT("SIGNALS_ADDRESS", signals, NULL,
		 "Where the relay hears signals; default ipc://RUN_DIR/signals.ipc."),
	ROW_TEXT("RELAY_SIGNALS", relays, NULL,
		 "All relays' signal addresses, comma separated; default SIGNALS_ADDRESS."),
	ROW_TEXT("FCGI_SOCKET", fcgi_socket, NULL,
		 "Unix socket for the web server; default RUN_DIR/api.sock."),
	ROW_TEXT("FCGI_SOCKET_MODE", mode, "0660", "Mode of that socket, octal."),
	ROW_NUMBER("FCGI_WORKERS", fcgi_workers, "4", 1, 256, "FastCGI processes."),
	ROW_NUMBER("BUS_WORKERS", bus_workers, "0", 0, 256,
		   "Workers of the relay; 0: twice the cores, at least 4."),
	ROW_NUMBER("RECIPIENT_ROWS_MAX", recipient_rows, "100", 0, 10000,
		   "Groups up to so many members get recipient rows with each message."),
	ROW_NUMBER("FEED_HOLE_S", feed_hole, "15", 1, 600,
		   "How long an id may turn up late before cursors pass it."),
	ROW_TEXT("CORS_ALLOWED_ORIGINS", origins, "*",
		 "Other sites whose pages may ask, by REST and by sockets, comma separated; * for all."),
	{ "RATE_LIMITS", CONF_SWITCH, &raw.rate_limits, "on", 0, 0, NULL, false,
	  "Bounds per person and address, of REST requests, events and CONNECTs; off for tests and benches." },
	ROW_FOREIGN("HOST"),
	ROW_FOREIGN("PORT"),
	ROW_FOREIGN("METRICS_ADDRESS"),
	ROW_FOREIGN("PING_INTERVAL_MS"),
	ROW_FOREIGN("PING_TIMEOUT_MS"),
	ROW_FOREIGN("MAX_PAYLOAD"),
	ROW_FOREIGN("UPGRADE_TIMEOUT_MS"),
	ROW_FOREIGN("CONNECT_TIMEOUT_MS"),
	ROW_FOREIGN("HEADER_TIMEOUT_MS"),
	ROW_FOREIGN("BODY_TIMEOUT_MS"),
	ROW_FOREIGN("SEND_QUEUE_MAX"),
	ROW_FOREIGN("MAX_CONNECTIONS"),
	ROW_FOREIGN("MAX_CONNECTIONS_PER_ADDRESS"),
	ROW_FOREIGN("TRUSTED_PROXIES"),
	ROW_FOREIGN("FEED_INTERVAL_MS"),
	ROW_FOREIGN("SSL_CERT_FILE"),
	ROW_FOREIGN("SSL_KEY_FILE"),
	ROW_FOREIGN("RECOVERY"),
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static const char *joined(const char *head, const char *dir, const char *tail)
{
	size_t size = strlen(head) + strlen(dir) + strlen(tail) + 1;
	char *text = arena_alloc(made, size);

	snprintf(text, size, "%s%s%s", head, dir, tail);
	return text;
}

static bool given(const char *s)
{
	return s && *s;
}

static bool is_known(struct slice secret)
{
	for (size_t i = 0; i < sizeof(known_secrets) / sizeof(known_secrets[0]); i++) {
		const char *known = known_secrets[i];
		size_t n = 0;

		while (n < secret.n && known[n] && (secret.p[n] == '-' ? '_' : tolower((unsigned char)secret.p[n])) == known[n])
			n++;
		if (n == secret.n && !known[n])
			return true;
	}
	return false;
}

/* Who a person is, and whether this installation may think so. */
static int judge_identity(char *error_r, size_t error_size)
{
	const char *env = given(raw.upred_env)	 ? raw.upred_env
			  : given(raw.flask_env) ? raw.flask_env
						 : "development";

	settings.production = strcmp(env, "production") == 0;
	settings.token_mode = given(raw.auth_mode) && strcmp(raw.auth_mode, "token") == 0;
	settings.secret = slice_of(raw.secret ? raw.secret : "");
	if (settings.production && !given(raw.auth_mode)) {
		snprintf(error_r, error_size,
			 "AUTH_MODE: production needs AUTH_MODE=token with a SECRET_KEY, or "
			 "AUTH_MODE=open in so many words");
		return -1;
	}
	if (settings.token_mode && strspn(settings.secret.p, " \t") == settings.secret.n) {
		snprintf(error_r, error_size,
			 "SECRET_KEY: AUTH_MODE=token needs one (upred-api make-secret makes one)");
		return -1;
	}
	if (settings.production && is_known(settings.secret)) {
		snprintf(error_r, error_size,
			 "SECRET_KEY: this key stands in an example; make another with upred-api make-secret");
		return -1;
	}
	return 0;
}

static int judge_relay(const char *one, char *error_r, size_t error_size)
{
	if (settings.relay_count == SETTINGS_RELAYS_MAX) {
		snprintf(error_r, error_size, "RELAY_SIGNALS: more than %d relays", SETTINGS_RELAYS_MAX);
		return -1;
	}
	return nano_check_address("RELAY_SIGNALS", one, error_r, error_size);
}

static int judge_relays(char *error_r, size_t error_size)
{
	struct slice list = slice_of(given(raw.relays) ? raw.relays : settings.own_signals), part;

	while (slice_cut(&list, ',', &part)) {
		const char *one;

		if (part.n == 0)
			continue;
		one = arena_copy(made, part).p;
		if (judge_relay(one, error_r, error_size) != 0)
			return -1;
		settings.relays[settings.relay_count++] = one;
	}
	if (settings.relay_count == 0) {
		snprintf(error_r, error_size, "RELAY_SIGNALS: names no address");
		return -1;
	}
	return 0;
}

static int judge_bus(char *error_r, size_t error_size)
{
	if (!given(raw.run_dir) || (settings.production && *raw.run_dir != '/')) {
		snprintf(error_r, error_size, "RUN_DIR: %s",
			 given(raw.run_dir) ? "production wants a whole path, which begins with /" : "is empty");
		return -1;
	}
	if (strlen(raw.run_dir) > NANO_RUN_DIR_MAX) {
		snprintf(error_r, error_size, "RUN_DIR: longer than %d bytes, a socket path would not fit",
			 NANO_RUN_DIR_MAX);
		return -1;
	}
	settings.run_dir = raw.run_dir;
	settings.jobs_address = given(raw.jobs) ? raw.jobs : joined("ipc://", raw.run_dir, "/jobs.ipc");
	settings.own_signals =
		given(raw.signals) ? raw.signals : joined("ipc://", raw.run_dir, "/signals.ipc");
	settings.fcgi_socket =
		given(raw.fcgi_socket) ? raw.fcgi_socket : joined("", raw.run_dir, "/api.sock");
	if (nano_check_address("JOBS_ADDRESS", settings.jobs_address, error_r, error_size) != 0 ||
	    nano_check_address("SIGNALS_ADDRESS", settings.own_signals, error_r, error_size) != 0)
		return -1;
	if (strcmp(settings.jobs_address, settings.own_signals) == 0) {
		snprintf(error_r, error_size, "SIGNALS_ADDRESS: the same as JOBS_ADDRESS");
		return -1;
	}
	if (strlen(settings.fcgi_socket) > 107) {
		snprintf(error_r, error_size, "FCGI_SOCKET: the path is longer than 107 bytes");
		return -1;
	}
	return judge_relays(error_r, error_size);
}

static int judge_pools(char *error_r, size_t error_size)
{
	char *end;
	long mode = strtol(raw.mode, &end, 8), cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (*raw.mode < '0' || *raw.mode > '7' || *end || mode > 0777) {
		snprintf(error_r, error_size, "FCGI_SOCKET_MODE: not an octal mode: %s", raw.mode);
		return -1;
	}
	settings.fcgi_socket_mode = (unsigned)mode;
	settings.fcgi_workers = (unsigned)raw.fcgi_workers;
	settings.bus_workers = (unsigned)raw.bus_workers;
	if (settings.bus_workers == 0)
		settings.bus_workers = cores > 2 ? 2 * (unsigned)cores : 4;
	return 0;
}

static int judge_database(char *error_r, size_t error_size)
{
	if (!given(raw.db_user) || !given(raw.db_name)) {
		snprintf(error_r, error_size, "%s: is missing", given(raw.db_user) ? "DB_NAME" : "DB_USER");
		return -1;
	}
	if (raw.db_host && !store_hosts_fine(raw.db_host)) {
		snprintf(error_r, error_size, "DB_HOST: not a list of host, host:port or [v6]:port: %.200s", raw.db_host);
		return -1;
	}
	if (given(raw.db_ssl_ca) && access(raw.db_ssl_ca, R_OK) != 0) {
		snprintf(error_r, error_size, "DB_SSL_CA: %.200s: %s", raw.db_ssl_ca, strerror(errno));
		return -1;
	}
	settings.store = (struct store_settings){ .hosts = raw.db_host,
						  .port = (unsigned)raw.db_port,
						  .user = raw.db_user,
						  .password = raw.db_password,
						  .database = raw.db_name,
						  .socket = raw.db_socket,
						  .ssl_ca = raw.db_ssl_ca,
						  .recipient_rows_max = (unsigned)raw.recipient_rows };
	return 0;
}

static int judge_all(char *error_r, size_t error_size)
{
	if (judge_identity(error_r, error_size) != 0 || judge_bus(error_r, error_size) != 0 ||
	    judge_pools(error_r, error_size) != 0 ||
	    conf_check_origins("CORS_ALLOWED_ORIGINS", raw.origins, error_r, error_size) != 0)
		return -1;
	return judge_database(error_r, error_size);
}

static int judge_key(char *error_r, size_t error_size)
{
	(void)error_r;
	(void)error_size;
	settings.secret = slice_of(raw.secret ? raw.secret : "");
	return 0;
}

static int judge_again(char *error_r, size_t error_size)
{
	if (judge_all(error_r, error_size) != 0)
		return -1;
	return settings_check_place(&settings, error_r, error_size);
}

static void reading_free(struct reading *r)
{
	conf_free(r->conf);
	arena_free(r->made);
	*r = (struct reading){ 0 };
}

static const struct settings *read_all(const char *env_file, int (*judge)(char *error_r, size_t error_size),
				       char *error_r, size_t error_size)
{
	struct reading r = { .conf = conf_load(rows, ROW_COUNT, env_file, error_r, error_size) };
	struct settings *good;

	if (!r.conf)
		return NULL;
	r.made = made = arena_new();
	memset(&settings, 0, sizeof(settings));
	settings.log_level = raw.log_level;
	settings.log_format = raw.log_format;
	settings.metrics_dir = raw.metrics_dir;
	settings.origins = raw.origins;
	settings.rate_limits = raw.rate_limits;
	settings.feed_hole_s = (unsigned)raw.feed_hole;
	if (judge(error_r, error_size) != 0) {
		reading_free(&r);
		return NULL;
	}
	env_path = env_file;
	good = arena_alloc(made, sizeof(*good));
	*good = settings;
	if (first.conf) {
		reading_free(&latest);
		latest = r;
	} else {
		first = r;
	}
	return good;
}

const struct settings *settings_load(const char *env_file, char *error_r, size_t error_size)
{
	return read_all(env_file, judge_all, error_r, error_size);
}

const struct settings *settings_load_key(const char *env_file, char *error_r, size_t error_size)
{
	return read_all(env_file, judge_key, error_r, error_size);
}

int settings_check_place(const struct settings *s, char *error_r, size_t error_size)
{
	struct stat st;

	if (stat(s->run_dir, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	snprintf(error_r, error_size, "RUN_DIR: %.200s is not a directory", s->run_dir);
	return -1;
}

const struct settings *settings_reload(void)
{
	char why[512] = "";
	const struct settings *s = read_all(env_path, judge_again, why, sizeof(why));

	if (!s) {
		log_error("settings", "not taken over: %s", why);
		return NULL;
	}
	log_open("upred-api", s->log_level);
	log_set_format(s->log_format);
	log_info("settings", "read again");
	return s;
}

void settings_end(void)
{
	reading_free(&latest);
	reading_free(&first);
}

void settings_print(void)
{
	conf_print(rows, ROW_COUNT);
}

void settings_print_example(void)
{
	conf_print_example(rows, ROW_COUNT);
}
