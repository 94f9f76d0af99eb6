/*
 * Statistics of timings: distribution-free throughout, because timings are skewed, drift and have
 * steps. Medians with intervals from order statistics, sign tests with exact binomial tails, Holm's
 * correction. No random numbers: the same data gives the same verdict.
 *
 * Functions take samples in any order unless they say `sorted` (ascending, see sb_sort_doubles).
 */
#ifndef SB_BENCH_STATISTICS_H
#define SB_BENCH_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/* Ascending, in place. No NaN. */
void sb_sort_doubles(double *values, size_t count);

/* The middle value, or the mean of the two middle ones; count >= 1. */
double sb_median_sorted(const double *sorted, size_t count);

struct sb_interval {
    bool known; /* false: too few samples for the confidence asked for (95 % needs 6) */
    double low, high;
    double coverage; /* the exact confidence of these two order statistics, >= what was asked */
};

/* Interval for the median between two order statistics, the k-th smallest and k-th largest, with
 * the largest k whose coverage 1 - 2 P(Bin(n, 1/2) < k) is at least `confidence` (David and
 * Nagaraja, "Order Statistics", 7.1). */
struct sb_interval sb_median_interval_sorted(const double *sorted, size_t count, double confidence);

#define SB_MEAN_MAX 10
/* The mean of 1 to SB_MEAN_MAX values and its 95 % interval by Student's t, unknown for one value.
 * For repeated training runs, which are too few for order statistics; it takes them as normal. */
struct sb_interval sb_mean_interval(const double *values, size_t count, double *mean);

/* True when `count` samples allow a statement about quantile p: the largest sample then lies above
 * it with at least `confidence` (1 - p^n >= confidence: p90 from 29 samples, p99 from 299). */
bool sb_quantile_allowed(double p, size_t count, double confidence);
/* The smallest sample with at least a share p at or below it (inverse distribution function). */
double sb_quantile_sorted(const double *sorted, size_t count, double p);

/* P(Bin(n, 1/2) >= k), exact to rounding for every n. */
double sb_binomial_tail(size_t n, size_t k);

struct sb_sign_test {
    size_t positive, negative, ties;
    double p_up;   /* P(Bin(n, 1/2) >= positive), n with ties: they speak against both sides */
    double p_down; /* P(Bin(n, 1/2) >= negative) */
};
struct sb_sign_test sb_sign_test(const double *differences, size_t count);

/* Holm (1979), step-down: adjusted[i] is the smallest level at which hypothesis i is rejected when
 * all `count` are tested together. adjusted may be p. Returns false when out of memory. */
bool sb_holm(const double *p, size_t count, double *adjusted);

/* exp(mean(log x)); all x > 0, count >= 1. */
double sb_geometric_mean(const double *values, size_t count);

/* Pools: everything a table row prints about one set of timings. */
struct sb_summary {
    size_t count;
    double median, min, max;
    struct sb_interval interval; /* of the median, 95 % */
    /* How well the median is known, for the digits that are shown: half its interval; of fewer
     * samples half their range, but at least 1 % of it, since two or three may agree by chance; of
     * a single one 10 % of it. */
    double uncertainty;
    bool has_p90, has_p99;
    double p90, p99;
};
/* Sorts `values`. count 0 gives a zeroed summary. */
struct sb_summary sb_summarize(double *values, size_t count);

/* Decimals that an uncertainty of +-half_width justifies: its first significant digit is the last
 * one printed (12.3456 +- 0.02 -> 2). Negative: the last digit is tens (-1), hundreds (-2), ...
 * half_width <= 0 (unknown or none) gives what shows `value` with four significant digits. */
int sb_justified_decimals(double value, double half_width);

#endif
