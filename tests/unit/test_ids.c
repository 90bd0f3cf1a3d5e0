// objects: shared/ids.o shared/buf.o
/* ids: what counts as an id, and the identities that stored rows depend on for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ids.h"

static void canonical_decimals(void **state)
{
	static const struct { const char *text; int rc; int64_t v; } rows[] = {
		{ "1", 0, 1 }, { "123", 0, 123 }, { "9223372036854775807", 0, INT64_MAX },
		{ "9223372036854775808", -1, 0 }, { "9999999999999999999", -1, 0 }, { "10000000000000000000", -1, 0 },
		{ "", -1, 0 }, { "0", -1, 0 }, { "01", -1, 0 }, { "-1", -1, 0 }, { "+1", -1, 0 }, { " 1", -1, 0 },
		{ "1 ", -1, 0 }, { "1.0", -1, 0 }, { "1e3", -1, 0 }, { "0x1", -1, 0 }, { "１", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t v = 0;

		assert_int_equal(ids_parse(slice_of(rows[i].text), &v), rows[i].rc);
		assert_true(v == rows[i].v);
	}
}

static void canonical_uuids(void **state)
{
	static const struct { const char *text; bool fine; } rows[] = {
		{ IDS_NAMESPACE, true }, { "00000000-0000-0000-0000-000000000000", true },
		{ "6D1F6C0E-0b6e-5c51-9a0b-8f7d6a3c2e10", false }, { "6d1f6c0e-0b6e-5c51-9a0b-8f7d6a3c2e1", false },
		{ "6d1f6c0e-0b6e-5c51-9a0b-8f7d6a3c2e100", false }, { "6d1f6c0e00b6e-5c51-9a0b-8f7d6a3c2e10", false },
		{ "{d1f6c0e-0b6e-5c51-9a0b-8f7d6a3c2e1}", false }, { "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(ids_is_uuid(slice_of(rows[i].text)), rows[i].fine);
}

static void identities_never_change(void **state)
{
	char out[IDS_UUID_LEN + 1], other[IDS_UUID_LEN + 1];

	(void)state;
	ids_uuid_message(123, SLICE("c-1"), out);
	assert_string_equal(out, "155b2a8c-3c41-5e95-8abe-d0c0c70cfd70");
	ids_uuid_named(SLICE("123/c-1"), other);
	assert_string_equal(out, other);
	ids_uuid_direct(456, 123, out);
	assert_string_equal(out, "c8227985-7231-5536-858e-8217348da21c");
	ids_uuid_direct(123, 456, other);
	assert_string_equal(out, other);
	ids_uuid_group(789, out);
	assert_string_equal(out, "469d697c-9be4-597b-a7d3-fad4537c58f3");
	ids_uuid_message(1, SLICE("23"), out);
	ids_uuid_message(12, SLICE("3"), other);
	assert_string_not_equal(out, other);
}

static void random_names(void **state)
{
	char a[IDS_UUID_LEN + 1], b[IDS_UUID_LEN + 1], sid[IDS_SID_LEN + 1], last[IDS_SID_LEN + 1] = "";

	(void)state;
	ids_uuid_random(a);
	ids_uuid_random(b);
	assert_true(ids_is_uuid(slice_of(a)));
	assert_int_equal(a[14], '4');
	assert_non_null(strchr("89ab", a[19]));
	assert_string_not_equal(a, b);
	assert_true(ids_random64() != ids_random64());
	for (int i = 0; i < 100; i++) {
		ids_sid(sid);
		assert_int_equal(strlen(sid), IDS_SID_LEN);
		assert_int_equal(strspn(sid, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
				 IDS_SID_LEN);
		assert_string_not_equal(sid, last);
		memcpy(last, sid, sizeof(last));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_decimals), cmocka_unit_test(canonical_uuids),
		cmocka_unit_test(identities_never_change), cmocka_unit_test(random_names),
	};

	return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
