/* Statistics of the arrays of a weight file, for a look at what is in it. */
#ifndef SB_MODELS_TENSOR_STATS_H
#define SB_MODELS_TENSOR_STATS_H

#include "models/tensors.h"

struct sb_tensor_stats {
    size_t finite;    /* values that are neither NaN nor infinite */
    size_t nonfinite; /* values that are */
    double min, max, mean;
    double deviation; /* population standard deviation; these four are NaN when finite is 0 */
};

/* Of one array: both counts are 0 for OPAQUE. Does not verify. */
struct sb_tensor_stats sb_tensor_stats_of(const struct sb_tensor *tensor);

/* Of every array, verified, over all CPUs: sb_tensors_count() of them, freed with sb_free(). Pages
 * are given back while it reads. */
int sb_tensor_stats_all(const struct sb_tensors *file, struct sb_tensor_stats **out,
                        struct sb_error *err);

#endif
