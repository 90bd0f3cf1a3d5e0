// objects: shared/token.o shared/json.o shared/ids.o shared/buf.o
/*
 * The bytes as a token; and the bytes as claims of a token that is signed with the right key, so that the
 * claims are really read.
 */
#include <assert.h>
#include <stdlib.h>

#include <openssl/hmac.h>

#include "token.h"

#define KEY "fuzzed"
#define NOW 1700000000

static void put_base64url(struct buf *b, const unsigned char *p, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | p[i];
		for (have += 8; have >= 6; have -= 6)
			buf_putc(b, letters[bits >> (have - 6) & 63]);
	}
	if (have)
		buf_putc(b, letters[bits << (6 - have) & 63]);
}

static int check(struct slice token)
{
	const char *why = NULL;
	char *sub = NULL;
	int64_t exp = 0;
	int rc = token_check(token, SLICE(KEY), NOW, &sub, &exp, &why);

	assert(rc == 0 ? sub && *sub && exp > NOW : why && !sub);
	free(sub);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char header[] = "{\"alg\":\"HS256\"}";
	unsigned char mac[EVP_MAX_MD_SIZE];
	struct buf b = BUF_INIT;
	unsigned n = 0;

	assert(check((struct slice){ (const char *)data, size }) < 0);
	put_base64url(&b, (const unsigned char *)header, sizeof(header) - 1);
	buf_putc(&b, '.');
	put_base64url(&b, data, size);
	HMAC(EVP_sha256(), KEY, sizeof(KEY) - 1, (const unsigned char *)b.data, b.len, mac, &n);
	buf_putc(&b, '.');
	put_base64url(&b, mac, n);
	check(buf_slice(&b));
	buf_fini(&b);
	return 0;
}
