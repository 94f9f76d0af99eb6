/* tests/runner.c: the comparison that the command-line tests rely on can fail. */
#include "tests/runner.h"

#include "tests/test.h"

static void test_lines__match_table(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a\n", false},
        {"a\n", "", false},
        {"a\nb\n", "a\nb\n", true},
        {"a\n", "a\nb\n", false},
        {"a\nb\n", "a\n", false},
        {"a*c\n", "abbc\n", true},
        {"a*c\n", "ac\n", true},
        {"a*c\n", "acd\n", false},
        {"*\n", "anything [at] all?\n", true},
        {"*\n", "a\nb\n", false},
        {"[a]\n", "a\n", false},
        {"...\n", "", true},
        {"...\n", "a\nb\n", true},
        {"...\nb\n", "a\na\nb\n", true},
        {"...\nb\n", "b\nb\n", true},
        {"a\n...\nb\n", "a\nc\n", false},
        {"a\n...\n", "b\n", false},
        {"a", "a\n", true}, /* a last line may lack its newline */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (test_lines_match(cases[i].pattern, cases[i].text) != cases[i].matches)
            fail_msg("case %zu", i);
    }
}

static void test_run__reports_streams_and_status(void **state)
{
    (void)state;
    struct test_run run;
    test_run_shell(test_fresh_dir(), "echo out; echo err >&2; ls; exit 3", &run);
    assert_int_equal(run.status, 3);
    assert_string_equal(sb_str_text(&run.out), "out\n");
    assert_string_equal(sb_str_text(&run.err), "err\n");
    test_run_release(&run);
    test_run_shell(test_fresh_dir(), "kill -11 $$", &run);
    assert_int_equal(run.status, 128 + 11);
    test_run_release(&run);
    test_run_shell(test_fresh_dir(), "false; echo not reached", &run);
    assert_int_equal(run.status, 1);
    assert_string_equal(sb_str_text(&run.out), "");
    test_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines__match_table),
        cmocka_unit_test(test_run__reports_streams_and_status),
    };
    return cmocka_run_group_tests_name("runner", tests, NULL, NULL);
}
