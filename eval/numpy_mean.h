/* numpy.mean of a contiguous array, in numpy's order of additions: the last bits depend on it. */
#ifndef SB_EVAL_NUMPY_MEAN_H
#define SB_EVAL_NUMPY_MEAN_H

#include <stddef.h>

enum sb_numpy_order {
    SB_NUMPY_WHOLE,  /* numpy 2.3 and later: pairwise over the whole array */
    SB_NUMPY_BLOCKED /* up to 2.2: pairwise in blocks of 8192, block sums added in order */
};

/* numpy.add.reduce of a[0..n). */
double sb_numpy_sum(const double *a, size_t n, enum sb_numpy_order order);
/* Sum divided by n; n > 0. */
double sb_numpy_mean(const double *a, size_t n, enum sb_numpy_order order);

#endif
