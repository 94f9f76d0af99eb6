/* numpy's pairwise summation (numpy/_core/src/umath/loops_utils.h.src describes it). See
 * numpy_mean.h. */
#include "eval/numpy_mean.h"

#define LANES  8
#define LEAF   128
#define BUFFER 8192

static double plain_sum(const double *a, size_t n)
{
    double sum = -0.0; /* keeps the sign of a sum of negative zeros */
    for (size_t i = 0; i < n; i++)
        sum += a[i];
    return sum;
}

static double leaf_sum(const double *a, size_t n)
{
    double r[LANES];
    for (size_t j = 0; j < LANES; j++)
        r[j] = a[j];
    size_t i = LANES;
    for (; i + LANES <= n; i += LANES) {
        for (size_t j = 0; j < LANES; j++)
            r[j] += a[i + j];
    }
    double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; i < n; i++)
        sum += a[i];
    return sum;
}

static double pairwise_sum(const double *a, size_t n)
{
    if (n < LANES)
        return plain_sum(a, n);
    if (n <= LEAF)
        return leaf_sum(a, n);
    const size_t half = n / 2 - n / 2 % LANES;
    return pairwise_sum(a, half) + pairwise_sum(a + half, n - half);
}

double sb_numpy_sum(const double *a, size_t n, enum sb_numpy_order order)
{
    if (order == SB_NUMPY_WHOLE)
        return pairwise_sum(a, n);
    double sum = 0.0;
    for (size_t i = 0; i < n; i += BUFFER)
        sum += pairwise_sum(a + i, n - i < BUFFER ? n - i : BUFFER);
    return sum;
}

double sb_numpy_mean(const double *a, size_t n, enum sb_numpy_order order)
{
    return sb_numpy_sum(a, n, order) / (double)n;
}
