// objects: shared/token.o shared/json.o shared/ids.o shared/buf.o
/* token: what the companion's token must look like; forged, stale and odd ones are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <openssl/hmac.h>

#include "token.h"

#define KEY "a secret of the campus, long enough"
#define NOW 1700000000
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

static void put_base64url(struct buf *b, const void *bytes, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *p = bytes;
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

/* A token over any header and claims, correctly signed. */
static struct buf signed_token(const char *header, const char *claims, const char *key)
{
	struct buf b = BUF_INIT;
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	put_base64url(&b, header, strlen(header));
	buf_putc(&b, '.');
	put_base64url(&b, claims, strlen(claims));
	HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)b.data, b.len, mac, &n);
	buf_putc(&b, '.');
	put_base64url(&b, mac, n);
	return b;
}

static const struct { const char *header, *claims, *sub, *why; } rows[] = {
	{ HEADER, "{\"sub\":\"ana@upred.mx\",\"exp\":1700000001}", "ana@upred.mx", NULL },
	{ HEADER, "{\"exp\":9999999999,\"sub\":\"a\",\"nbf\":1700000000,\"x\":[1,{}]}", "a", NULL },
	{ HEADER, "{\"sub\":\"\\u00e1\",\"exp\":1700000001,\"nbf\":-5,\"iat\":1}", "á", NULL },
	{ "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"1\"}", "{\"sub\":\"a\",\"exp\":1700000001}", "a", NULL },

	{ HEADER, "{\"sub\":\"a\",\"exp\":1700000000}", NULL, "the token has expired" },
	{ HEADER, "{\"sub\":\"a\",\"exp\":-1700000001}", NULL, "the token has expired" },
	{ HEADER, "{\"sub\":\"a\"}", NULL, "exp is not a number of seconds" },
	{ HEADER, "{\"sub\":\"a\",\"exp\":\"1700000001\"}", NULL, "exp is not a number of seconds" },
	{ HEADER, "{\"sub\":\"a\",\"exp\":1700000001.5}", "a", NULL },
	{ HEADER, "{\"sub\":\"a\",\"exp\":17.1e8,\"nbf\":1700000000.9}", "a", NULL },
	{ HEADER, "{\"sub\":\"a\",\"exp\":1700000000.9}", NULL, "the token has expired" },
	{ HEADER, "{\"sub\":\"a\",\"exp\":17e8}", NULL, "the token has expired" },
	{ HEADER, "{\"sub\":\"a\",\"exp\":-1.5e18}", NULL, "the token has expired" },
	{ HEADER, "{\"sub\":\"a\",\"exp\":9.1e18}", NULL, "exp is not a number of seconds" },
	{ HEADER, "{\"sub\":\"a\",\"exp\":1700000001.00000000000000000000000000001}", NULL, "exp is not a number of seconds" },
	{ HEADER, "{\"sub\":\"a\",\"exp\":null}", NULL, "exp is not a number of seconds" },
	{ HEADER, "{\"sub\":\"a\",\"exp\":1700000001,\"nbf\":1700000001}", NULL, "the token is not valid yet" },
	{ HEADER, "{\"sub\":\"a\",\"exp\":1700000001,\"nbf\":\"1\"}", NULL, "nbf is not a number of seconds" },
	{ HEADER, "{\"sub\":5,\"exp\":1700000001}", NULL, "sub is not a text" },
	{ HEADER, "{\"sub\":\"\",\"exp\":1700000001}", NULL, "sub is not a text" },
	{ HEADER, "{\"exp\":1700000001}", NULL, "sub is not a text" },
	{ HEADER, "{\"sub\":\"a\",\"sub\":\"b\",\"exp\":1700000001}", NULL, "a claim is given twice" },
	{ HEADER, "{\"sub\":\"a\",\"exp\":1700000001,\"\\u0065xp\":1800000000}", NULL, "a claim is given twice" },
	{ HEADER, "{\"sub\":\"a\",\"exp\":1700000001,\"x\":1,\"x\":1}", NULL, "a claim is given twice" },
	{ HEADER, "{\"sub\":\"a\\u0000b\",\"exp\":1700000001}", NULL, "the token has not the form of one" },
	{ HEADER, "[1]", NULL, "the token has not the form of one" }, { HEADER, "{", NULL, "the token has not the form of one" },
	{ HEADER, "", NULL, "the token has not the form of one" },
	{ "[]", "{\"sub\":\"a\",\"exp\":1700000001}", NULL, "the token has not the form of one" },
	{ "{\"alg\":\"hs256\"}", "{\"sub\":\"a\",\"exp\":1700000001}", NULL, "the algorithm is not HS256" },
	{ "{\"alg\":\"none\"}", "{\"sub\":\"a\",\"exp\":1700000001}", NULL, "the algorithm is not HS256" },
	{ "{\"alg\":\"HS512\"}", "{\"sub\":\"a\",\"exp\":1700000001}", NULL, "the algorithm is not HS256" },
	{ "{}", "{\"sub\":\"a\",\"exp\":1700000001}", NULL, "the algorithm is not HS256" },
	{ "{\"alg\":\"HS256\",\"alg\":\"none\"}", "{\"sub\":\"a\",\"exp\":1700000001}", NULL, "the algorithm is not HS256" },
	{ "{\"alg\":\"none\",\"alg\":\"HS256\"}", "{\"sub\":\"a\",\"exp\":1700000001}", NULL, "the algorithm is not HS256" },
	{ "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", "{\"sub\":\"a\",\"exp\":1700000001}", NULL, "the type is not JWT" },
	{ "{\"alg\":\"HS256\",\"typ\":\"\"}", "{\"sub\":\"a\",\"exp\":1700000001}", NULL, "the type is not JWT" },
	{ "{\"alg\":\"HS256\",\"typ\":\"j\\u0057t\"}", "{\"sub\":\"a\",\"exp\":1700000001}", "a", NULL },
	{ "{\"alg\":\"HS256\",\"typ\":null}", "{\"sub\":\"a\",\"exp\":1700000001}", "a", NULL },
	{ "{\"alg\":\"HS256\",\"crit\":[\"x\"]}", "{\"sub\":\"a\",\"exp\":1700000001}", NULL, "the header has crit" },
};

static void check(struct slice token, struct slice key, const char *sub, const char *why)
{
	const char *said = "nothing";
	char *got = NULL;
	int64_t exp = 0;
	int rc = token_check(token, key, NOW, &got, &exp, &said);

	assert_int_equal(rc, why ? -1 : 0);
	if (why) {
		assert_string_equal(said, why);
		assert_null(got);
	} else {
		assert_string_equal(got, sub);
		assert_true(exp > NOW);
	}
	free(got);
}

static void claims_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf token = signed_token(rows[i].header, rows[i].claims, KEY);

		check(buf_slice(&token), SLICE(KEY), rows[i].sub, rows[i].why);
		buf_fini(&token);
	}
}

static void forms(void **state)
{
	struct buf token = signed_token(HEADER, "{\"sub\":\"a\",\"exp\":1700000001}", KEY), odd = BUF_INIT;
	static const struct { const char *before, *behind; } shapes[] = {
		{ "", "=" }, { " ", "" }, { "", " " }, { "", "." }, { ".", "" }, { "Bearer ", "" }, { "", "\n" },
	};

	(void)state;
	check(buf_slice(&token), SLICE(KEY), "a", NULL);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		buf_reset(&odd);
		buf_putf(&odd, "%s%s%s", shapes[i].before, token.data, shapes[i].behind);
		check(buf_slice(&odd), SLICE(KEY), NULL, "the token has not the form of one");
	}
	check(SLICE_NONE, SLICE(KEY), NULL, "the token has not the form of one");
	check(SLICE(".."), SLICE(KEY), NULL, "the token has not the form of one");
	check((struct slice){ token.data, token.len - 44 }, SLICE(KEY), NULL, "the token has not the form of one");
	check(buf_slice(&token), SLICE("another"), NULL, "the signature is wrong");
	check(buf_slice(&token), SLICE_NONE, NULL, "there is no secret");
	token.data[token.len - 2] = token.data[token.len - 2] == 'A' ? 'B' : 'A';
	check(buf_slice(&token), SLICE(KEY), NULL, "the signature is wrong");
	buf_reset(&odd);
	for (int i = 0; i < 4097; i++)
		buf_putc(&odd, 'A');
	check(buf_slice(&odd), SLICE(KEY), NULL, "the token is too long");
	buf_fini(&odd);
	buf_fini(&token);
}

static void the_longest(void **state)
{
	static const char text[] = "{\"sub\":\"a\",\"exp\":1700000001,\"x\":\"";
	char claims[3012];
	struct buf token;

	(void)state;
	snprintf(claims, sizeof(claims), "%s%0*d\"}", text, (int)(3011 - strlen(text) - 2), 0);
	token = signed_token(HEADER, claims, KEY);
	assert_int_equal(token.len, 4096);
	check(buf_slice(&token), SLICE(KEY), "a", NULL);
	buf_fini(&token);
}

static void made_tokens_pass(void **state)
{
	char *token = token_make("ana@upred.mx", NOW + 60, SLICE(KEY));

	(void)state;
	assert_non_null(token);
	check(slice_of(token), SLICE(KEY), "ana@upred.mx", NULL);
	free(token);
	assert_null(token_make("ana@upred.mx", NOW + 60, SLICE_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_table), cmocka_unit_test(forms), cmocka_unit_test(the_longest), cmocka_unit_test(made_tokens_pass),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
