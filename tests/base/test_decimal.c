/* base/decimal.c: correct rounding, checked against the C library and on known hard cases. */
#include "base/decimal.h"
#include "base/rng.h"

#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t bits_of(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

static void check_fast(uint64_t significand, int exponent)
{
    char text[64];
    double fast;
    snprintf(text, sizeof(text), "%llue%d", (unsigned long long)significand, exponent);
    const double expected = strtod(text, NULL);
    if (sb_decimal_fast(significand, exponent, &fast) && bits_of(fast) != bits_of(expected))
        fail_msg("%s gave %.17g, expected %.17g", text, fast, expected);
}

static void test_decimal__fast_equals_library_on_random_numbers(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(1);
    for (int i = 0; i < 300000; i++) {
        const uint64_t significand = sb_rng_u64(&rng) >> sb_rng_below(&rng, 60);
        check_fast(significand, (int)sb_rng_below(&rng, 90) - 45);
    }
}

/* Numbers half way between two doubles, and their neighbours. */
static void test_decimal__fast_rounds_ties_to_even(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(2);
    for (int i = 0; i < 100000; i++) {
        const uint64_t half = ((sb_rng_u64(&rng) >> 10 | (uint64_t)1 << 53) << 1 | 1) << 3;
        for (int d = -1; d <= 1; d++)
            check_fast(half + (uint64_t)(int64_t)d, 0);
        check_fast((sb_rng_u64(&rng) >> 11 | 1) * 5, -1);
    }
}

static void test_decimal__fast_is_decided_for_17_digits(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(3);
    int undecided = 0;
    double value;
    for (int i = 0; i < 10000; i++)
        undecided += !sb_decimal_fast(sb_rng_u64(&rng) % 100000000000000000u, -17, &value);
    assert_int_equal(undecided, 0);
}

static void check_exact(const char *text, double expected)
{
    const double value = sb_decimal_exact(text, strlen(text));
    if (bits_of(value) != bits_of(expected))
        fail_msg("%s gave %.17g, expected %.17g", text, value, expected);
}

static void test_decimal__exact_known_cases(void **state)
{
    (void)state;
    check_exact("0", 0.0);
    check_exact("-0.0", -0.0);
    check_exact("0.1", 0.1);
    check_exact("-12.50e+3", -12500.0);
    check_exact("9007199254740993", 9007199254740992.0);
    check_exact("9007199254740993.00000000000000000000001", 9007199254740994.0);
    check_exact("1e999", INFINITY);
    check_exact("1e-999", 0.0);
    check_exact("0e99999999999", 0.0);
    check_exact("4.9406564584124654e-324", 0x1p-1074);
    check_exact("2.4703282292062327e-324", 0.0);
    check_exact("2.4703282292062328e-324", 0x1p-1074);
    check_exact("1.7976931348623157e308", 0x1.fffffffffffffp1023);
    check_exact("0.000000000000000000000000000000000000000000000000000001", 1e-54);
}

/* 1 + 2^-53 is half way between 1 and the next double; a digit far behind decides. */
static void test_decimal__exact_keeps_far_digits(void **state)
{
    (void)state;
    char text[2048] = "1.00000000000000011102230246251565404236316680908203125";
    check_exact(text, 1.0);
    memset(text + strlen(text), '0', 1500);
    strcpy(text + 1540, "1");
    check_exact(text, 1.0 + 0x1p-52);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimal__fast_equals_library_on_random_numbers),
        cmocka_unit_test(test_decimal__fast_rounds_ties_to_even),
        cmocka_unit_test(test_decimal__fast_is_decided_for_17_digits),
        cmocka_unit_test(test_decimal__exact_known_cases),
        cmocka_unit_test(test_decimal__exact_keeps_far_digits),
    };
    return cmocka_run_group_tests_name("base/decimal", tests, NULL, NULL);
}
