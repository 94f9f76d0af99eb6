/* Runs case scripts. See support_cases.h. */
#include "tests/cli/support_cases.h"

#include "tests/runner.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_SKIP 77

/* Replaces "NAME.sh" by "NAME" + suffix. */
static void sibling(const char *script, const char *suffix, char *path, size_t size)
{
    snprintf(path, size, "%.*s%s", (int)(strlen(script) - 3), script, suffix);
}

/* Writes text to path, or removes it for an empty text; what still matches stays as it is. */
static void refresh_file(const char *path, const char *text)
{
    struct sb_str old = SB_STR_INIT;
    const bool matches =
        test_read_file(path, &old) && *text && test_lines_match(sb_str_text(&old), text);
    sb_str_release(&old);
    if (matches)
        return;
    unlink(path);
    if (!*text)
        return;
    FILE *fp = fopen(path, "wb");
    if (!fp || fputs(text, fp) < 0 || fclose(fp) != 0)
        fail_msg("cannot write %s", path);
}

static void refresh(const char *script, const struct test_run *run)
{
    char path[1024], code[16] = "";
    sibling(script, ".stdout.glob", path, sizeof(path));
    if (access(path, F_OK) != 0)
        sibling(script, ".stdout.exact", path, sizeof(path));
    refresh_file(path, sb_str_text(&run->out));
    sibling(script, ".stderr.glob", path, sizeof(path));
    refresh_file(path, sb_str_text(&run->err));
    sibling(script, ".exit", path, sizeof(path));
    if (run->status)
        snprintf(code, sizeof(code), "%d\n", run->status);
    refresh_file(path, code);
}

static void check_exit(const char *script, const struct test_run *run)
{
    char path[1024];
    struct sb_str code = SB_STR_INIT;
    sibling(script, ".exit", path, sizeof(path));
    test_read_file(path, &code);
    const long expected = strtol(sb_str_text(&code), NULL, 10);
    if (run->status != expected)
        fail_msg("exit code %d, expected %ld; stderr:\n%s", run->status, expected,
                 sb_str_text(&run->err));
    sb_str_release(&code);
}

static void check_stdout(const char *script, const struct test_run *run)
{
    char path[1024];
    struct sb_str expected = SB_STR_INIT;
    sibling(script, ".stdout.glob", path, sizeof(path));
    if (test_read_file(path, &expected)) {
        test_assert_lines("stdout", sb_str_text(&expected), sb_str_text(&run->out));
    } else {
        sibling(script, ".stdout.exact", path, sizeof(path));
        test_read_file(path, &expected);
        assert_string_equal(sb_str_text(&run->out), sb_str_text(&expected));
    }
    sb_str_release(&expected);
}

static void check_stderr(const char *script, const struct test_run *run)
{
    char path[1024];
    struct sb_str expected = SB_STR_INIT;
    sibling(script, ".stderr.glob", path, sizeof(path));
    test_read_file(path, &expected);
    test_assert_lines("stderr", sb_str_text(&expected), sb_str_text(&run->err));
    sb_str_release(&expected);
}

static void run_case(void **state)
{
    const char *script = *state;
    struct sb_str text = SB_STR_INIT;
    struct test_run run;
    assert_true(test_read_file(script, &text));
    test_run_shell(test_fresh_dir(), sb_str_text(&text), &run);
    sb_str_release(&text);
    if (run.status == EXIT_SKIP) {
        print_message("skipped: %s", sb_str_text(&run.err));
        test_run_release(&run);
        skip();
    }
    if (getenv("SPINEBENCH_REFRESH"))
        refresh(script, &run);
    check_exit(script, &run);
    check_stderr(script, &run);
    check_stdout(script, &run);
    test_run_release(&run);
}

int test_cases(const char *group, const char *const *patterns)
{
    return test_each_file(group, patterns, run_case);
}
