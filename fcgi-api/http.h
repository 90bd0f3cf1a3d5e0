/*
 * http: a request as CGI and FastCGI tell it, and the response both understand.
 *
 * Room: fcgi-api. Called by door_fcgi (reading, writing), router, identity, cors and etag (looking), answer.
 * Pure but for the body's reader, which the door gives. Routing looks at REQUEST_URI only: it is the one variable with
 * the same value behind every web server. Source: RFC 3875 (CGI), RFC 9110 (HTTP), RFC 3986 (paths).
 */
#ifndef HTTP_H
#define HTTP_H

#include "arena.h"

#define HTTP_BODY_MAX (1024u * 1024)       /* a larger body is read away and answered 413 */
#define HTTP_DRAIN_MAX (8u * 1024 * 1024)  /* as far as a larger body is read away */
#define HTTP_SEGMENTS_MAX 8
#define HTTP_URI_MAX 8192

struct http_request {
	char *const *envp;     /* borrowed: NAME=value, HTTP_* for headers */
	struct arena *arena;   /* borrowed: where decoded texts live */
	struct slice method;
	struct slice segments[HTTP_SEGMENTS_MAX]; /* decoded, of the path behind the mounted prefix */
	size_t segment_count;
	int path_fault;        /* 0, 404 (bad escapes, U+0000, not UTF-8: no such path), 414 */
	struct slice query;    /* raw */
	struct slice body;
	int body_fault;        /* 0, 400 (cut short, length and bytes disagree), 413 */
	struct slice params[2]; /* the variable segments of the route, set by the router */
};

/* Reads up to `room` bytes of body: > 0, 0 at the end, -1 trouble. */
typedef int http_read_fn(void *ctx, char *to, int room);

/* Where a body comes from; the door's own. */
struct http_source {
	http_read_fn *read;
	void *ctx;
	bool ends;             /* it tells where the body ends; else CONTENT_LENGTH alone does (RFC 3875, 4.2) */
};

/*
 * Fills everything from the environment and reads the body to its end. Never fails: faults are in the
 * request.
 */
void http_read(struct http_request *r, struct arena *a, char *const *envp, const struct http_source *source);
/*
 * Pure: splits and decodes the path of a REQUEST_URI behind `prefix`; 0, or -1 when it cannot name anything
 * of ours.
 */
int http_split_path(struct http_request *r, struct slice uri, const char *prefix);
/* A CGI variable; the first of its name. 1 or 0. */
int http_variable(const struct http_request *r, const char *name, struct slice *value_r);
/*
 * A header that may be there once (HTTP_X_USER_ID …): 1, 0, or -1 when it is repeated or holds a comma and
 * a blank (a repetition joined by the server).
 */
int http_header(const struct http_request *r, const char *name, struct slice *value_r);
/*
 * The first query parameter of that name, decoded: 1, 0, or -1 when its escapes, U+0000 or UTF-8 are wrong.
 */
int http_query(const struct http_request *r, const char *name, struct slice *value_r);
/* Whether the Content-Type is application/json, with or without parameters, or absent. */
bool http_is_json(const struct http_request *r);

struct http_response {
	int status;
	struct buf headers;  /* finished lines, each with CRLF, beside the ones written always */
	bool no_store;       /* no cache may keep it, not even to ask again whether it is still good */
	struct buf body;
};

void http_response_init(struct http_response *p);
void http_response_fini(struct http_response *p);
/*
 * The whole response as CGI wants it (Status, Content-Type, Content-Length, headers, body) appended to out.
 * 204 and 304 have no body.
 */
void http_write(const struct http_response *p, struct buf *out);

#endif
