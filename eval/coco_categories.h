/*
 * Statistics of one class of an evaluation: what pycocotools' summary says about all classes, from
 * that class's part of the arrays. A statistic without any object is -1, as there.
 */
#ifndef SB_EVAL_COCO_CATEGORIES_H
#define SB_EVAL_COCO_CATEGORIES_H

#include "eval/coco_eval.h"
#include "eval/numpy_mean.h"

#include <stddef.h>
#include <stdint.h>

struct sb_category_stats {
    int64_t objects;           /* that count, of the overall area range */
    int64_t detections;        /* within the largest limit */
    double ap, ap50, ap75, ar; /* overall area range, limit sb_category_limit() */
    double ap_by_area[SB_EVAL_MAX_AREAS], ar_by_area[SB_EVAL_MAX_AREAS]; /* per area range */
};

/* Index of the limit of detections that per-class statistics use: the summary's. */
size_t sb_category_limit(const struct sb_coco_params *params);

/* Of class k, 0 <= k < eval->classes. */
void sb_category_stats(const struct sb_coco_eval *eval, size_t k, enum sb_numpy_order order,
                       struct sb_category_stats *out);

#endif
