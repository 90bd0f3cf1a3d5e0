// objects: fcgi-api/http.o fcgi-api/cors.o shared/arena.o shared/json.o shared/buf.o
/*
 * A REQUEST_URI and a body of any bytes: segments and query values come out as UTF-8 without U+0000, bounds
 * are kept. The same bytes as an origin that is compared with a list, and as the list.
 */
#include <assert.h>
#include <stdlib.h>

#include "fcgi-api/cors.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int give(void *ctx, char *to, int room)
{
	struct slice *s = ctx;
	int n = s->n < (size_t)room ? (int)s->n : room;

	memcpy(to, s->p, (size_t)n);
	*s = (struct slice){ s->p + n, s->n - (size_t)n };
	return n;
}

static void check(struct slice text)
{
	assert(json_is_utf8(text) && !memchr(text.p, '\0', text.n));
}

static void share(const struct http_request *r, const char *allowed)
{
	struct http_response p;

	http_response_init(&p);
	cors_allow(r, allowed, &p);
	cors_preflight(r, allowed, &p);
	http_response_fini(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct slice body = { (const char *)data, size }, value;
	char *uri = malloc(size + 32);
	char *origin = malloc(size + 32);
	char *const envp[] = { "REQUEST_METHOD=OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD=PUT", uri, origin, NULL };
	struct http_request r;

	memcpy(uri, "REQUEST_URI=/api/mensajes", 25);
	memcpy(uri + 25, data, size);
	uri[25 + size] = '\0';
	memcpy(origin, "HTTP_ORIGIN=", 12);
	memcpy(origin + 12, data, size);
	origin[12 + size] = '\0';
	http_read(&r, a, envp, &(struct http_source){ give, &body, true });
	assert(r.segment_count <= HTTP_SEGMENTS_MAX);
	for (size_t i = 0; !r.path_fault && i < r.segment_count; i++)
		check(r.segments[i]);
	if (http_query(&r, "after", &value) == 1)
		check(value);
	http_query(&r, "", &value);
	assert(r.body_fault || slice_eq(r.body, (struct slice){ (const char *)data, size }));
	share(&r, origin + 12);
	share(&r, "https://app.upred.mx, *");
	free(origin);
	free(uri);
	arena_free(a);
	return 0;
}
