// objects: shared/map.o shared/siphash.o shared/buf.o
/* map: keys are bytes, values are borrowed, walking bears the removal of the walked one; siphash beside OpenSSL's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "map.h"
#include "siphash.h"

static void put_find_remove(void **state)
{
	struct map *m = map_new();
	int one = 1, two = 2;

	(void)state;
	assert_null(map_find(m, SLICE("a")));
	assert_null(map_put(m, SLICE("a"), &one));
	assert_null(map_put(m, SLICE("a\0b"), &two));
	assert_ptr_equal(map_find(m, SLICE("a")), &one);
	assert_ptr_equal(map_find(m, SLICE("a\0b")), &two);
	assert_ptr_equal(map_put(m, SLICE("a"), &two), &one);
	assert_int_equal(map_count(m), 2);
	assert_ptr_equal(map_remove(m, SLICE("a")), &two);
	assert_null(map_remove(m, SLICE("a")));
	assert_int_equal(map_count(m), 1);
	map_free(m);
	map_free(NULL);
}

static void empty_key_and_copied_keys(void **state)
{
	struct map *m = map_new();
	char key[] = "clave";
	int v = 0;

	(void)state;
	map_put(m, SLICE_NONE, &v);
	assert_ptr_equal(map_find(m, SLICE("")), &v);
	map_put(m, slice_of(key), m);
	key[0] = 'x';
	assert_ptr_equal(map_find(m, SLICE("clave")), m);
	map_free(m);
}

struct walk {
	struct map *m;
	int seen;
	int stop_at;
};

static int visit(void *ctx, struct slice key, void *value)
{
	struct walk *w = ctx;
	char expected[16];

	snprintf(expected, sizeof(expected), "k%d", w->seen);
	assert_true(slice_is(key, expected));
	if (++w->seen == w->stop_at)
		return 7;
	if (w->seen % 2)
		assert_ptr_equal(map_remove(w->m, key), value);
	return 0;
}

static void walks_in_order_and_removes(void **state)
{
	struct walk w = { map_new(), 0, 0 };
	char key[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		map_put(w.m, slice_of(key), &w);
	}
	assert_int_equal(map_each(w.m, visit, &w), 0);
	assert_int_equal(w.seen, 1000);
	assert_int_equal(map_count(w.m), 500);
	map_free(w.m);
}

static void walk_stops_early(void **state)
{
	struct walk w = { map_new(), 0, 1 };

	(void)state;
	map_put(w.m, SLICE("k0"), &w);
	map_put(w.m, SLICE("k1"), &w);
	assert_int_equal(map_each(w.m, visit, &w), 7);
	assert_int_equal(w.seen, 1);
	map_free(w.m);
}

static uint64_t by_openssl(const uint64_t key[2], const void *data, size_t n)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	size_t size = sizeof(uint64_t);
	unsigned word = 1, end = 3;
	OSSL_PARAM how[] = {
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &word),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &end), OSSL_PARAM_construct_end(),
	};
	uint64_t hash = 0;

	assert_int_equal(EVP_MAC_init(ctx, (const unsigned char *)key, 16, how), 1);
	assert_int_equal(EVP_MAC_update(ctx, data, n), 1);
	assert_int_equal(EVP_MAC_final(ctx, (unsigned char *)&hash, &size, sizeof(hash)), 1);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return hash;
}

static void siphash_is_siphash(void **state)
{
	char text[64];
	uint64_t key[2], other[2];

	(void)state;
	siphash_key(key);
	siphash_key(other);
	assert_memory_not_equal(key, other, sizeof(key));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 37);
	for (size_t n = 0; n <= sizeof(text); n++)
		assert_true(siphash(key, text, n) == by_openssl(key, text, n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_find_remove), cmocka_unit_test(empty_key_and_copied_keys),
		cmocka_unit_test(walks_in_order_and_removes), cmocka_unit_test(walk_stops_early),
		cmocka_unit_test(siphash_is_siphash),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
