/* One rank alone, where every collective does what it does for one and NULL is enough, and several
 * of support_ranks.h. What carries ranks is tested through the commands (tests/cli/ranks). */
#include "tests/base/support_ranks.h"
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

/* What three ranks found; a bit each. */
struct found {
    unsigned named, unnamed, machine, gathered, exchanged, passed_over, swapped;
};

static void agree_on_three(struct found *f, struct sb_ranks *ranks, unsigned bit)
{
    struct sb_error err;
    sb_error_init(&err);
    const int rank = sb_ranks_rank(ranks);
    int rc = rank ? sb_error_set(&err, SB_EFORMAT, "bad value %d", rank) : 0;
    rc = sb_ranks_agree(ranks, rc, &err);
    if (rc == SB_EFORMAT && strcmp(err.message, "rank 1 on turn 1: bad value 1") == 0)
        f->named |= bit;
    const bool failed = sb_ranks_failed(ranks);
    sb_ranks_pass_over(ranks);
    if (failed && !sb_ranks_failed(ranks))
        f->passed_over |= bit;
    rc = rank ? sb_error_set(&err, SB_EFORMAT, "bad value %d", rank) : 0;
    rc = sb_ranks_agree_input(ranks, rc, -rank, &err);
    if (rc == SB_EFORMAT && strcmp(err.message, "bad value 2") == 0)
        f->unnamed |= bit;
    rc = rank == 1 ? sb_error_set(&err, SB_EIO, "cannot open") : 0;
    rc = sb_ranks_agree_input(ranks, rc, 0, &err);
    if (rc == SB_EIO && strcmp(err.message, "rank 1 on turn 1: cannot open") == 0)
        f->machine |= bit;
}

static void exchange_on_three(struct found *f, struct sb_ranks *ranks, unsigned bit)
{
    const int rank = sb_ranks_rank(ranks);
    struct sb_gathered all;
    struct sb_error err;
    /* rank r has r letters for all */
    if (sb_ranks_gather_any(ranks, &"bcc"[rank == 2], (size_t)rank, &all, &err) == 0 &&
        all.total == 3 && memcmp(all.data, "bcc", 3) == 0 && all.bytes[2] == 2)
        f->gathered |= bit;
    sb_gathered_release(&all);
    /* each has a letter for each other rank, and keeps the one in its place */
    const size_t send[] = {rank != 0, rank != 1, rank != 2}, receive[] = {1, 1, 1};
    const char out[] = {(char)('A' + rank), (char)('A' + rank)};
    char in[4] = "...";
    sb_ranks_exchange(ranks, out, send, in, receive);
    const char *const expected[] = {".BC", "A.C", "AB."};
    if (strcmp(in, expected[rank]) == 0)
        f->exchanged |= bit;
    const size_t bytes[] = {10, 20 + (size_t)rank, 30};
    size_t coming[3] = {0};
    if (sb_ranks_swap_sizes(ranks, bytes, coming, &err) == 0 &&
        coming[0] == (rank == 1 ? 20 : bytes[rank]) && coming[2] == (rank == 1 ? 22 : bytes[rank]))
        f->swapped |= bit;
}

static void on_three(void *ctx, struct sb_ranks *ranks)
{
    const unsigned bit = 1u << sb_ranks_rank(ranks);
    agree_on_three(ctx, ranks, bit);
    exchange_on_three(ctx, ranks, bit);
}

static void test_ranks__several_agree_and_exchange(void **state)
{
    (void)state;
    struct found f = {0};
    assert_true(test_run_ranks(3, on_three, &f));
    assert_int_equal(f.named, 7);
    assert_int_equal(f.unnamed, 7);
    assert_int_equal(f.machine, 7);
    assert_int_equal(f.gathered, 7);
    assert_int_equal(f.exchanged, 7);
    assert_int_equal(f.passed_over, 7);
    assert_int_equal(f.swapped, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks__alone_keep_what_they_have),
        cmocka_unit_test(test_ranks__alone_count_and_share),
        cmocka_unit_test(test_ranks__several_agree_and_exchange),
    };
    return cmocka_run_group_tests_name("base/ranks", tests, NULL, NULL);
}
