/*
 * request: the checks of one HTTP request to the transport's path, before anything is done with it.
 *
 * Room: relay/engineio. Pure: values in, verdict out. Called by http, conn, hub, accept.
 * Error codes and texts are the reference server's (engine.io, "Server.errors").
 */
#ifndef EIO_REQUEST_H
#define EIO_REQUEST_H

#include "engineio.h"
#include "handshake.h"

enum request_fault {
	REQUEST_TRANSPORT_UNKNOWN,
	REQUEST_SID_UNKNOWN,
	REQUEST_METHOD,             /* handshakes are GET */
	REQUEST_BAD,
	REQUEST_FORBIDDEN,          /* origin: status 403; the others 400 */
	REQUEST_VERSION,
	REQUEST_FINE = 100
};

enum request_method { METHOD_GET, METHOD_POST, METHOD_OPTIONS, METHOD_HEAD, METHOD_OTHER };

/* A request as its query says; slices are into the fields it was read from. */
struct request {
	enum request_method method;
	bool upgrade;               /* asks to become a WebSocket */
	bool websocket;             /* transport=websocket, else polling */
	int version;                /* 3, 4; 0: neither */
	bool has_sid;               /* and not an empty one, which is as good as none */
	struct slice sid;
	bool base64;                /* the client cannot take binary: payloads (revision 3), frames */
	int jsonp;                  /* callback index, or -1 */
};

/* What is known of the session that the sid names. */
struct request_session {
	int version;
	bool on_websocket;
};

/* Fills everything but method and upgrade. Given twice, EIO or sid is a bad request, transport an unknown one. */
enum request_fault request_read(const struct fields *query, struct request *q_r);
/* Judges a request that was read well; `session` is NULL when there is none of that sid. */
enum request_fault request_check(const struct request *q, const struct request_session *session,
				 bool allow_v3);
/* `{"code":1,"message":"Session ID unknown"}` and 400, or 403. */
const char *request_fault_text(enum request_fault fault);
int request_fault_status(enum request_fault fault);
/* Under which name it is counted; the same for the statuses of request lengths: 411, 413, 501, 400. */
enum eio_refusal request_fault_refusal(enum request_fault fault);
enum eio_refusal request_length_refusal(int status);

/* What the headers of an Upgrade request hold; NULL or empty when absent. RFC 6455 §4.2.1. */
struct upgrade_headers {
	struct slice upgrade, connection, version, key;
};
bool request_is_websocket(const struct upgrade_headers *h);
/* Whether a Connection header says that this request is the connection's last (RFC 9112 §9.6). */
bool request_is_last(struct slice connection);

/* Content-Length: 1 to 18 digits and nothing else. 0 and the value, or -1. */
int request_length(struct slice text, size_t *length_r);

/* ---- who may ask ---- */

/* A parsed comma list. Zeroed is empty. */
struct names {
	char **list;
	unsigned count;
};
void names_parse(struct names *n, const char *comma_list);
void names_fini(struct names *n);
/* Writes each entry that is an IP address as the kernel's peers are written (request_address). */
void names_as_addresses(struct names *n);
/* The entry that equals the text (letters' case aside), or NULL. */
const char *names_find(const struct names *n, struct slice text);

/*
 * The value for Access-Control-Allow-Origin: the origin itself when the list holds it or "*", byte for byte, as browsers
 * compare. Not "*": a page of socket.io-client 1 or 2 asks with credentials, and may not read such an answer (Fetch,
 * CORS check; python-engineio and engine.io 3 answer so, too). "*" to who names no origin. Empty: no header; an absent
 * origin may ask all the same (request_origin_refused).
 */
struct slice request_origin(const struct names *allowed, struct slice origin);
/*
 * True when the origin is neither absent, nor in the list, nor the very host that was asked. By whatever scheme: Starscream
 * (Swift) writes "wss://HOST".
 */
bool request_origin_refused(const struct names *allowed, struct slice origin, struct slice host);
/*
 * The same for JSONP's GET without an Origin, by its headers: a browser says none for a script, and its answer is for
 * whoever's page it is. Where not all may, the page's Referer has to say whose (as socket.io 2, checkRequest).
 */
bool request_script_refused(const struct names *allowed, const struct fields *headers);
/*
 * The address to count and to report: the peer, or while that is trusted the element of X-Forwarded-For that it wrote, from
 * the last one on. What is no address ends the walk.
 */
void request_address(const char *peer, const struct names *trusted, struct slice forwarded,
		     char out[ADDRESS_LEN]);

#endif
