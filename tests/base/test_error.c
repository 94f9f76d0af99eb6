/* base/error.c: messages carry where and what next. */
#include "base/error.h"

#include "tests/test.h"

static void test_error__text_has_place_message_and_hint(void **state)
{
    (void)state;
    struct sb_error err;
    char text[512];
    assert_int_equal(sb_error_set(&err, SB_EFORMAT, "bad %d", 7), SB_EFORMAT);
    sb_error_file(&err, "a.json");
    sb_error_line(&err, 3, 14);
    sb_error_pointer(&err, "/blocks/%d", 2);
    assert_int_equal(sb_error_hint(&err, "try again"), SB_EFORMAT);
    sb_error_text(&err, text, sizeof(text));
    assert_string_equal(text, "a.json:3:14 /blocks/2: bad 7\nhint: try again");
}

static void test_error__offset_is_named_in_bytes(void **state)
{
    (void)state;
    struct sb_error err;
    char text[512];
    sb_error_set(&err, SB_EFORMAT, "cut off");
    sb_error_file(&err, "x");
    sb_error_offset(&err, 0);
    sb_error_text(&err, text, sizeof(text));
    assert_string_equal(text, "x (byte 0): cut off");
}

static void test_error__null_error_keeps_the_code(void **state)
{
    (void)state;
    assert_int_equal(sb_error_set(NULL, SB_ENOTFOUND, "x"), SB_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error__text_has_place_message_and_hint),
        cmocka_unit_test(test_error__offset_is_named_in_bytes),
        cmocka_unit_test(test_error__null_error_keeps_the_code),
    };
    return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
