// objects: shared/log.o
/* log: a fact is a line, whatever is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

static char lines[16384];

/* Runs fn with stderr going into `lines`. */
static void capture(void (*fn)(void))
{
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t n;

	dup2(fileno(f), STDERR_FILENO);
	fn();
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	n = fread(lines, 1, sizeof(lines) - 1, f);
	lines[n] = '\0';
	fclose(f);
}

static void say_plain(void)
{
	log_info("bus", "worker %d is here", 7);
	log_debug("bus", "not shown");
}

/* As a service whose stderr is the journal's: the variable names it. */
static void say_to_journal(void)
{
	struct stat st;
	char stream[64];

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("upred-test", "info");
	say_plain();
}

static void say_hostile(void)
{
	log_warn("s1 u2", "name %s", "a\nerror fake\x1b[31m\x7f\xc2\x9bñ \x9b" "31m \xc3");
}

static void say_quotes(void)
{
	log_warn("s1 \"u2\\", "%s", "a\n\x1b[31m\x7f\xc2\x9b \xff\xc3 ñ");
}

static void say_long(void)
{
	char text[6000];

	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_error(NULL, "%s", text);
}

static void say_often(void)
{
	struct log_limit limit = { 0 };

	for (int i = 0; i < 100; i++)
		if (log_limited(&limit, LOG_LEVEL_INFO, 3))
			log_info("peer", "again");
	limit.second--; /* a second goes by */
	assert_true(log_limited(&limit, LOG_LEVEL_INFO, 3));
}

static void say_often_unseen(void)
{
	struct log_limit limit = { 0 };

	for (int i = 0; i < 100; i++)
		assert_false(log_limited(&limit, LOG_LEVEL_INFO, 3));
	limit.second--;
	assert_false(log_limited(&limit, LOG_LEVEL_INFO, 3));
}

static size_t count_lines(void)
{
	size_t n = 0;

	for (const char *p = lines; *p; p++)
		n += *p == '\n';
	return n;
}

static void levels(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	assert_int_equal(log_open("upred-test", "loud"), -1);
	assert_int_equal(log_open("upred-test", NULL), -1);
	assert_int_equal(log_open("upred-test", "debug"), 0);
	assert_true(log_enabled(LOG_LEVEL_DEBUG));
	assert_false(log_enabled(LOG_LEVEL_TRACE));
	assert_int_equal(log_open("upred-test", "info"), 0);
	assert_false(log_enabled(LOG_LEVEL_DEBUG));
}

static void plain_line(void **state)
{
	(void)state;
	capture(say_plain);
	assert_int_equal(count_lines(), 1);
	assert_non_null(strstr(lines, "Z upred-test info bus worker 7 is here\n"));
	capture(say_to_journal);
	assert_string_equal(lines, "<6>info bus worker 7 is here\n");
	/* inherited, or stdout's: lines of a file have their time */
	setenv("JOURNAL_STREAM", "8:1", 1);
	log_open("upred-test", "info");
	capture(say_plain);
	assert_non_null(strstr(lines, "Z upred-test info bus"));
	unsetenv("JOURNAL_STREAM");
	log_open("upred-test", "info");
}

static void hostile_text_stays_one_line(void **state)
{
	(void)state;
	capture(say_hostile);
	assert_int_equal(count_lines(), 1);
	assert_non_null(strstr(lines, "warn s1 u2 name a\\x0aerror fake\\x1b[31m\\x7f\\xc2\\x9bñ \\x9b31m \\xc3\n"));
}

static void long_text_is_cut(void **state)
{
	(void)state;
	capture(say_long);
	assert_int_equal(count_lines(), 1);
	assert_non_null(strstr(lines, "error - \\x0a\\x0a"));
	assert_non_null(strstr(lines, " ...\n"));
	assert_true(strlen(lines) < 9000);
}

/* The same as JSON: one object, nothing in it can end a string, and what is no UTF-8 is told as text. */
static void a_line_can_be_json(void **state)
{
	static const char wanted[] = ",\"level\":\"warn\",\"subject\":\"s1 \\\"u2\\\\\","
				     "\"text\":\"a\\\\x0a\\\\x1b[31m\\\\x7f\\\\xc2\\\\x9b \\\\xff\\\\xc3 ñ\"}\n";

	(void)state;
	log_set_format("json");
	capture(say_quotes);
	assert_int_equal(strncmp(lines, "{\"time\":\"20", 11), 0);
	assert_non_null(strstr(lines, "Z\",\"program\":\"upred-test\",\"pid\":"));
	assert_string_equal(strstr(lines, ",\"level\""), wanted);
	capture(say_long);
	assert_int_equal(count_lines(), 1);
	assert_non_null(strstr(lines, "\\\\x0a ...\"}\n"));
	log_set_format("text");
	capture(say_plain);
	assert_non_null(strstr(lines, " info bus worker 7 is here\n"));
}

static void often_is_limited(void **state)
{
	(void)state;
	capture(say_often);
	assert_int_equal(count_lines(), 4);
	assert_non_null(strstr(lines, " info log 97 lines like the next one"));
	/* of lines that nobody sees, nothing is said */
	log_open("upred-test", "warn");
	capture(say_often_unseen);
	assert_int_equal(count_lines(), 0);
	log_open("upred-test", "info");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels), cmocka_unit_test(plain_line), cmocka_unit_test(hostile_text_stays_one_line),
		cmocka_unit_test(long_text_is_cut), cmocka_unit_test(a_line_can_be_json),
		cmocka_unit_test(often_is_limited),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
