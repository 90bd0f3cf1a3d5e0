/*
 * conf_list: settings that are comma lists, judged alike by both programs.
 *
 * Room: shared (foundation). Calls buf.
 */
#include "conf.h"

#include <stdio.h>
#include <stdlib.h>

/* `*`, or scheme://host and perhaps a port, as browsers say it: no path, no blank. */
static bool is_origin(const char *text)
{
	const char *host = strstr(text, "://");

	return strcmp(text, "*") == 0 || strcmp(text, "null") == 0 ||
	       (host && host > text && host[3] && !strpbrk(host + 3, "/?#@* \t"));
}

int conf_check_list(const char *name, const char *list, bool (*fine)(const char *text), const char *wanted,
		    char *error_r, size_t error_size)
{
	struct slice rest = slice_of(list), part;
	int rc = 0;

	while (rc == 0 && slice_cut(&rest, ',', &part)) {
		char *one = mem_copy(part);

		if (*one && !fine(one)) {
			snprintf(error_r, error_size, "%s: %.60s is no %s", name, one, wanted);
			rc = -1;
		}
		free(one);
	}
	return rc;
}

int conf_check_origins(const char *name, const char *list, char *error_r, size_t error_size)
{
	return conf_check_list(name, list, is_origin, "origin such as https://www.example.org", error_r, error_size);
}
