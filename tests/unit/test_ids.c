// objects: shared/ids.o shared/buf.o
/* ids: what counts as an id, and the identities that stored rows depend on for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
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
		assert_int_equal(ids_parse_edge(slice_of(rows[i].text), &v), strcmp(rows[i].text, "0") == 0 ? 0 : rows[i].rc);
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

/* The milliseconds of a version 7 are its first 48 bits. */
static uint64_t ms_of(const char *uuid)
{
	char digits[13] = "";

	memcpy(digits, uuid, 8);
	memcpy(digits + 8, uuid + 9, 4);
	return strtoull(digits, NULL, 16);
}

static uint64_t clock_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void new_uuids_ascend(void **state)
{
	char a[IDS_UUID_LEN + 1] = "", b[IDS_UUID_LEN + 1];

	(void)state;
	for (int i = 0; i < 100; i++) {
		uint64_t before = clock_now_ms();

		ids_uuid_new(b);
		assert_true(ids_is_uuid(slice_of(b)));
		assert_int_equal(b[14], '7');
		assert_non_null(strchr("89ab", b[19]));
		assert_true(ms_of(b) >= before && ms_of(b) <= clock_now_ms());
		assert_true(memcmp(a, b, 18) <= 0);  /* also within a millisecond */
		assert_string_not_equal(a, b);
		assert_true(i == 0 || strcmp(a + 20, b + 20) != 0);
		memcpy(a, b, sizeof(a));
		while (i % 10 == 9 && clock_now_ms() == before)  /* on into the next one */
			;
	}
}

static void random_names(void **state)
{
	char sid[IDS_SID_LEN + 1], last[IDS_SID_LEN + 1] = "";

	(void)state;
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
		cmocka_unit_test(identities_never_change), cmocka_unit_test(new_uuids_ascend),
		cmocka_unit_test(random_names),
	};

	return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
