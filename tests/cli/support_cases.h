/* Scripts with their expected output beside them, as tests. */
#ifndef SB_TESTS_CLI_SUPPORT_CASES_H
#define SB_TESTS_CLI_SUPPORT_CASES_H

/*
 * Runs every script that matches a pattern below tests/ (the list ends with NULL) in a folder of
 * its own and compares with the files beside it: NAME.stdout.exact   what it must print on stdout,
 * byte for byte, or NAME.stdout.glob    with '*' for any characters and a line "..." for any lines
 *   NAME.stderr.glob    the same for stderr
 *   NAME.exit           the exit code (default 0)
 * A stream without a file must stay empty. A script that exits with 77 is skipped (its data, or a
 * program it needs, is absent). To write the files anew from what is printed now, look at the
 * difference, and commit:
 *   SPINEBENCH_REFRESH=1 build/tests/cli/test_cli && git diff tests/cli/cases
 * Returns main's exit code.
 */
int test_cases(const char *group, const char *const *patterns);

#endif
