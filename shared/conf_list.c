/*
 * conf_list: settings that are comma lists, judged alike by both programs.
 *
 * Room: shared (foundation). Calls buf.
 */
#include "conf.h"

#include <stdio.h>
#include <stdlib.h>

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && strcmp(text + n - m, end) == 0;
}

/*
 * `*`, null, or scheme://host and perhaps a port, as browsers say it (RFC 6454 section 6.2): no path, no blank, names in
 * punycode, no port that the scheme has anyway. Others would match nobody and not be noticed.
 */
static bool is_origin(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+._";
	size_t scheme = strspn(text, letters), n;
	const char *host = text + scheme;

	if (strcmp(text, "*") == 0 || strcmp(text, "null") == 0)
		return true;
	if (scheme == 0 || strncmp(host, "://", 3) != 0)
		return false;
	host += 3;
	if (*host == '[') {            /* an address of IPv6 */
		n = strspn(host + 1, "0123456789abcdefABCDEF:.");
		if (n == 0 || host[n + 1] != ']')
			return false;
		host += n + 2;
	} else {
		n = strspn(host, letters);
		if (n == 0)
			return false;
		host += n;
	}
	if (*host && (*host != ':' || host[1] < '1' || host[1] > '9' || host[1 + strspn(host + 1, "0123456789")]))
		return false;
	return !(strncasecmp(text, "https:", 6) == 0 && ends_with(text, ":443")) &&
	       !(strncasecmp(text, "http:", 5) == 0 && ends_with(text, ":80"));
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
	return conf_check_list(name, list, is_origin,
			       "origin as browsers name it, such as https://www.example.org (no path, no default port)",
			       error_r, error_size);
}
