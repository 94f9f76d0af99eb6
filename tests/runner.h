/*
 * Runs shell commands as a user would and compares what they print, for tests of the command line
 * and of the examples in the documentation.
 */
#ifndef SB_TESTS_RUNNER_H
#define SB_TESTS_RUNNER_H

#include "base/str.h"

#include <stdbool.h>

/* What one run of a shell printed and returned. */
struct test_run {
    struct sb_str out;
    struct sb_str err;
    int status; /* exit code; 128 + N when killed by signal N */
};

/*
 * Runs `sh -eu -c COMMAND` in folder dir. The program is in PATH as `spinebench`,
 * $SPINEBENCH_SOURCE is the source tree and $SPINEBENCH_DATA the test data, all absolute. After
 * five minutes it is stopped. Release with test_run_release().
 */
void test_run_shell(const char *dir, const char *command, struct test_run *run);
void test_run_release(struct test_run *run);

/* A fresh empty folder below the scratch folder. Valid until the next four calls. */
const char *test_fresh_dir(void);

/*
 * True when text has the lines of pattern: '*' in a line stands for any characters, a line "..."
 * for any number of lines, none included. Nothing else is special.
 */
bool test_lines_match(const char *pattern, const char *text);
/* Fails the test, showing both, unless they match; `what` names the text ("stdout of NAME"). */
void test_assert_lines(const char *what, const char *pattern, const char *text);

/* Runs fn as one test per file that matches a pattern below tests/ of the source tree; *state is
 * the path. patterns ends with NULL. Returns main's exit code. */
int test_each_file(const char *group, const char *const *patterns, void (*fn)(void **state));

/* Appends the whole file to out; false when there is no such file. */
bool test_read_file(const char *path, struct sb_str *out);

#endif
