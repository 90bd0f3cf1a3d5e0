/*
 * tls: see tls.h.
 *
 * Room: relay/engineio.
 * libwebsockets could read the files itself, but it installs a certificate whose key does not fit, says
 * nothing, and keeps the old certificate beside a new one of another kind. So its SSL_CTX gets no certificate
 * at all: each handshake asks for it (SSL_CTX_set_cert_cb), which also makes a change one assignment.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "tls.h"

#define FILE_MAX 1048576           /* no chain is longer; a device would have no end */
#define TICKET_KEYS_MAX 128

struct pair {
	X509 *leaf;
	EVP_PKEY *key;
	STACK_OF(X509) *chain;             /* what comes between the leaf and its root; NULL: nothing */
};

struct tls {
	struct pair pair;
	SSL_CTX *ctx;                      /* borrowed */
};

static void pair_fini(struct pair *p)
{
	X509_free(p->leaf);
	EVP_PKEY_free(p->key);
	sk_X509_pop_free(p->chain, X509_free);
	*p = (struct pair){ 0 };
}

/* ---- reading ---- */

/* What OpenSSL says last, in words. */
static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text ? text : "unknown reason";
}

/* An ordinary file that may be read: OpenSSL would say only that something failed. */
static int check_file(const char *file, char *error_r, size_t error_size)
{
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		snprintf(error_r, error_size, "%.150s: %s", file, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	if (S_ISREG(st.st_mode) && st.st_size <= FILE_MAX)
		return 0;
	snprintf(error_r, error_size, "%.150s: %s", file,
		 S_ISREG(st.st_mode) ? "too large for a PEM file" : "not an ordinary file");
	return -1;
}

/* Asked for the passphrase of a key: there is nobody to type it. */
static int no_passphrase(char *text, int size, int writing, void *asked)
{
	(void)text, (void)size, (void)writing;
	*(bool *)asked = true;
	return -1;
}

static EVP_PKEY *read_key(const char *file, char *error_r, size_t error_size)
{
	bool asked = false;
	BIO *in = BIO_new_file(file, "r");
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, &asked) : NULL;

	BIO_free(in);
	if (!key && asked)
		snprintf(error_r, error_size, "%.150s: the key wants a passphrase; store it without one", file);
	else if (!key)
		snprintf(error_r, error_size, "%.150s: no private key in PEM form (%s)", file, reason());
	return key;
}

/* With a scratch SSL_CTX, which also judges by OpenSSL's security level. */
static enum eio_tls_fault read_into(SSL_CTX *scratch, const char *cert_file, const char *key_file,
				    struct pair *p, char *error_r, size_t error_size)
{
	STACK_OF(X509) *chain = NULL;

	if (check_file(cert_file, error_r, error_size) < 0)
		return EIO_TLS_CERT;
	if (SSL_CTX_use_certificate_chain_file(scratch, cert_file) != 1) {
		snprintf(error_r, error_size, "%.150s: no usable certificate in PEM form (%s)", cert_file, reason());
		return EIO_TLS_CERT;
	}
	p->leaf = SSL_CTX_get0_certificate(scratch);
	X509_up_ref(p->leaf);
	SSL_CTX_get0_chain_certs(scratch, &chain);
	p->chain = chain ? X509_chain_up_ref(chain) : NULL;
	if (check_file(key_file, error_r, error_size) < 0)
		return EIO_TLS_KEY;
	p->key = read_key(key_file, error_r, error_size);
	if (!p->key)
		return EIO_TLS_KEY;
	if (X509_check_private_key(p->leaf, p->key) != 1) {
		snprintf(error_r, error_size, "%.150s: not the key of the certificate in %.150s", key_file, cert_file);
		return EIO_TLS_KEY;
	}
	if (SSL_CTX_use_cert_and_key(scratch, p->leaf, p->key, p->chain, 1) != 1) {
		snprintf(error_r, error_size, "%.150s: not usable (%s)", cert_file, reason());
		return EIO_TLS_CERT;
	}
	return EIO_TLS_FINE;
}

static enum eio_tls_fault pair_read(const char *cert_file, const char *key_file, struct pair *p, char *error_r,
				    size_t error_size)
{
	SSL_CTX *scratch = SSL_CTX_new(TLS_server_method());
	enum eio_tls_fault fault = EIO_TLS_CERT;

	*p = (struct pair){ 0 };
	ERR_clear_error();
	if (scratch)
		fault = read_into(scratch, cert_file, key_file, p, error_r, error_size);
	else
		snprintf(error_r, error_size, "OpenSSL does not work (%s)", reason());
	ERR_clear_error();
	SSL_CTX_free(scratch);
	if (fault != EIO_TLS_FINE)
		pair_fini(p);
	return fault;
}

enum eio_tls_fault eio_tls_check(const char *cert_file, const char *key_file, char *error_r, size_t error_size)
{
	struct pair p;
	enum eio_tls_fault fault = pair_read(cert_file, key_file, &p, error_r, error_size);

	pair_fini(&p);
	return fault;
}

/* ---- using ---- */

static void say_validity(const struct pair *p, const char *file)
{
	const ASN1_TIME *end = X509_get0_notAfter(p->leaf);
	char day[16] = "?";
	struct tm tm;

	if (ASN1_TIME_to_tm(end, &tm) == 1)
		strftime(day, sizeof day, "%Y-%m-%d", &tm);
	if (X509_cmp_current_time(end) < 0)
		log_warn("tls", "%s: the certificate ended on %s", file, day);
	else if (X509_cmp_current_time(X509_get0_notBefore(p->leaf)) > 0)
		log_warn("tls", "%s: the certificate is not valid yet", file);
	else
		log_info("tls", "%s: the certificate is valid until %s", file, day);
}

/* Called by OpenSSL in the middle of each handshake that is no resumption. */
static int on_certificate(SSL *ssl, void *ctx)
{
	const struct tls *t = ctx;

	return SSL_use_cert_and_key(ssl, t->pair.leaf, t->pair.key, t->pair.chain, 1);
}

/* Sessions of the certificate before are forgotten: resumed ones would go on without seeing the new one. */
static void renew_tickets(SSL_CTX *ctx)
{
	unsigned char keys[TICKET_KEYS_MAX];
	long size = SSL_CTX_get_tlsext_ticket_keys(ctx, NULL, 0);

	if (size <= 0 || size > (long)sizeof keys || RAND_bytes(keys, (int)size) != 1 ||
	    SSL_CTX_set_tlsext_ticket_keys(ctx, keys, size) != 1)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	OPENSSL_cleanse(keys, sizeof keys);
}

struct tls *tls_new(const char *cert_file, const char *key_file)
{
	struct tls *t = mem_zero(1, sizeof *t);
	char error[400];

	if (pair_read(cert_file, key_file, &t->pair, error, sizeof error) != EIO_TLS_FINE) {
		log_error("tls", "%s", error);
		free(t);
		return NULL;
	}
	say_validity(&t->pair, cert_file);
	return t;
}

int tls_renew(struct tls *t, const char *cert_file, const char *key_file)
{
	struct pair fresh;
	char error[400];

	if (pair_read(cert_file, key_file, &fresh, error, sizeof error) != EIO_TLS_FINE) {
		log_error("tls", "the certificate stays as it was: %s", error);
		return -1;
	}
	pair_fini(&t->pair);
	t->pair = fresh;
	if (t->ctx)
		renew_tickets(t->ctx);
	say_validity(&t->pair, cert_file);
	return 0;
}

int tls_attach(struct tls *t, void *ssl_ctx)
{
	SSL_CTX *ctx = ssl_ctx;

	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
		log_error("tls", "no TLS 1.2 in this OpenSSL");
		return -1;
	}
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);   /* tickets are the client's to keep */
	SSL_CTX_set_cert_cb(ctx, on_certificate, t);
	t->ctx = ctx;
	return 0;
}

uint64_t tls_begun(const struct tls *t)
{
	return t && t->ctx ? (uint64_t)SSL_CTX_sess_accept(t->ctx) : 0;
}

uint64_t tls_completed(const struct tls *t)
{
	return t && t->ctx ? (uint64_t)SSL_CTX_sess_accept_good(t->ctx) : 0;
}

void tls_say_closed(void *ssl)
{
	if (ssl)
		SSL_shutdown(ssl);
}

bool tls_peer_closed(const void *ssl)
{
	return ssl && (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN);
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	pair_fini(&t->pair);
	free(t);
}
