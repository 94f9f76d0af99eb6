/* base/rng.h: the generator's published values and the ranges of what is derived from it. */
#include "base/rng.h"

#include "tests/test.h"

static void test_rng__splitmix64_known_values(void **state)
{
    (void)state;
    struct sb_rng rng = {0};
    assert_true(sb_rng_u64(&rng) == 0xe220a8397b1dcdafu);
    assert_true(sb_rng_u64(&rng) == 0x6e789e6aa1b965f4u);
    assert_true(sb_rng_u64(&rng) == 0x06c45d188009454fu);
}

static void test_rng__below_covers_its_range_evenly(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(5);
    int counts[10] = {0};
    for (int i = 0; i < 100000; i++)
        counts[sb_rng_below(&rng, 10)]++;
    for (int i = 0; i < 10; i++)
        assert_in_range(counts[i], 9600, 10400); /* 10000 +- 4 standard deviations */
    assert_int_equal(sb_rng_below(&rng, 1), 0);
}

static void test_rng__double_and_normal_have_their_moments(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(6);
    double sum = 0, normal_sum = 0, normal_squares = 0;
    const int n = 100000;
    for (int i = 0; i < n; i++) {
        const double u = sb_rng_double(&rng);
        assert_true(u >= 0 && u < 1);
        const double z = sb_rng_normal(&rng);
        assert_true(z >= -6 && z <= 6);
        sum += u;
        normal_sum += z;
        normal_squares += z * z;
    }
    assert_true(sum / n > 0.496 && sum / n < 0.504);
    assert_true(normal_sum / n > -0.013 && normal_sum / n < 0.013);
    assert_true(normal_squares / n > 0.98 && normal_squares / n < 1.02);
}

static void test_rng__neighbouring_seeds_differ(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct sb_rng a = sb_rng_seed(seed), b = sb_rng_seed(seed + 1), again = sb_rng_seed(seed);
        const uint64_t value = sb_rng_u64(&a);
        assert_true(value == sb_rng_u64(&again));
        const int bits = __builtin_popcountll(value ^ sb_rng_u64(&b));
        assert_in_range(bits, 10, 54);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng__splitmix64_known_values),
        cmocka_unit_test(test_rng__below_covers_its_range_evenly),
        cmocka_unit_test(test_rng__double_and_normal_have_their_moments),
        cmocka_unit_test(test_rng__neighbouring_seeds_differ),
    };
    return cmocka_run_group_tests_name("base/rng", tests, NULL, NULL);
}
