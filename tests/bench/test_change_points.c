/* bench/change_points.c: the fit is the best of all fits, outliers move nothing, noise alone has no
 * steps. */
#include "bench/change_points.h"

#include "base/rng.h"
#include "tests/test.h"

#include <math.h>
#include <stdbool.h>

#define LEAST 4

static struct sb_error err;

static void test_change_points__finds_a_clear_step(void **state)
{
    (void)state;
    const double y[] = {1, 1.01, 0.99, 1, 1.5, 1.51, 1.49, 1.5, 1.5};
    size_t first[9], count;
    assert_ok(sb_fit_levels(y, 9, 0.2, LEAST, first, &count, &err), &err);
    assert_int_equal(count, 2);
    assert_int_equal(first[0], 0);
    assert_int_equal(first[1], 4);
    assert_true(sb_median_of(y, 4) == 1 && sb_median_of(y + 4, 5) == 1.5);
    assert_ok(sb_fit_levels(y, 9, 10, LEAST, first, &count, &err), &err);
    assert_int_equal(count, 1); /* a step would cost more than it explains */
    assert_ok(sb_fit_levels(y, 0, 1, LEAST, first, &count, &err), &err);
    assert_int_equal(count, 0);
    assert_ok(sb_fit_levels(y, 1, 1, LEAST, first, &count, &err), &err);
    assert_int_equal(count, 1);
}

/* Short segments may only stand at the end, where more values will tell. */
static void test_change_points__short_segments_wait_at_the_end(void **state)
{
    (void)state;
    const double spike[] = {0, 0, 0, 0, 9, 0, 0, 0, 0, 0}, end[] = {0, 0, 0, 0, 0, 0, 0, 0, 9, 9};
    size_t first[10], count;
    assert_ok(sb_fit_levels(spike, 10, 1, LEAST, first, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_ok(sb_fit_levels(end, 10, 1, LEAST, first, &count, &err), &err);
    assert_int_equal(count, 2);
    assert_int_equal(first[1], 8);
}

static double cost_of(const double *y, size_t count)
{
    double sum = 0;
    const double level = sb_median_of(y, count);
    for (size_t i = 0; i < count; i++)
        sum += fabs(y[i] - level);
    return sum;
}

/* Objective of the segmentation whose bit i says that value i + 1 starts a segment; infinite when a
 * segment but the last is too short. */
static double objective(const double *y, size_t count, unsigned bits, double penalty)
{
    double sum = 0;
    size_t from = 0;
    for (size_t i = 1; i <= count; i++) {
        if (i < count && !(bits >> (i - 1) & 1))
            continue;
        if (i < count && i - from < LEAST)
            return INFINITY;
        sum += cost_of(y + from, i - from) + (from ? penalty : 0);
        from = i;
    }
    return sum;
}

static void test_change_points__no_other_fit_is_better(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(3);
    for (int trial = 0; trial < 60; trial++) {
        double y[11], best = INFINITY;
        const size_t n = 1 + sb_rng_below(&rng, 11);
        const double penalty = 3 * sb_rng_double(&rng);
        for (size_t i = 0; i < n; i++) /* whole numbers, so that values repeat */
            y[i] = (double)sb_rng_below(&rng, 4) + (i > n / 2 ? 2 : 0);
        for (unsigned bits = 0; bits < 1u << (n - 1); bits++)
            best = fmin(best, objective(y, n, bits, penalty));
        size_t first[11], count;
        assert_ok(sb_fit_levels(y, n, penalty, LEAST, first, &count, &err), &err);
        unsigned found = 0;
        for (size_t k = 1; k < count; k++)
            found |= 1u << (first[k] - 1);
        assert_true(fabs(objective(y, n, found, penalty) - best) < 1e-9);
    }
}

/* n values around 0, from position `step` on around `effect`. */
static void draw(struct sb_rng *rng, double *y, size_t n, double noise, size_t step, double effect)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = noise * sb_rng_normal(rng) + (i >= step ? effect : 0);
        if (sb_rng_double(rng) < 0.03)
            y[i] += 0.3 * sb_rng_double(rng); /* a busy neighbour */
    }
}

static void test_change_points__noise_is_seen_through_steps(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(5);
    double y[200];
    draw(&rng, y, 200, 0.01, 100, 5);
    const double noise = sb_neighbour_noise(y, 200); /* 0.80 sigma for normal noise */
    assert_true(noise > 0.006 && noise < 0.011);
    assert_true(sb_neighbour_noise(y, 2) == 0);
    assert_true(sb_step_penalty(0.01, 1) == 0);
    assert_true(fabs(sb_step_penalty(0.01, 100) - 0.02 * log(100)) < 1e-15);
}

/* Series out of 200 whose fit has a step with enough values on both sides; `at` counts those with a
 * step in the right place. */
static size_t series_with_steps(size_t n, size_t step, double effect, size_t *at)
{
    struct sb_rng rng = sb_rng_seed(n + step);
    size_t with = 0;
    *at = 0;
    for (int trial = 0; trial < 200; trial++) {
        double y[64];
        size_t first[64], count;
        draw(&rng, y, n, 0.01, step, effect);
        const double penalty = sb_step_penalty(sb_neighbour_noise(y, n), n);
        assert_ok(sb_fit_levels(y, n, penalty, LEAST, first, &count, &err), &err);
        bool right = false;
        for (size_t k = 1; k < count; k++)
            right = right || (first[k] + 1 >= step && first[k] <= step + 1);
        with += count > 2 || (count == 2 && n - first[1] >= LEAST);
        *at += right;
    }
    return with;
}

static void test_change_points__simulated_histories(void **state)
{
    (void)state;
    size_t at;
    const size_t noise_only = series_with_steps(40, 64, 0, &at);
    assert_in_range(noise_only, 0, 6);
    series_with_steps(40, 30, 0.05, &at);
    assert_in_range(at, 190, 200);
    series_with_steps(40, 36, 0.10, &at); /* the first time that it can be told */
    assert_in_range(at, 180, 200);
}

static int fit(void *ctx)
{
    const double y[] = {0, 0, 0, 0, 1, 1, 1, 1};
    size_t first[8], count;
    (void)ctx;
    return sb_fit_levels(y, 8, 0.1, LEAST, first, &count, &err);
}

static void test_change_points__survives_without_memory(void **state)
{
    (void)state;
    test_every_allocation_fails(fit, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_change_points__finds_a_clear_step),
        cmocka_unit_test(test_change_points__short_segments_wait_at_the_end),
        cmocka_unit_test(test_change_points__no_other_fit_is_better),
        cmocka_unit_test(test_change_points__noise_is_seen_through_steps),
        cmocka_unit_test(test_change_points__simulated_histories),
        cmocka_unit_test(test_change_points__survives_without_memory),
    };
    return cmocka_run_group_tests_name("bench/change_points", tests, NULL, NULL);
}
