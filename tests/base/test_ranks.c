/* One rank alone: every collective does what it does for one, and NULL is enough. What several
 * ranks do is tested through the commands (tests/cli/ranks). */
#include "tests/test.h"

#include "base/ranks.h"

#include <string.h>

static void test_ranks__alone_keep_what_they_have(void **state)
{
    (void)state;
    struct sb_error err;
    int64_t values[2] = {3, -4};
    char text[6] = "hello", all[6] = "";
    const size_t sizes[1] = {5};
    assert_int_equal(sb_ranks_rank(NULL), 0);
    assert_int_equal(sb_ranks_count(NULL), 1);
    assert_true(sb_ranks_first_of_machine(NULL));
    assert_int_equal(sb_ranks_sent(NULL), 0);
    sb_ranks_barrier(NULL);
    sb_ranks_broadcast(NULL, 0, text, sizeof(text));
    sb_ranks_gather(NULL, text, sizeof(text), all);
    assert_string_equal(all, "hello");
    memset(all, 0, sizeof(all));
    sb_ranks_exchange(NULL, text, sizes, all, sizes);
    assert_string_equal(all, "hello");
    sb_ranks_sum(NULL, values, 2);
    assert_int_equal(values[0], 3);
    assert_int_equal(values[1], -4);
    sb_error_set(&err, SB_EIO, "as it was");
    assert_int_equal(sb_ranks_agree(NULL, SB_EIO, &err), SB_EIO);
    assert_string_equal(err.message, "as it was");
    assert_false(sb_ranks_failed(NULL));
    assert_int_equal(sb_ranks_same(NULL, 7, "a thing", "path", &err), 0);
    sb_ranks_abort(NULL, 2); /* nothing to end */
}

static int use_shared(void *ctx)
{
    (void)ctx;
    struct sb_error err;
    struct sb_counters *counters = sb_counters_new(NULL, 3, &err);
    struct sb_shared *shared = counters ? sb_shared_new(NULL, 100, 0, &err) : NULL;
    const int rc = shared ? 0 : (int)err.code;
    if (shared) {
        assert_int_equal(sb_counters_add(counters, 2, 5), 0);
        assert_int_equal(sb_counters_add(counters, 2, -1), 5);
        assert_int_equal(sb_counters_add(counters, 2, 0), 4);
        assert_int_equal(sb_counters_add(counters, 0, 0), 0);
        memset(sb_shared_data(shared), 1, 100);
        sb_shared_ready(shared);
    }
    sb_shared_free(&shared);
    sb_counters_free(&counters);
    return rc;
}

static void test_ranks__alone_count_and_share(void **state)
{
    (void)state;
    test_every_allocation_fails(use_shared, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks__alone_keep_what_they_have),
        cmocka_unit_test(test_ranks__alone_count_and_share),
    };
    return cmocka_run_group_tests_name("base/ranks", tests, NULL, NULL);
}
