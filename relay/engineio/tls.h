/*
 * tls: the certificate of a server and what it demands of a handshake.
 *
 * Room: relay/engineio. Called by server, lws, ws.
 * A pair (certificate chain and key) is read whole, checked, and only then used: connections that live keep what they
 * began with, a bad pair changes nothing.
 */
#ifndef EIO_TLS_H
#define EIO_TLS_H

#include "engineio.h"

struct tls;

/* Reads the pair of PEM files. NULL with a logged line. */
struct tls *tls_new(const char *cert_file, const char *key_file);
/*
 * Another pair from now on: 0; or -1 with a logged line, and the old pair stays. Who comes back is not
 * recognized by an old session and sees the new certificate.
 */
int tls_renew(struct tls *t, const char *cert_file, const char *key_file);
/* Makes an SSL_CTX of libwebsockets serve the pair, by TLS 1.2 or later. It must not outlive the tls. 0 or -1. */
int tls_attach(struct tls *t, void *ssl_ctx);
/* Handshakes begun, and those of them that were completed. 0 for NULL. */
uint64_t tls_begun(const struct tls *t);
uint64_t tls_completed(const struct tls *t);
/* Says close_notify to the peer of a connection's SSL. Nothing for NULL. */
void tls_say_closed(void *ssl);
/* Whether the peer of a connection's SSL has said that it is done (close_notify). False for NULL: in clear. */
bool tls_peer_closed(const void *ssl);
void tls_free(struct tls *t);

#endif
