/* Object keypoint similarity. See keypoint_similarity.h. */
#include "eval/keypoint_similarity.h"

#include "eval/numpy_mean.h"

#include <math.h>

#define EPS 0x1p-52 /* numpy.spacing(1): an area of 0 divides, too */

/* How far v is outside of [lo, hi]. */
static double outside(double v, double lo, double hi)
{
    const double below = lo - v, above = v - hi;
    return (below > 0 || isnan(below) ? below : 0) + (above > 0 || isnan(above) ? above : 0);
}

double sb_keypoint_similarity(const double *dt, const double *gt, const double box[4], double area,
                              const struct sb_coco_params *params)
{
    const size_t count = params->keypoint_count;
    double terms[SB_EVAL_MAX_KEYPOINTS];
    size_t labelled = 0, n = 0;
    for (size_t i = 0; i < count; i++)
        labelled += gt[3 * i + 2] > 0;
    const double x0 = box[0] - box[2], x1 = box[0] + box[2] * 2;
    const double y0 = box[1] - box[3], y1 = box[1] + box[3] * 2;
    for (size_t i = 0; i < count; i++) {
        if (labelled > 0 && !(gt[3 * i + 2] > 0))
            continue;
        const double x = dt[2 * i], y = dt[2 * i + 1];
        const double dx = labelled ? x - gt[3 * i] : outside(x, x0, x1);
        const double dy = labelled ? y - gt[3 * i + 1] : outside(y, y0, y1);
        const double spread = params->sigmas[i] * 2;
        const double e = (dx * dx + dy * dy) / (spread * spread) / (area + EPS) / 2;
        terms[n++] = exp(-e);
    }
    return sb_numpy_sum(terms, n, SB_NUMPY_WHOLE) / (double)n;
}
