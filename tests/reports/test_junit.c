/* reports/junit.c: counts, outcomes and escaping. */
#include "reports/junit.h"

#include "tests/test.h"

static void test_junit__writes_a_suite(void **state)
{
    (void)state;
    const struct sb_junit_case cases[] = {
        {"latency", "a at 64", SB_JUNIT_PASSED, NULL, NULL},
        {"latency", "b < \"c\"", SB_JUNIT_FAILED, "5 % & more", "line 1\nline\x01 2"},
        {"output", "d", SB_JUNIT_SKIPPED, "not timed", NULL},
    };
    struct sb_str out = SB_STR_INIT;
    sb_junit_write("gate", cases, 3, &out);
    assert_string_equal(sb_str_text(&out),
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<testsuite name=\"gate\" tests=\"3\" failures=\"1\" skipped=\"1\">\n"
                        "  <testcase classname=\"latency\" name=\"a at 64\"/>\n"
                        "  <testcase classname=\"latency\" name=\"b &lt; &quot;c&quot;\">\n"
                        "    <failure message=\"5 % &amp; more\">line 1\nline? 2</failure>\n"
                        "  </testcase>\n"
                        "  <testcase classname=\"output\" name=\"d\">\n"
                        "    <skipped message=\"not timed\"/>\n"
                        "  </testcase>\n"
                        "</testsuite>\n");
    sb_str_release(&out);
}

static void test_junit__an_empty_suite_is_valid(void **state)
{
    (void)state;
    struct sb_str out = SB_STR_INIT;
    sb_junit_write("none", NULL, 0, &out);
    assert_string_equal(sb_str_text(&out),
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<testsuite name=\"none\" tests=\"0\" failures=\"0\" skipped=\"0\">\n"
                        "</testsuite>\n");
    sb_str_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_junit__writes_a_suite),
        cmocka_unit_test(test_junit__an_empty_suite_is_valid),
    };
    return cmocka_run_group_tests_name("reports/junit", tests, NULL, NULL);
}
