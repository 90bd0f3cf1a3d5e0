/*
 * conf: settings as one table; a row is a setting.
 *
 * Room: shared (foundation). Called by both programs' settings.c.
 * The same rows make --print-config, --check-config and .env.example. Order of sources: the real environment, the .env file,
 * the default; in each of the first two NAME, then, for texts, NAME_FILE (the value is what that file holds).
 */
#ifndef CONF_H
#define CONF_H

#include "buf.h"

enum conf_type {
	CONF_TEXT,     /* const char * */
	CONF_NUMBER,   /* int64_t, with min and max */
	CONF_CHOICE,   /* const char *, one of the words in `choices` ("a|b|c") */
	CONF_SWITCH,   /* bool: on|off */
	CONF_FOREIGN   /* known, but another program's: accepted and ignored */
};

struct conf_row {
	const char *name;
	enum conf_type type;
	void *value;           /* where it goes; NULL for CONF_FOREIGN */
	const char *fallback;  /* default as text; NULL: stays NULL, or must be given as the program says */
	int64_t min, max;      /* CONF_NUMBER */
	const char *choices;   /* CONF_CHOICE */
	bool secret;           /* printed as *** */
	const char *sentence;  /* English, one sentence, for manual and .env.example */
};

struct conf;

/*
 * Reads all sources into the rows' values. `env_file` NULL: `.env` of the working directory if it is there; a
 * named file that cannot be read is an error. Texts stay owned by the conf. On failure returns NULL and
 * leaves one line in error_r that names the setting. Unknown names in the file warn (log).
 */
struct conf *conf_load(const struct conf_row *rows, size_t count, const char *env_file, char *error_r,
		       size_t error_size);
void conf_free(struct conf *c);
/* NAME=value lines to stdout, secrets as ***. */
void conf_print(const struct conf_row *rows, size_t count);
/* The .env.example: each sentence as a comment, each row commented out with its default. */
void conf_print_example(const struct conf_row *rows, size_t count);

/*
 * Parses one .env text: NAME=value lines, # comments, `export `, single and double quotes, CRLF and BOM
 * tolerated; size capped at 64 KiB by the caller. Pure: calls `fn` per pair, returns 0, or -1 and the 1-based
 * line of the fault.
 */
int conf_parse_env(struct slice text, void (*fn)(void *ctx, struct slice name, struct slice value), void *ctx,
		   unsigned *line_r);

/*
 * Each entry of a comma list must be `fine`; blanks around it do not count, an empty list has none. 0, or -1 and a line:
 * "NAME: x is no WANTED".
 */
int conf_check_list(const char *name, const char *list, bool (*fine)(const char *text), const char *wanted,
		    char *error_r, size_t error_size);
/* The same of origins: `*`, null, or scheme://host and perhaps a port. */
int conf_check_origins(const char *name, const char *list, char *error_r, size_t error_size);

#endif
