/* models/pattern.c: the pattern language of the name maps. */
#include "models/pattern.h"

#include "tests/test.h"

static void test_pattern__match_table(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool fits;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"a/b", "a/b", true},
        {"a/b", "a/bc", false},
        {"a/b", "a", false},
        {"*", "", false},
        {"*", "abc", true},
        {"*", "a/b", false},
        {"**", "a/b", true},
        {"**", "", false},
        {"a/*/c", "a/b/c", true},
        {"a/*/c", "a/b/d/c", false},
        {"a/**/c", "a/b/d/c", true},
        {"a/**/c", "a/c", false},
        {"**/Momentum", "x/y/Momentum", true},
        {"**/Momentum", "Momentum", false},
        {"*b*", "abab", true},
        {"block{n}", "block12", true},
        {"block{n}", "block", false},
        {"block{n}", "blockx", false},
        {"block{n}/p{l}", "block3/p", false},
        {"**{n}", "a12", true}, /* the star leaves a digit */
        {"block{n", "block1", false},
        {"block{n}", "block1234567890", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (sb_pattern_match(cases[i].pattern, cases[i].text, NULL) != cases[i].fits)
            fail_msg("'%s' on '%s'", cases[i].pattern, cases[i].text);
    }
}

static void test_pattern__captures_are_put_into_templates(void **state)
{
    (void)state;
    struct sb_captures c = {0};
    struct sb_str s = SB_STR_INIT;
    assert_true(sb_pattern_match("block{n}/parent{j}/*", "block12/parent0/conv1", &c));
    assert_int_equal(c.count, 2);
    assert_true(sb_pattern_expand("p{n-2}/r_{n}_{j}/x{j+10}", &c, &s));
    assert_string_equal(sb_str_text(&s), "p10/r_12_0/x10");
    sb_str_release(&s);
}

static void test_pattern__templates_without_a_value_fail(void **state)
{
    (void)state;
    static const char *const wrong[] = {"{m}", "{n", "{}", "{n-3}", "{n-}", "{n+x}", "{nn}"};
    struct sb_captures c = {0};
    assert_true(sb_pattern_match("block{n}", "block2", &c));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct sb_str s = SB_STR_INIT;
        if (sb_pattern_expand(wrong[i], &c, &s))
            fail_msg("'%s' gave '%s'", wrong[i], sb_str_text(&s));
        sb_str_release(&s);
    }
}

static void test_pattern__backtracking_forgets_captures(void **state)
{
    (void)state;
    struct sb_captures c = {0};
    assert_true(sb_pattern_match("**/{n}/end", "a/1/2/end", &c));
    assert_int_equal(c.count, 1);
    assert_int_equal(c.items[0].value, 2);
    c.count = 0;
    assert_false(sb_pattern_match("{n}x", "12y", &c));
    assert_int_equal(c.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pattern__match_table),
        cmocka_unit_test(test_pattern__captures_are_put_into_templates),
        cmocka_unit_test(test_pattern__templates_without_a_value_fail),
        cmocka_unit_test(test_pattern__backtracking_forgets_captures),
    };
    return cmocka_run_group_tests_name("models/pattern", tests, NULL, NULL);
}
