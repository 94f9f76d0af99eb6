/* base/str.c: the invariant after each step, growth, and the sticky failure. */
#include "base/str.h"

#include "base/mem.h"
#include "tests/test.h"

#include <string.h>

static void assert_sane(const struct sb_str *s)
{
    if (!s->data) {
        assert_int_equal(s->length, 0);
        assert_int_equal(s->capacity, 0);
        return;
    }
    assert_true(s->length < s->capacity);
    assert_int_equal(s->data[s->length], '\0');
}

static void test_str__empty_is_a_text(void **state)
{
    (void)state;
    struct sb_str s = SB_STR_INIT;
    assert_sane(&s);
    assert_string_equal(sb_str_text(&s), "");
    sb_str_clear(&s);
    assert_sane(&s);
    sb_str_append(&s, NULL, 0);
    assert_sane(&s);
    assert_string_equal(sb_str_text(&s), "");
    sb_str_release(&s);
}

static void test_str__appends_grow(void **state)
{
    (void)state;
    struct sb_str s = SB_STR_INIT;
    for (int i = 0; i < 1000; i++) {
        sb_str_printf(&s, "%d,", i % 10);
        sb_str_puts(&s, "x");
        assert_sane(&s);
    }
    assert_int_equal(s.length, 3000);
    assert_memory_equal(s.data, "0,x1,x2,x", 9);
    assert_string_equal(s.data + 2991, "7,x8,x9,x");
    sb_str_clear(&s);
    assert_sane(&s);
    assert_int_equal(s.length, 0);
    sb_str_release(&s);
    assert_sane(&s);
}

static void test_str__bytes_may_hold_nul(void **state)
{
    (void)state;
    struct sb_str s = SB_STR_INIT;
    sb_str_append(&s, "a\0b", 3);
    assert_sane(&s);
    assert_int_equal(s.length, 3);
    assert_memory_equal(s.data, "a\0b", 4);
    sb_str_release(&s);
}

static void test_str__failure_sticks_and_keeps_the_text(void **state)
{
    (void)state;
    struct sb_str s = SB_STR_INIT;
    sb_str_puts(&s, "kept");
    sb_mem_fail_after(1);
    sb_str_printf(&s, "%0100d", 1);
    sb_mem_fail_after(0);
    assert_true(s.failed);
    assert_sane(&s);
    sb_str_puts(&s, "!");
    assert_string_equal(sb_str_text(&s), "kept");
    sb_str_release(&s);
    assert_false(s.failed);
}

static void test_str__absurd_lengths_fail(void **state)
{
    (void)state;
    struct sb_str s = SB_STR_INIT;
    sb_str_puts(&s, "kept");
    sb_str_append(&s, "x", SIZE_MAX - 2); /* must fail before it reads */
    assert_true(s.failed);
    assert_string_equal(sb_str_text(&s), "kept");
    sb_str_release(&s);
}

static void test_str__dims_are_listed(void **state)
{
    (void)state;
    struct sb_str s = SB_STR_INIT;
    sb_str_dims(&s, NULL, 0);
    sb_str_dims(&s, (const size_t[]){8, 3, 1}, 3);
    assert_string_equal(sb_str_text(&s), "()(8, 3, 1)");
    sb_str_release(&s);
}

static void test_text__nothing_equals_nothing_alone(void **state)
{
    (void)state;
    char a[] = "tiny", b[] = "tiny";
    assert_true(sb_same_text(a, b));
    assert_true(sb_same_text(NULL, NULL));
    assert_false(sb_same_text(a, "tin"));
    assert_false(sb_same_text(a, NULL));
    assert_false(sb_same_text(NULL, ""));
}

static void test_fill__breaks_at_blanks(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
        size_t column, indent, width;
    } cases[] = {
        {"", "", 0, 0, 10},
        {"one two", "one two", 0, 0, 7},
        {"one two", "one\ntwo", 0, 0, 6},
        {"one two six", "one two\n  six", 0, 2, 9},
        {"one two", "one\n  two", 5, 2, 10},
        {"one two", "\n  one\n  two", 5, 2, 7},
        {"one  two", "one  two", 0, 0, 8},      /* blanks inside a line stay */
        {"one  two", "one\ntwo", 0, 0, 7},      /* those at breaks go */
        {"longer one", "longer\none", 0, 0, 3}, /* a word is never cut */
        {"\u00b5\u00b5\u00b5 \u00b5", "\u00b5\u00b5\u00b5 \u00b5", 0, 0,
         5}, /* characters, not bytes */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_str s = SB_STR_INIT;
        sb_str_fill(&s, cases[i].text, cases[i].column, cases[i].indent, cases[i].width);
        assert_string_equal(sb_str_text(&s), cases[i].expected);
        sb_str_release(&s);
    }
}

static void test_name__slips_are_near(void **state)
{
    (void)state;
    assert_int_equal(sb_name_distance("cost", "cost"), 0);
    assert_int_equal(sb_name_distance("", "abc"), 3);
    assert_int_equal(sb_name_distance("kitten", "sitting"), 3);
    assert_true(sb_name_is_near("bnech", "bench"));
    assert_false(sb_name_is_near("by", "cost"));
    assert_false(sb_name_is_near("x", "y"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_str__empty_is_a_text),
        cmocka_unit_test(test_str__appends_grow),
        cmocka_unit_test(test_str__bytes_may_hold_nul),
        cmocka_unit_test(test_str__failure_sticks_and_keeps_the_text),
        cmocka_unit_test(test_str__absurd_lengths_fail),
        cmocka_unit_test(test_str__dims_are_listed),
        cmocka_unit_test(test_text__nothing_equals_nothing_alone),
        cmocka_unit_test(test_fill__breaks_at_blanks),
        cmocka_unit_test(test_name__slips_are_near),
    };
    return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
