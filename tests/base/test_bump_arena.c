/* base/bump_arena.c: pieces are aligned, apart from each other, and the memory is kept. */
#include "base/bump_arena.h"
#include "base/error.h"
#include "base/mem.h"

#include "tests/test.h"

#include <string.h>

static void test_arena__pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    struct sb_arena arena = {0};
    const size_t total = sb_arena_bytes(3, 5) + sb_arena_bytes(0, 8) + sb_arena_bytes(10, 100);
    assert_int_equal(sb_arena_reset(&arena, total), 0);
    char *const a = sb_arena_take(&arena, 3, 5);
    char *const b = sb_arena_take(&arena, 0, 8);
    char *const c = sb_arena_take(&arena, 10, 100);
    memset(a, 1, 15);
    memset(c, 2, 1000);
    assert_true(a + 15 <= b && b < c && (uintptr_t)b % 64 == 0 && (uintptr_t)c % 64 == 0);
    assert_int_equal(a[14], 1);
    assert_int_equal(sb_arena_reset(&arena, total - 1), 0);
    assert_ptr_equal(sb_arena_take(&arena, 1, 1), a);
    sb_arena_empty(&arena);
    assert_ptr_equal(sb_arena_take(&arena, 1, 1), a);
    sb_arena_release(&arena);
}

static void test_arena__overflow_and_no_memory_are_reported(void **state)
{
    (void)state;
    struct sb_arena arena = {0};
    assert_true(sb_arena_bytes(SIZE_MAX / 2, 3) == SIZE_MAX);
    assert_int_equal(sb_arena_reset(&arena, SIZE_MAX), SB_ENOMEM);
    sb_mem_fail_after(1);
    assert_int_equal(sb_arena_reset(&arena, 100), SB_ENOMEM);
    sb_mem_fail_after(0);
    sb_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena__pieces_are_aligned_and_apart),
        cmocka_unit_test(test_arena__overflow_and_no_memory_are_reported),
    };
    return cmocka_run_group_tests_name("base/bump_arena", tests, NULL, NULL);
}
