/*
 * settings: what upred-api can be told, one row each.
 *
 * Room: fcgi-api. Called by main and the doors (reload); read by doors, identity and handlers; calls conf.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "buf.h"
#include "store.h"

#define SETTINGS_RELAYS_MAX 16

struct settings {
	bool production;
	bool token_mode;               /* AUTH_MODE=token: identity is proven */
	bool rate_limits;              /* RATE_LIMITS */
	unsigned feed_hole_s;          /* FEED_HOLE_S */
	struct slice secret;           /* SECRET_KEY */
	const char *log_level, *log_format;
	const char *origins;     /* CORS_ALLOWED_ORIGINS, as cors.h wants it */
	const char *metrics_dir; /* where the pools write what they counted; empty: nowhere */
	const char *run_dir;
	const char *jobs_address;
	const char *own_signals;       /* SIGNALS_ADDRESS: the relay whose jobs these workers do */
	const char *relays[SETTINGS_RELAYS_MAX];  /* RELAY_SIGNALS */
	size_t relay_count;
	const char *fcgi_socket;
	unsigned fcgi_socket_mode;
	unsigned fcgi_workers, bus_workers;
	struct store_settings store;
};

/*
 * Reads and judges everything, at the start. NULL when a setting is wrong: error_r then holds one line that names it. What it
 * returns lives until settings_end, also after a reload.
 */
const struct settings *settings_load(const char *env_file, char *error_r, size_t error_size);
/* The same for make-token, which needs the key and the log level alone: nothing else is judged or filled in. */
const struct settings *settings_load_key(const char *env_file, char *error_r, size_t error_size);
/*
 * Whether RUN_DIR is there: 0, or -1 and a line. For who is about to open a door: a worker whose relay is not there yet
 * waits in silence, so a wrong place must be said before.
 */
int settings_check_place(const struct settings *s, char *error_r, size_t error_size);
/*
 * Reads the same sources again: new settings, which live until the next good reading, or NULL and a logged line when they are
 * wrong (the old ones go on).
 */
const struct settings *settings_reload(void);
/* At the end of the process. */
void settings_end(void);
/* NAME=value lines to stdout, secrets as ***, as loaded last. */
void settings_print(void);
/* What .env.example says, to stdout; needs nothing loaded. */
void settings_print_example(void);

#endif
