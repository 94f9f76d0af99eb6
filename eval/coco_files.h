/* A COCO results file against an annotation file, in one call. */
#ifndef SB_EVAL_COCO_FILES_H
#define SB_EVAL_COCO_FILES_H

#include "base/pool.h"
#include "base/str.h"
#include "eval/coco_params.h"
#include "eval/coco_summary.h"

struct sb_coco_result {
    size_t count;
    double stats[SB_SUMMARY_MAX]; /* in pycocotools' order; -1 without objects */
    struct sb_str text;           /* the lines that pycocotools prints, owned */
};

/* Default parameters of the type. pool may be NULL. */
int sb_coco_evaluate_files(const char *annotations, const char *results, enum sb_iou_type type,
                           struct sb_pool *pool, struct sb_coco_result *out, struct sb_error *err);
void sb_coco_result_release(struct sb_coco_result *result);

#endif
