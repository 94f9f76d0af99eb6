/* bench/statistics.c against SciPy and statsmodels (tests/golden/statistics.txt), exact binomials
 * of small n, and simulation. */
#include "bench/statistics.h"

#include "base/file.h"
#include "base/rng.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_VALUES 700

/* Calls check(fields, count) for every line of the oracle's file that starts with `what`; fields
 * are its numbers. Returns the number of lines. */
static size_t for_each_line(const char *what, void (*check)(const double *fields, size_t count))
{
    FILE *fp = fopen(test_source("golden/statistics.txt"), "r");
    assert_non_null(fp);
    static char line[32768];
    size_t lines = 0;
    while (fgets(line, sizeof(line), fp)) {
        const size_t n = strlen(what);
        if (strncmp(line, what, n) != 0 || line[n] != ' ')
            continue;
        double fields[MAX_VALUES] = {0};
        size_t count = 0;
        char *p = line + n, *end;
        for (double v = strtod(p, &end); end != p; v = strtod(p, &end)) {
            assert_true(count < MAX_VALUES);
            fields[count++] = v;
            p = end;
        }
        check(fields, count);
        lines++;
    }
    fclose(fp);
    return lines;
}

static void assert_near(double got, double want, double relative)
{
    if (!(fabs(got - want) <= relative * fmax(fabs(want), 1e-300)))
        fail_msg("got %.17g, want %.17g", got, want);
}

static void check_tail(const double *f, size_t count)
{
    assert_int_equal(count, 3);
    const double got = sb_binomial_tail((size_t)f[0], (size_t)f[1]);
    if (f[2] > 1e-250) /* below, only the size matters */
        assert_near(got, f[2], 1e-10);
    else
        assert_true(got >= 0 && got < 1e-200);
}

static void test_statistics__binomial_tail_equals_scipy(void **state)
{
    (void)state;
    assert_true(for_each_line("tail", check_tail) > 50);
}

/* All tails of small n, from Pascal's triangle in integers. */
static void test_statistics__binomial_tail_is_exact_for_small_n(void **state)
{
    (void)state;
    uint64_t choose[61] = {1};
    for (size_t n = 1; n <= 60; n++) {
        for (size_t k = n; k > 0; k--)
            choose[k] += choose[k - 1];
        uint64_t sum = 0;
        for (size_t k = n + 1; k-- > 0;) {
            sum += choose[k];
            assert_near(sb_binomial_tail(n, k), ldexp((double)sum, -(int)n), 1e-14);
        }
    }
    assert_true(sb_binomial_tail(5, 6) == 0);
}

static void check_rank(const double *f, size_t count)
{
    assert_int_equal(count, 4);
    const size_t n = (size_t)f[0], rank = (size_t)f[2];
    double *values = malloc(n * sizeof(*values));
    assert_non_null(values);
    for (size_t i = 0; i < n; i++)
        values[i] = (double)i + 1;
    const struct sb_interval interval = sb_median_interval_sorted(values, n, f[1]);
    free(values);
    assert_int_equal(interval.known, rank > 0);
    if (rank == 0)
        return;
    assert_true(interval.low == (double)rank);
    assert_true(interval.high == (double)(n - rank + 1));
    assert_near(interval.coverage, f[3], 1e-12);
}

static void test_statistics__median_interval_takes_scipys_ranks(void **state)
{
    (void)state;
    assert_true(for_each_line("rank", check_rank) > 20);
}

static void check_summary(const double *f, size_t count)
{
    const size_t n = (size_t)f[0];
    assert_int_equal(count, 5 + n);
    double values[MAX_VALUES];
    memcpy(values, f + 5, n * sizeof(*values));
    assert_near(sb_geometric_mean(values, n), f[2], 1e-13);
    const struct sb_summary s = sb_summarize(values, n);
    assert_near(s.median, f[1], 1e-15);
    assert_true(sb_quantile_sorted(values, n, 0.9) == f[3]);
    assert_true(sb_quantile_sorted(values, n, 0.99) == f[4]);
    assert_int_equal(s.has_p90, n >= 29);
    assert_int_equal(s.has_p99, n >= 299);
    assert_int_equal(s.interval.known, n >= 6);
    assert_true(s.min == values[0] && s.max == values[n - 1]);
}

static void test_statistics__summary_equals_scipy(void **state)
{
    (void)state;
    assert_true(for_each_line("summary", check_summary) == 5);
}

static void check_sign(const double *f, size_t count)
{
    assert_int_equal(count, 3 + (size_t)f[0]);
    const struct sb_sign_test test = sb_sign_test(f + 3, (size_t)f[0]);
    assert_near(test.p_up, f[1], 1e-12);
    assert_near(test.p_down, f[2], 1e-12);
    assert_true(test.ties >= 1);
    assert_int_equal(test.positive + test.negative + test.ties, (size_t)f[0]);
}

static void test_statistics__sign_test_equals_scipy(void **state)
{
    (void)state;
    assert_true(for_each_line("sign", check_sign) == 3);
}

static void check_holm(const double *f, size_t count)
{
    const size_t m = (size_t)f[0];
    assert_int_equal(count, 1 + 2 * m);
    double adjusted[16];
    assert_true(sb_holm(f + 1, m, adjusted));
    for (size_t i = 0; i < m; i++)
        assert_near(adjusted[i], f[1 + m + i], 1e-12);
}

static void test_statistics__holm_equals_statsmodels(void **state)
{
    (void)state;
    assert_true(for_each_line("holm", check_holm) == 3);
}

/* The interval of a skewed sample covers the true median as often as it says. */
static void test_statistics__interval_covers_in_simulation(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(1);
    size_t covered = 0;
    const size_t trials = 4000;
    for (size_t t = 0; t < trials; t++) {
        double x[21];
        for (size_t i = 0; i < 21; i++)
            x[i] = exp(sb_rng_normal(&rng)); /* median 1 */
        const struct sb_summary s = sb_summarize(x, 21);
        covered += s.interval.low <= 1 && 1 <= s.interval.high;
    }
    /* 97.34 % by theory; five standard errors are 1.3 % */
    assert_true(covered > trials * 960 / 1000 && covered < trials * 987 / 1000);
}

static void test_statistics__quantiles_need_enough_samples(void **state)
{
    (void)state;
    assert_false(sb_quantile_allowed(0.90, 28, 0.95));
    assert_true(sb_quantile_allowed(0.90, 29, 0.95));
    assert_false(sb_quantile_allowed(0.99, 298, 0.95));
    assert_true(sb_quantile_allowed(0.99, 299, 0.95));
    assert_false(sb_quantile_allowed(0.99, 458, 0.99));
    assert_true(sb_quantile_allowed(0.99, 459, 0.99));
}

static void test_statistics__few_samples_are_known_less_well(void **state)
{
    (void)state;
    double one[] = {50}, alike[] = {100.01, 100}, two[] = {90, 110};
    double many[] = {1, 2, 3, 4, 5, 6, 7, 8};
    assert_near(sb_summarize(one, 1).uncertainty, 5, 1e-12);
    assert_near(sb_summarize(alike, 2).uncertainty, 1.00005, 1e-12);
    assert_near(sb_summarize(two, 2).uncertainty, 10, 1e-12);
    const struct sb_summary s = sb_summarize(many, 8);
    assert_true(s.interval.known);
    assert_near(s.uncertainty, (s.interval.high - s.interval.low) / 2, 1e-12);
}

static void test_statistics__digits_follow_the_interval(void **state)
{
    (void)state;
    assert_int_equal(sb_justified_decimals(12.3456, 0.02), 2);
    assert_int_equal(sb_justified_decimals(12.3456, 0.5), 1);
    assert_int_equal(sb_justified_decimals(12.3456, 3), 0);
    assert_int_equal(sb_justified_decimals(1234.5, 40), -1);
    assert_int_equal(sb_justified_decimals(12.3456, 0), 2);
    assert_int_equal(sb_justified_decimals(0.0123456, 0), 5);
    assert_int_equal(sb_justified_decimals(0, 0), 0);
}

static void test_statistics__empty_and_single_samples(void **state)
{
    (void)state;
    double one[] = {7};
    assert_int_equal(sb_summarize(one, 0).count, 0);
    const struct sb_summary s = sb_summarize(one, 1);
    assert_true(s.median == 7 && s.min == 7 && s.max == 7);
    assert_false(s.interval.known || s.has_p90);
    assert_true(sb_sign_test(one, 0).p_up == 1);
}

static void test_mean_interval__is_students(void **state)
{
    (void)state;
    const double values[] = {0.30, 0.32, 0.34};
    double mean;
    assert_false(sb_mean_interval(values, 1, &mean).known);
    assert_true(mean == 0.30);
    const struct sb_interval i = sb_mean_interval(values, 3, &mean);
    assert_true(i.known && fabs(mean - 0.32) < 1e-15);
    /* deviation 0.02, 4.302652730 / sqrt(3) of it */
    assert_true(fabs(i.high - 0.32 - 0.04968275) < 1e-7);
    assert_true(fabs(i.low - 0.32 + 0.04968275) < 1e-7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics__binomial_tail_equals_scipy),
        cmocka_unit_test(test_statistics__binomial_tail_is_exact_for_small_n),
        cmocka_unit_test(test_statistics__median_interval_takes_scipys_ranks),
        cmocka_unit_test(test_statistics__summary_equals_scipy),
        cmocka_unit_test(test_statistics__sign_test_equals_scipy),
        cmocka_unit_test(test_statistics__holm_equals_statsmodels),
        cmocka_unit_test(test_statistics__interval_covers_in_simulation),
        cmocka_unit_test(test_statistics__quantiles_need_enough_samples),
        cmocka_unit_test(test_statistics__few_samples_are_known_less_well),
        cmocka_unit_test(test_statistics__digits_follow_the_interval),
        cmocka_unit_test(test_statistics__empty_and_single_samples),
        cmocka_unit_test(test_mean_interval__is_students),
    };
    return cmocka_run_group_tests_name("bench/statistics", tests, NULL, NULL);
}
