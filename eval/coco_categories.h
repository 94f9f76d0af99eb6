/*
 * Statistics of one class of an evaluation: what pycocotools' summary says about all classes, from
 * that class's part of the arrays. A statistic without any object is -1, as there.
 */
#ifndef SB_EVAL_COCO_CATEGORIES_H
#define SB_EVAL_COCO_CATEGORIES_H

#include "eval/coco_eval.h"
#include "eval/numpy_mean.h"

#include <stdbool.h>
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

/*
 * The statistics as columns of a table: objects, detections, AP, AP50, AP75, AP_small, ..., AR.
 */
#define SB_CATEGORY_NAME_BYTES 32
size_t sb_category_columns(const struct sb_coco_params *params);
/* True for the columns that count. */
bool sb_category_is_count(size_t column);
void sb_category_column_name(const struct sb_coco_params *params, size_t column,
                             char name[SB_CATEGORY_NAME_BYTES]);
/* -1 where there is no object. */
double sb_category_value(const struct sb_coco_params *params, const struct sb_category_stats *stats,
                         size_t column);

/* Statistics of all classes, in an order. */
struct sb_category_list {
    size_t count;
    size_t *classes;                 /* (count) class of a row */
    struct sb_category_stats *stats; /* (count) of a class */
};
/* SB_EINVAL, with the keys there are, unless a list can be sorted by the key. */
int sb_category_key_check(const struct sb_coco_params *params, const char *key,
                          struct sb_error *err);
/* Rows by `key`: "id" (or NULL), "name", or a column's name, in lower or upper case. Ids and names
 * rise, statistics fall, classes without objects come last. SB_EINVAL names the keys there are. */
int sb_category_list_build(struct sb_category_list *list, const struct sb_coco_eval *eval,
                           const struct sb_coco_gt *gt, enum sb_numpy_order order, const char *key,
                           struct sb_error *err);
void sb_category_list_release(struct sb_category_list *list);

#endif
