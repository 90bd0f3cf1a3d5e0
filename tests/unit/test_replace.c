// objects: shared/replace.o
/* replace: the old contents or the new, never something between, and nothing beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replace.h"

static char folder[64], path[80], beside[96];

static int open_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/upred-replace-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(beside, sizeof(beside), "%s.new", path);
	return 0;
}

static int close_folder(void **state)
{
	(void)state;
	unlink(path);
	unlink(beside);
	return rmdir(folder);
}

static void assert_holds(const char *text)
{
	char found[64] = { 0 };
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, found, sizeof(found) - 1) >= 0);
	close(fd);
	assert_string_equal(found, text);
	assert_int_equal(access(beside, F_OK), -1);
}

static void writes_and_writes_over(void **state)
{
	mode_t mask = umask(0177);
	struct stat st;

	(void)state;
	assert_int_equal(replace_file(path, 0644, SLICE("first, and longer\n")), 0);
	assert_holds("first, and longer\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	umask(mask);
	assert_int_equal(replace_file(path, 0600, SLICE("second\n")), 0);
	assert_holds("second\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(replace_file(path, 0600, SLICE_NONE), 0);
	assert_holds("");
}

static void follows_no_link(void **state)
{
	char other[96];

	(void)state;
	snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(symlink(other, beside), 0);
	assert_int_equal(replace_file(path, 0600, SLICE("mine\n")), 0);
	assert_holds("mine\n");
	assert_int_equal(access(other, F_OK), -1);
}

static void the_old_one_stands_when_the_disk_is_full(void **state)
{
	struct rlimit limit, small;

	(void)state;
	assert_int_equal(replace_file(path, 0600, SLICE("old\n")), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = (struct rlimit){ 2, limit.rlim_max };
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(replace_file(path, 0600, SLICE("new and too long\n")), -1);
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(errno, EFBIG);
	assert_holds("old\n");
}

static void says_why_not(void **state)
{
	char longest[5000];

	(void)state;
	assert_int_equal(replace_file("/tmp/upred-no-such-folder/file", 0600, SLICE("x")), -1);
	assert_int_equal(errno, ENOENT);
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = 0;
	assert_int_equal(replace_file(longest, 0600, SLICE("x")), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	/* what cannot be renamed over is left, and nothing beside it */
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(replace_file(path, 0600, SLICE("x")), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_and_writes_over, open_folder, close_folder),
		cmocka_unit_test_setup_teardown(follows_no_link, open_folder, close_folder),
		cmocka_unit_test_setup_teardown(the_old_one_stands_when_the_disk_is_full, open_folder, close_folder),
		cmocka_unit_test_setup_teardown(says_why_not, open_folder, close_folder),
	};

	return cmocka_run_group_tests_name("replace", tests, NULL, NULL);
}
