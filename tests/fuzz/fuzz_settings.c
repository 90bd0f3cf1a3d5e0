// objects: relay/settings.o shared/conf.o shared/conf_env.o shared/conf_list.o shared/nano.o shared/ids.o shared/buf.o shared/log.o
// ldflags: -Wl,--wrap=getaddrinfo -Wl,--wrap=freeaddrinfo -Wl,--wrap=log_line
/*
 * Any text as the relay's .env: either every value is within its bounds and every list is made of what it should, or
 * one line says which setting is wrong and nothing has changed. No name is looked up.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buf.h"
#include "log.h"
#include "relay/settings.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list_r);
void __wrap_freeaddrinfo(struct addrinfo *list);
void __wrap_log_line(enum log_level level, const char *subject, const char *fmt, ...);

static char path[64];
static int fd;

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list_r)
{
	(void)service, (void)hints;
	*list_r = NULL;
	return node[0] == '!' ? EAI_NONAME : 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
	(void)list;
}

/* A warning for each unknown name would fill the screen. */
void __wrap_log_line(enum log_level level, const char *subject, const char *fmt, ...)
{
	(void)level, (void)subject, (void)fmt;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	clearenv();
	fd = memfd_create("env", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fd < 0 ? -1 : 0;
}

static void check_proxies(const char *list)
{
	char *copy = mem_copy(slice_of(list)), *rest = copy, *one;
	struct in6_addr any;

	while ((one = strsep(&rest, ", \t\r\n\v\f")))
		assert(!*one || inet_pton(AF_INET, one, &any) == 1 || inet_pton(AF_INET6, one, &any) == 1);
	free(copy);
}

/* A listed origin is `*`, `null`, or a scheme and a host. */
static void check_origins(const char *list)
{
	char *copy = mem_copy(slice_of(list)), *rest = copy, *one;

	while ((one = strsep(&rest, ","))) {
		one += strspn(one, " \t\r\n\v\f");
		assert(!*one || *one == '*' || strncmp(one, "null", 4) == 0 || strstr(one, "://"));
	}
	free(copy);
}

static void check(const struct settings *s)
{
	assert(s->port >= 0 && s->port <= 65535);
	assert(!s->metrics_host || (*s->metrics_host && s->metrics_port > 0 && s->metrics_port <= 65535 &&
				    s->metrics_port != s->port));
	assert(s->ping_interval_ms > 0 && s->ping_timeout_ms > 0 && s->max_payload > 0 && s->send_queue_max > 0);
	assert(s->upgrade_timeout_ms > 0 && s->connect_timeout_ms > 0 && s->header_timeout_ms > 0);
	assert(s->body_timeout_ms > 0 && s->max_connections > 0 && s->max_connections_per_address > 0);
	assert(s->feed_interval_ms > 0 && s->feed_hole_s > 0);
	assert(strlen(s->jobs_address) <= 6 + 107 && strncmp(s->jobs_address, "ipc://", 6) == 0);
	assert(strlen(s->signals_address) <= 6 + 107 && strcmp(s->jobs_address, s->signals_address) != 0);
	assert(!s->ssl_cert_file == !s->ssl_key_file);
	assert(!settings_production(s) || s->auth_mode);
	check_proxies(s->trusted_proxies);
	check_origins(s->cors_allowed_origins);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings s, before;
	char why[256] = "";
	int rc;

	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	memset(&s, 0x5a, sizeof(s));
	before = s;
	rc = settings_load(path, &s, why, sizeof(why));
	if (rc == 0)
		check(&s);
	else
		assert(rc == -1 && strlen(why) > 5 && strchr(why, ' ') && memcmp(&s, &before, sizeof(s)) == 0);
	settings_free();
	return 0;
}
