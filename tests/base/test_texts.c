/* base/texts.c: strings stay where they are; failures of memory are remembered. */
#include "base/texts.h"

#include "base/mem.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static void test_texts__strings_do_not_move(void **state)
{
    (void)state;
    struct sb_texts texts = SB_TEXTS_INIT;
    const char *kept[2000];
    for (int i = 0; i < 2000; i++)
        kept[i] = sb_texts_printf(&texts, "number %d", i);
    for (int i = 0; i < 2000; i++) {
        char want[32];
        snprintf(want, sizeof(want), "number %d", i);
        assert_string_equal(kept[i], want);
    }
    assert_null(sb_texts_keep(&texts, NULL));
    assert_string_equal(sb_texts_keep(&texts, ""), "");
    sb_texts_release(&texts);
}

static void test_texts__longer_than_a_block(void **state)
{
    (void)state;
    struct sb_texts texts = SB_TEXTS_INIT;
    static char big[50000];
    memset(big, 'x', sizeof(big) - 1);
    const char *small = sb_texts_keep(&texts, "small");
    assert_string_equal(sb_texts_keep(&texts, big), big);
    assert_string_equal(small, "small");
    sb_texts_release(&texts);
}

static void test_texts__remember_that_memory_ran_out(void **state)
{
    (void)state;
    struct sb_texts texts = SB_TEXTS_INIT;
    sb_mem_fail_after(1);
    assert_string_equal(sb_texts_keep(&texts, "a"), "");
    assert_string_equal(sb_texts_printf(&texts, "%d", 1), "");
    sb_mem_fail_after(0);
    assert_true(texts.failed);
    sb_texts_release(&texts);
    assert_false(texts.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts__strings_do_not_move),
        cmocka_unit_test(test_texts__longer_than_a_block),
        cmocka_unit_test(test_texts__remember_that_memory_ran_out),
    };
    return cmocka_run_group_tests_name("base/texts", tests, NULL, NULL);
}
