// objects: fcgi-api/identity.o fcgi-api/call.o fcgi-api/answer.o fcgi-api/http.o fcgi-api/refusals.o shared/*.o
// ldflags: -Wl,--wrap=store_person_by_id -Wl,--wrap=store_person_by_correo
/*
 * identity: who may come in, in both modes, without a database: people are a table here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "fcgi-api/identity.h"
#include "token.h"

#define SECRET "a key for these tests alone"

static const struct store_person people[] = {
	{ .id = 123, .correo = SLICE("ana@x"), .active = true },
	{ .id = 458, .correo = SLICE("pedro@x"), .active = false },
};

static enum store_verdict database = STORE_OK;

enum store_verdict __wrap_store_person_by_id(struct store *st, int64_t id, struct arena *a,
					     struct store_person *person_r);
enum store_verdict __wrap_store_person_by_correo(struct store *st, struct slice correo, struct arena *a,
						 struct store_person *person_r);

enum store_verdict __wrap_store_person_by_id(struct store *st, int64_t id, struct arena *a,
					     struct store_person *person_r)
{
	(void)st;
	(void)a;
	if (database != STORE_OK)
		return database;
	for (size_t i = 0; i < 2; i++)
		if (people[i].id == id) {
			*person_r = people[i];
			return STORE_OK;
		}
	return STORE_NONE;
}

enum store_verdict __wrap_store_person_by_correo(struct store *st, struct slice correo, struct arena *a,
						 struct store_person *person_r)
{
	(void)st;
	(void)a;
	for (size_t i = 0; i < 2; i++)
		if (slice_eq(people[i].correo, correo)) {
			*person_r = people[i];
			return STORE_OK;
		}
	return STORE_NONE;
}

/* The user a CONNECT ends as; 0: refused. */
static int64_t connect_as(const struct settings *set, const char *args)
{
	struct wire_command command = { .type = WIRE_CONNECT, .attempt = 1, .args = slice_of(args) };
	struct call *c = call_new_bus(set, NULL, &command);
	struct identity_claims claims;
	int64_t expires, id;

	identity_claims_connect(c->arena, command.args, &claims);
	id = identity_decide(c, &claims, &expires) ? 0 : c->user_id;
	call_free(c);
	return id;
}

static void test_open(void **state)
{
	static const struct settings open_mode;
	static const struct { const char *args; int64_t id;
	} rows[] = {
		{ "{\"query\":{\"user_id\":\"123\"},\"auth\":null}", 123 },
		{ "{\"query\":{},\"auth\":{\"user_id\":123}}", 123 },
		{ "{\"query\":{\"user_id\":\"123\"},\"auth\":{\"user_id\":\"999\"}}", 123 },
		{ "{\"query\":{\"user_id\":\"458\"}}", 0 },
		{ "{\"query\":{\"user_id\":\"999\"}}", 0 },
		{ "{}", 0 },
		{ "{\"query\":{\"user_id\":\"\"},\"auth\":{\"user_id\":123}}", 0 },
		{ "{\"query\":{\"user_id\":\"0123\"}}", 0 },
		{ "{\"query\":{},\"auth\":{\"user_id\":[123]}}", 0 },
		{ "{\"query\":{},\"auth\":\"123\"}", 0 },
		{ "{\"query\":{\"user_id\":\"12\\u0000\"}}", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (connect_as(&open_mode, rows[i].args) != rows[i].id)
			fail_msg("%s", rows[i].args);
}

static void test_trouble(void **state)
{
	static const struct settings open_mode;
	struct wire_command command = { .type = WIRE_CONNECT,
					.args = SLICE("{\"query\":{\"user_id\":\"123\"}}") };
	struct call *c = call_new_bus(&open_mode, NULL, &command);
	struct identity_claims claims;
	int64_t expires;

	(void)state;
	identity_claims_connect(c->arena, command.args, &claims);
	database = STORE_LOST;
	assert_ptr_equal(identity_decide(c, &claims, &expires), REFUSE(UNAVAILABLE));
	assert_int_equal(c->trouble, STORE_LOST);
	database = STORE_OK;
	call_free(c);
}

static void test_token(void **state)
{
	const struct settings token_mode = { .token_mode = true, .secret = SLICE(SECRET) };
	char *good = token_make("ana@x", time(NULL) + 60, token_mode.secret);
	char *other = token_make("ana@x", time(NULL) + 60, SLICE("another key"));
	char *old = token_make("ana@x", time(NULL) - 1, token_mode.secret);
	char *suspended = token_make("pedro@x", time(NULL) + 60, token_mode.secret);
	const struct { const char *form, *token; int64_t id; } rows[] = {
		{ "{\"query\":{},\"auth\":{\"token\":\"%s\"}}", good, 123 },
		{ "{\"query\":{},\"auth\":null,\"authorization\":\"Bearer %s\"}", good, 123 },
		{ "{\"query\":{\"token\":\"%s\"}}", good, 123 },
		{ "{\"query\":{\"token\":\"%s\",\"user_id\":\"123\"}}", good, 123 },
		{ "{\"query\":{\"token\":\"%s\",\"user_id\":\"456\"}}", good, 0 },
		{ "{\"query\":{\"token\":\"%s\"},\"auth\":{\"token\":\"x\"}}", good, 0 },
		{ "{\"query\":{\"token\":\"%s\"},\"auth\":{\"token\":5}}", good, 0 },
		{ "{\"query\":{},\"authorization\":\"bEARER %s\"}", good, 123 },
		{ "{\"query\":{},\"authorization\":\"bearer%s\"}", good, 0 },
		{ "{\"query\":{},\"auth\":{\"token\":\" %s\"}}", good, 0 },
		{ "{\"query\":{},\"auth\":{\"token\":\"%s\"}}", other, 0 },
		{ "{\"query\":{},\"auth\":{\"token\":\"%s\"}}", old, 0 },
		{ "{\"query\":{},\"auth\":{\"token\":\"%s\"}}", suspended, 0 },
		{ "{\"query\":{\"user_id\":\"123\"}}", "", 0 },
	};
	char args[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *mark = strstr(rows[i].form, "%s");

		if (mark)
			snprintf(args, sizeof(args), "%.*s%s%s", (int)(mark - rows[i].form), rows[i].form,
				 rows[i].token, mark + 2);
		else
			snprintf(args, sizeof(args), "%s", rows[i].form);
		if (connect_as(&token_mode, args) != rows[i].id)
			fail_msg("row %zu: %s", i, rows[i].form);
	}
	free(good);
	free(other);
	free(old);
	free(suspended);
}

/* What a REST request ends as: the user, or minus the status. */
static int64_t request_as(const struct settings *set, char *const *envp, const char *query)
{
	struct call *c = call_new_rest(set, NULL);
	struct identity_claims claims;
	const struct refusal *no;
	int64_t expires, id;

	c->request->arena = c->memory;
	c->request->envp = envp;
	c->request->query = slice_of(query);
	identity_claims_rest(c->request, &claims);
	no = identity_decide(c, &claims, &expires);
	id = no ? -no->status : c->user_id;
	call_free(c);
	return id;
}

static void test_rest(void **state)
{
	static const struct settings open_mode;
	static const struct settings token_mode = { .token_mode = true, .secret = SLICE(SECRET) };
	char *token = token_make("ana@x", time(NULL) + 60, token_mode.secret), bearer[1024];
	char *const none[] = { NULL }, *const ana[] = { "HTTP_X_USER_ID=123", NULL };
	char *const twice[] = { "HTTP_X_USER_ID=123", "HTTP_X_USER_ID=456", NULL };
	char *const comma[] = { "HTTP_X_USER_ID=123, 456", NULL };
	char *const with_token[] = { bearer, "HTTP_X_USER_ID=456, 7", NULL };

	(void)state;
	snprintf(bearer, sizeof(bearer), "HTTP_AUTHORIZATION=Bearer %s", token);
	assert_int_equal(request_as(&open_mode, none, ""), -401);
	assert_int_equal(request_as(&open_mode, none, "user_id=123"), 123);
	assert_int_equal(request_as(&open_mode, none, "user_id=458"), -401);
	assert_int_equal(request_as(&open_mode, ana, "user_id=999"), 123);
	assert_int_equal(request_as(&open_mode, twice, ""), -400);
	assert_int_equal(request_as(&open_mode, comma, ""), -400);
	assert_int_equal(request_as(&token_mode, ana, "user_id=123"), -401);
	assert_int_equal(request_as(&token_mode, with_token, ""), 123);
	assert_int_equal(request_as(&token_mode, with_token, "user_id=123"), 123);
	assert_int_equal(request_as(&token_mode, with_token, "user_id=456"), -401);
	assert_int_equal(request_as(&token_mode, with_token, "user_id=%00"), -401);
	free(token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
