/* base/mem.c: alignment, counters, overflow, and the failure hook that other tests rely on. */
#include "base/mem.h"

#include "base/size.h"
#include "tests/test.h"

#include <string.h>

static size_t current(enum sb_mem_kind kind, int group)
{
    struct sb_mem_stats stats;
    sb_mem_get_stats(&stats);
    return stats.current_bytes[kind][group];
}

static void test_mem__blocks_are_aligned_and_distinct(void **state)
{
    (void)state;
    void *blocks[20];
    for (size_t i = 0; i < 20; i++) {
        blocks[i] = sb_malloc(i * 7, SB_MEM_TAG(SB_MEM_DATA, 0)); /* i = 0: size 0 */
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], 0xab, i * 7);
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(blocks[i], blocks[j]);
    }
    for (size_t i = 0; i < 20; i++)
        sb_free(blocks[i]);
    sb_free(NULL);
}

static void test_mem__counts_by_kind_and_group(void **state)
{
    (void)state;
    const size_t before = current(SB_MEM_WEIGHTS, 3);
    void *a = sb_malloc(1000, SB_MEM_TAG(SB_MEM_WEIGHTS, 3));
    assert_int_equal(current(SB_MEM_WEIGHTS, 3), before + 1000);
    assert_int_equal(current(SB_MEM_WEIGHTS, 2), 0);
    a = sb_realloc(a, 10, 500, SB_MEM_TAG(SB_MEM_WEIGHTS, 3));
    assert_int_equal(current(SB_MEM_WEIGHTS, 3), before + 5000);
    sb_free(a);
    assert_int_equal(current(SB_MEM_WEIGHTS, 3), before);
}

static void test_mem__peak_stays_until_reset(void **state)
{
    (void)state;
    struct sb_mem_stats stats;
    sb_mem_reset_peaks();
    sb_free(sb_malloc(12345, SB_MEM_TAG(SB_MEM_ACTIVATION, 5)));
    sb_mem_get_stats(&stats);
    assert_int_equal(stats.peak_bytes[SB_MEM_ACTIVATION][5], 12345);
    assert_true(stats.peak_total_bytes >= stats.current_total_bytes + 12345);
    sb_mem_reset_peaks();
    sb_mem_get_stats(&stats);
    assert_int_equal(stats.peak_bytes[SB_MEM_ACTIVATION][5], 0);
    assert_int_equal(stats.peak_total_bytes, stats.current_total_bytes);
}

static void test_mem__calloc_is_zeroed_and_realloc_keeps_content(void **state)
{
    (void)state;
    unsigned char *p = sb_calloc(16, 4, SB_MEM_TAG(SB_MEM_DATA, 0));
    for (int i = 0; i < 64; i++)
        assert_int_equal(p[i], 0);
    for (int i = 0; i < 64; i++)
        p[i] = (unsigned char)i;
    p = sb_realloc(p, 1, 300, SB_MEM_TAG(SB_MEM_DATA, 0));
    for (int i = 0; i < 64; i++)
        assert_int_equal(p[i], i);
    p = sb_realloc(p, 1, 10, SB_MEM_TAG(SB_MEM_DATA, 0));
    for (int i = 0; i < 10; i++)
        assert_int_equal(p[i], i);
    sb_free(p);
}

static void test_mem__overflow_is_refused(void **state)
{
    (void)state;
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    char keep[] = "x";
    char *p = sb_strdup(keep);
    assert_null(sb_calloc(SIZE_MAX / 2, 3, tag));
    assert_null(sb_malloc(SIZE_MAX - 8, tag));
    assert_null(sb_realloc(p, SIZE_MAX / 4, 8, tag));
    assert_string_equal(p, "x"); /* a failed realloc leaves the block valid */
    sb_free(p);
    assert_null(sb_malloc(1, SB_MEM_TAG(SB_MEM_KINDS, 0)));
}

static void test_mem__grow_doubles_and_fails_cleanly(void **state)
{
    (void)state;
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    int *array = NULL;
    size_t cap = 0;
    assert_int_equal(sb_grow(&array, &cap, 1, sizeof(*array), tag), 0);
    assert_int_equal(cap, 8);
    array[7] = 77;
    assert_int_equal(sb_grow(&array, &cap, 9, sizeof(*array), tag), 0);
    assert_int_equal(cap, 16);
    assert_int_equal(array[7], 77);
    assert_int_equal(sb_grow(&array, &cap, SIZE_MAX, sizeof(*array), tag), SB_ENOMEM);
    assert_int_equal(sb_grow(&array, &cap, SIZE_MAX / 2, sizeof(*array), tag), SB_ENOMEM);
    assert_int_equal(cap, 16);
    assert_int_equal(array[7], 77);
    sb_free(array);
}

static void test_mem__failure_hook_counts_down_and_stays(void **state)
{
    (void)state;
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    sb_mem_fail_after(3);
    void *a = sb_malloc(1, tag);
    void *b = sb_malloc(1, tag);
    void *c = sb_malloc(1, tag);
    void *d = sb_malloc(1, tag);
    sb_mem_fail_after(0);
    void *e = sb_malloc(1, tag);
    assert_non_null(a);
    assert_non_null(b);
    assert_null(c);
    assert_null(d);
    assert_non_null(e);
    sb_free(a);
    sb_free(b);
    sb_free(e);
}

static void test_mem__strdup_copies(void **state)
{
    (void)state;
    const char text[] = "level";
    char *copy = sb_strdup(text);
    assert_string_equal(copy, text);
    assert_ptr_not_equal(copy, text);
    sb_free(copy);
    assert_null(sb_strdup(NULL));
}

static void test_size__products_and_sums_are_checked(void **state)
{
    (void)state;
    size_t out = 42;
    assert_true(sb_mul_size(SIZE_MAX / 5, 5, &out));
    assert_int_equal(out, SIZE_MAX / 5 * 5);
    out = 42;
    assert_false(sb_mul_size(SIZE_MAX / 5 + 1, 5, &out));
    assert_false(sb_add_size(SIZE_MAX, 1, &out));
    assert_int_equal(out, 42);
    assert_true(sb_add_size(SIZE_MAX - 1, 1, &out));
    assert_int_equal(out, SIZE_MAX);
    assert_int_equal(sb_align_size(0, 64), 0);
    assert_int_equal(sb_align_size(1, 64), 64);
    assert_int_equal(sb_align_size(64, 64), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mem__blocks_are_aligned_and_distinct),
        cmocka_unit_test(test_mem__counts_by_kind_and_group),
        cmocka_unit_test(test_mem__peak_stays_until_reset),
        cmocka_unit_test(test_mem__calloc_is_zeroed_and_realloc_keeps_content),
        cmocka_unit_test(test_mem__overflow_is_refused),
        cmocka_unit_test(test_mem__grow_doubles_and_fails_cleanly),
        cmocka_unit_test(test_mem__failure_hook_counts_down_and_stays),
        cmocka_unit_test(test_mem__strdup_copies),
        cmocka_unit_test(test_size__products_and_sums_are_checked),
    };
    return cmocka_run_group_tests_name("base/mem", tests, NULL, NULL);
}
