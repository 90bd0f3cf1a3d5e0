// objects: shared/conf.o shared/conf_env.o shared/log.o shared/buf.o
/* conf: where a value comes from, what is refused and in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "conf.h"
#include "log.h"

static const char *host, *mode, *secret, *socket_path;
static int64_t port;
static bool limits;

static const struct conf_row rows[] = {
	{ .name = "T_HOST", .type = CONF_TEXT, .value = &host, .fallback = "0.0.0.0", .sentence = "Address." },
	{ .name = "T_PORT", .type = CONF_NUMBER, .value = &port, .fallback = "5000", .min = 0, .max = 65535,
	  .sentence = "Port." },
	{ .name = "T_MODE", .type = CONF_CHOICE, .value = &mode, .choices = "open|token", .sentence = "Mode." },
	{ .name = "T_SECRET", .type = CONF_TEXT, .value = &secret, .secret = true, .sentence = "Secret." },
	{ .name = "T_LIMITS", .type = CONF_SWITCH, .value = &limits, .fallback = "on", .sentence = "Limits." },
	{ .name = "T_SOCKET", .type = CONF_TEXT, .value = &socket_path, .sentence = "Socket." },
	{ .name = "T_OTHER", .type = CONF_FOREIGN },
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char error[256], dir[] = "/tmp/upred-conf-XXXXXX", env_path[64], secret_path[64];

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static struct conf *load(const char *text)
{
	error[0] = '\0';
	if (text)
		write_file(env_path, text);
	return conf_load(rows, COUNT(rows), text ? env_path : NULL, error, sizeof(error));
}

static int forget(void **state)
{
	static const char *const names[] = { "T_HOST", "T_PORT", "T_MODE", "T_SECRET", "T_SECRET_FILE", "T_LIMITS" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		unsetenv(names[i]);
	return 0;
}

static void defaults(void **state)
{
	struct conf *c = load(NULL);

	(void)state;
	assert_non_null(c);
	assert_string_equal(host, "0.0.0.0");
	assert_true(port == 5000 && limits);
	assert_null(mode);
	assert_null(secret);
	conf_free(c);
	conf_free(NULL);
}

static void environment_over_file(void **state)
{
	struct conf *c;

	(void)state;
	setenv("T_PORT", "81", 1);
	setenv("T_LIMITS", "off", 1);
	c = load("T_PORT=82\nT_MODE=token\nT_HOST=one\nT_HOST=two\nT_OTHER=5\nT_SOCKET=\n");
	assert_non_null(c);
	assert_true(port == 81 && !limits);
	assert_string_equal(mode, "token");
	assert_string_equal(host, "two");
	assert_string_equal(socket_path, "");
	conf_free(c);
}

static void secrets_from_files(void **state)
{
	struct conf *c;
	char text[128];

	(void)state;
	write_file(secret_path, "s3cret with blanks \r\n");
	setenv("T_SECRET_FILE", secret_path, 1);
	c = load("T_SECRET=from .env\n");
	assert_non_null(c);
	assert_string_equal(secret, "s3cret with blanks ");
	conf_free(c);
	unsetenv("T_SECRET_FILE");
	snprintf(text, sizeof(text), "T_SECRET_FILE=%s\n", secret_path);
	c = load(text);
	assert_non_null(c);
	assert_string_equal(secret, "s3cret with blanks ");
	conf_free(c);
	setenv("T_SECRET_FILE", "/nowhere/at/all", 1);
	assert_null(load(NULL));
	assert_string_equal(error, "T_SECRET_FILE: /nowhere/at/all: No such file or directory");
}

static void faults_name_the_setting(void **state)
{
	static const struct { const char *text, *error; } faults[] = {
		{ "T_PORT=abc\n", "T_PORT: \"abc\" (from " }, { "T_PORT=65536\n", "T_PORT: \"65536\"" },
		{ "T_PORT=-1\n", "T_PORT: \"-1\"" }, { "T_PORT=\n", "T_PORT: \"\"" }, { "T_PORT=80x\n", "T_PORT: \"80x\"" },
		{ "T_PORT=99999999999999999999\n", "T_PORT: " }, { "T_MODE=Open\n", "none of open|token" },
		{ "T_MODE=\n", "T_MODE: \"\"" }, { "T_MODE=ope\n", "T_MODE" }, { "T_LIMITS=yes\n", "neither on nor off" },
		{ "T_HOST=a\nnonsense\n", "line 2: not a NAME=value line" }, { "T_HOST='a\n", "line 1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++) {
		host = "kept";
		assert_null(load(faults[i].text));
		if (!strstr(error, faults[i].error))
			fail_msg("%s gave %s", faults[i].text, error);
		assert_string_equal(host, "kept");
	}
	assert_null(conf_load(rows, COUNT(rows), "/nowhere/.env", error, sizeof(error)));
	assert_string_equal(error, "/nowhere/.env: No such file or directory");
}

static void parsed(void *ctx, struct slice name, struct slice value)
{
	struct buf *seen = ctx;

	buf_put_slice(seen, name);
	buf_putc(seen, '=');
	buf_put_slice(seen, value);
	buf_putc(seen, '|');
}

static void grammar(void **state)
{
	static const struct { const char *text; int rc; unsigned line; const char *pairs; } table[] = {
		{ "", 0, 0, "" }, { "\n\r\n# nothing\n  # more\n", 0, 0, "" },
		{ "\xef\xbb\xbf" "A=1\r\nexport B = two words \r\n C=3", 0, 0, "A=1|B=two words|C=3|" },
		{ "A=p#ss # comment\nB=#all\nC=a #\nD= # none\n", 0, 0, "A=p#ss|B=#all|C=a|D=|" },
		{ "A='x \"y\" # z' # c\nB='it\\'s \\n'", 0, 0, "A=x \"y\" # z|B=it's \\n|" },
		{ "A=\"l1\\nl2\\t\\\"q\\\" \\$x \\z\"", 0, 0, "A=l1\nl2\t\"q\" $x \\z|" },
		{ "A=\nB=''\nC=\"\"\n", 0, 0, "A=|B=|C=|" }, { "A=x=y=z\n", 0, 0, "A=x=y=z|" },
		{ "exportA=1\nexport=2\n", 0, 0, "exportA=1|export=2|" }, { "A=$B ${C}\n", 0, 0, "A=$B ${C}|" },
		{ "A=1\nB\n", -1, 2, "A=1|" }, { "=1\n", -1, 1, "" }, { "1A=1\n", -1, 1, "" }, { "A B=1\n", -1, 1, "" },
		{ "A='x\n", -1, 1, "" }, { "\n\nA=\"x\\\"\n", -1, 3, "" }, { "A='x'y\n", -1, 1, "" },
		{ "Á=1\n", -1, 1, "" }, { "A: 1\n", -1, 1, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct buf seen = BUF_INIT;
		unsigned line = 0;

		buf_puts(&seen, "");
		assert_int_equal(conf_parse_env(slice_of(table[i].text), parsed, &seen, &line), table[i].rc);
		if (strcmp(seen.data, table[i].pairs) != 0)
			fail_msg("%s gave %s", table[i].text, seen.data);
		if (table[i].rc < 0)
			assert_int_equal(line, table[i].line);
		buf_fini(&seen);
	}
	assert_int_equal(conf_parse_env(SLICE("A=a\0b\n"), parsed, &(struct buf){ 0 }, &(unsigned){ 0 }), -1);
}

/* What conf_print says, as text; the caller frees. */
static char *printed(void (*print)(const struct conf_row *, size_t))
{
	char *text = mem_zero(1, 4096), path[80];
	FILE *f;
	int saved = dup(STDOUT_FILENO);

	snprintf(path, sizeof(path), "%s/out", dir);
	fflush(stdout);
	assert_non_null(freopen(path, "w", stdout));
	print(rows, COUNT(rows));
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	f = fopen(path, "r");
	assert_true(fread(text, 1, 4095, f) > 0);
	fclose(f);
	unlink(path);
	return text;
}

static void printing(void **state)
{
	struct conf *c = load("T_HOST='a b\"c'\nT_SECRET=hidden\nT_PORT=7\n");
	char *text;

	(void)state;
	assert_non_null(c);
	text = printed(conf_print);
	assert_string_equal(text, "T_HOST=\"a b\\\"c\"\nT_PORT=7\nT_MODE=\nT_SECRET=***\nT_LIMITS=on\nT_SOCKET=\n");
	free(text);
	text = printed(conf_print_example);
	assert_non_null(strstr(text, "# Port.\n#T_PORT=5000\n\n# Mode.\n#T_MODE=\n\n"));
	assert_null(strstr(text, "T_OTHER"));
	free(text);
	conf_free(c);
}

static int set_up(void **state)
{
	(void)state;
	log_open("test", "error");
	if (!mkdtemp(dir))
		return -1;
	snprintf(env_path, sizeof(env_path), "%s/env", dir);
	snprintf(secret_path, sizeof(secret_path), "%s/secret", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(env_path);
	unlink(secret_path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(defaults, forget), cmocka_unit_test_teardown(environment_over_file, forget),
		cmocka_unit_test_teardown(secrets_from_files, forget),
		cmocka_unit_test_teardown(faults_name_the_setting, forget), cmocka_unit_test(grammar),
		cmocka_unit_test_teardown(printing, forget),
	};

	return cmocka_run_group_tests_name("conf", tests, set_up, tear_down);
}
