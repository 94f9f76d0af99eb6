/* Distribution-free statistics. See statistics.h. */
#include "bench/statistics.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sb_sort_doubles(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare_doubles);
}

double sb_median_sorted(const double *sorted, size_t count)
{
    const double upper = sorted[count / 2];
    return count % 2 ? upper : sorted[count / 2 - 1] + (upper - sorted[count / 2 - 1]) / 2;
}

/* Weights of Bin(n, 1/2) relative to the one at n / 2, walked outwards, so nothing underflows
 * before it stops to matter. Sum over i >= k and over all i. */
double sb_binomial_tail(size_t n, size_t k)
{
    if (k == 0)
        return 1;
    if (k > n)
        return 0;
    const size_t mode = n / 2;
    double total = 0, tail = 0, weight = 1;
    for (size_t i = mode; i <= n; i++) {
        total += weight;
        tail += i >= k ? weight : 0;
        weight *= (double)(n - i) / (double)(i + 1);
    }
    weight = 1;
    for (size_t i = mode; i > 0; i--) {
        weight *= (double)i / (double)(n - i + 1);
        total += weight;
        tail += i - 1 >= k ? weight : 0;
    }
    return tail / total;
}

/* The largest k >= 1 with 1 - 2 P(Bin(n, 1/2) <= k - 1) >= confidence; 0 when there is none.
 * P(X <= k - 1) = P(X >= n - k + 1). */
static size_t interval_rank(size_t n, double confidence, double *coverage)
{
    size_t lo = 0, hi = n / 2; /* the coverage falls with k: bisect */
    while (lo < hi) {
        const size_t k = (lo + hi + 1) / 2;
        if (1 - 2 * sb_binomial_tail(n, n - k + 1) >= confidence)
            lo = k;
        else
            hi = k - 1;
    }
    *coverage = lo ? 1 - 2 * sb_binomial_tail(n, n - lo + 1) : 0;
    return lo;
}

struct sb_interval sb_median_interval_sorted(const double *sorted, size_t count, double confidence)
{
    struct sb_interval interval = {0};
    const size_t k = interval_rank(count, confidence, &interval.coverage);
    if (k == 0)
        return interval;
    interval.known = true;
    interval.low = sorted[k - 1];
    interval.high = sorted[count - k];
    return interval;
}

struct sb_interval sb_mean_interval(const double *values, size_t count, double *mean)
{
    /* two-sided 95 % points of Student's t for 1 to 9 degrees of freedom */
    static const double t[SB_MEAN_MAX] = {0,          12.7062047, 4.30265273, 3.18244631,
                                          2.77644511, 2.57058184, 2.44691185, 2.36462425,
                                          2.30600414, 2.26215716};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    *mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - *mean) * (values[i] - *mean);
    struct sb_interval interval = {.known = count > 1};
    if (interval.known) {
        const double half = t[count - 1] * sqrt(squares / (double)(count - 1) / (double)count);
        interval.low = *mean - half;
        interval.high = *mean + half;
        interval.coverage = 0.95;
    }
    return interval;
}

bool sb_quantile_allowed(double p, size_t count, double confidence)
{
    return pow(p, (double)count) <= 1 - confidence;
}

double sb_quantile_sorted(const double *sorted, size_t count, double p)
{
    const double rank = ceil(p * (double)count - 1e-9); /* 0.9 * 10 must be 9 */
    const size_t index = rank < 1 ? 0 : (size_t)rank - 1;
    return sorted[index < count ? index : count - 1];
}

struct sb_sign_test sb_sign_test(const double *differences, size_t count)
{
    struct sb_sign_test test = {0};
    for (size_t i = 0; i < count; i++) {
        test.positive += differences[i] > 0;
        test.negative += differences[i] < 0;
    }
    test.ties = count - test.positive - test.negative;
    test.p_up = sb_binomial_tail(count, test.positive);
    test.p_down = sb_binomial_tail(count, test.negative);
    return test;
}

struct ranked {
    double p;
    size_t index;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->p != y->p)
        return x->p < y->p ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

bool sb_holm(const double *p, size_t count, double *adjusted)
{
    struct ranked *order = sb_calloc(count + 1, sizeof(*order), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!order)
        return false;
    for (size_t i = 0; i < count; i++)
        order[i] = (struct ranked){p[i], i};
    qsort(order, count, sizeof(*order), compare_ranked);
    double level = 0; /* adjusted values never fall along the order */
    for (size_t i = 0; i < count; i++) {
        const double scaled = order[i].p * (double)(count - i);
        level = scaled > level ? scaled : level;
        adjusted[order[i].index] = level < 1 ? level : 1;
    }
    sb_free(order);
    return true;
}

double sb_geometric_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += log(values[i]);
    return exp(sum / (double)count);
}

static double uncertainty(const struct sb_summary *s)
{
    if (s->interval.known)
        return (s->interval.high - s->interval.low) / 2;
    if (s->count == 1)
        return 0.1 * fabs(s->median);
    return fmax((s->max - s->min) / 2, 0.01 * fabs(s->median));
}

struct sb_summary sb_summarize(double *values, size_t count)
{
    struct sb_summary s = {0};
    if (count == 0)
        return s;
    sb_sort_doubles(values, count);
    s.count = count;
    s.median = sb_median_sorted(values, count);
    s.min = values[0];
    s.max = values[count - 1];
    s.interval = sb_median_interval_sorted(values, count, 0.95);
    s.has_p90 = sb_quantile_allowed(0.90, count, 0.95);
    s.has_p99 = sb_quantile_allowed(0.99, count, 0.95);
    s.p90 = s.has_p90 ? sb_quantile_sorted(values, count, 0.90) : 0;
    s.p99 = s.has_p99 ? sb_quantile_sorted(values, count, 0.99) : 0;
    s.uncertainty = uncertainty(&s);
    return s;
}

int sb_justified_decimals(double value, double half_width)
{
    if (half_width > 0)
        return (int)-floor(log10(half_width));
    if (value == 0 || !isfinite(value))
        return 0;
    return 3 - (int)floor(log10(fabs(value)));
}
