/*
 * settings: the relay's settings, one table.
 *
 * Room: relay. Called by main.
 */
#ifndef RELAY_SETTINGS_H
#define RELAY_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct settings {
	const char *upred_env, *flask_env, *auth_mode;
	const char *log_level, *log_format;
	const char *run_dir, *jobs_address, *signals_address;
	bool rate_limits, recovery;
	const char *host;
	int64_t port;
	const char *metrics_address;                   /* "host:port"; NULL: none */
	const char *metrics_host;                      /* its parts */
	int metrics_port;
	const char *cors_allowed_origins, *trusted_proxies;
	const char *ssl_cert_file, *ssl_key_file;      /* both or none; none is NULL */
	int64_t ping_interval_ms, ping_timeout_ms, max_payload, upgrade_timeout_ms, connect_timeout_ms;
	int64_t header_timeout_ms, body_timeout_ms, send_queue_max;
	int64_t max_connections, max_connections_per_address;
	int64_t feed_interval_ms, feed_hole_s;
};

/*
 * Reads and judges all settings; `env_file` as conf_load. 0, or -1 and one line that names the setting. The
 * texts of the first call stay valid until settings_free, those of a later one until the next later one.
 */
int settings_load(const char *env_file, struct settings *out, char *error_r, size_t error_size);
void settings_free(void);
/* NAME=value lines to stdout, as loaded last. */
void settings_print(void);
/* The .env.example of the relay's rows to stdout. */
void settings_print_example(void);
/* True when the relay speaks TLS itself. */
bool settings_tls(const struct settings *s);
/* True when this relay runs in production by name. */
bool settings_production(const struct settings *s);

#endif
