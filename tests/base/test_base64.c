/* base/base64.c: the test vectors of RFC 4648, section 10. */
#include "base/base64.h"

#include "tests/test.h"

#include <string.h>

static void test_base64__vectors_of_the_rfc(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"},
                                             {"\xff\xfe\xfd", "//79"}};
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct sb_str out = SB_STR_INIT;
        sb_base64(vectors[i][0], strlen(vectors[i][0]), &out);
        assert_string_equal(sb_str_text(&out), vectors[i][1]);
        sb_str_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_base64__vectors_of_the_rfc)};
    return cmocka_run_group_tests_name("base/base64", tests, NULL, NULL);
}
