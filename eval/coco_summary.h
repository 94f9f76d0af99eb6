/*
 * The summary of an evaluation: the statistics that its metric lists (12 for COCO's boxes and
 * masks, 10 for keypoints, 9 for CrowdPose, 13 for LVIS), in the order and text of the metric's
 * tool. A statistic without any object is -1.
 */
#ifndef SB_EVAL_COCO_SUMMARY_H
#define SB_EVAL_COCO_SUMMARY_H

#include "base/str.h"
#include "eval/coco_eval.h"
#include "eval/metric.h"
#include "eval/numpy_mean.h"

#include <stdbool.h>
#include <stddef.h>

#define SB_SUMMARY_MAX (2 * (SB_EVAL_MAX_AREAS + 3) + SB_EVAL_MAX_MAX_DETS + SB_STAT_GROUPS)

struct sb_coco_stat {
    bool is_ap;       /* average precision; else average recall */
    double iou;       /* the threshold, or 0 for the mean over all */
    const char *area; /* name; borrowed from the parameters */
    int32_t max_dets; /* limit of detections */
    enum sb_stat_group groups;
    size_t group; /* index, unless SB_STAT_EVERYTHING */
    double value; /* 0 to 1, or -1 */
};

struct sb_coco_summary {
    size_t count;
    struct sb_coco_stat stats[SB_SUMMARY_MAX];
    double iou_first, iou_last; /* thresholds of the evaluation */
    enum sb_stat_text text;
    struct sb_notes notes;
};

/* The statistics there will be, each -1: what the metric's rows stand for with these parameters,
 * from which names are borrowed. */
void sb_coco_summary_plan(struct sb_coco_summary *summary, const struct sb_coco_params *params);
/* Means over thresholds, recall points and classes, summed in numpy's order. */
int sb_coco_summarize(const struct sb_coco_eval *eval, enum sb_numpy_order order,
                      struct sb_coco_summary *summary, struct sb_error *err);
/* A short name for tables: "AP", "AP50", "AP_small", "AR100", "AR_small"; of keypoints, which have
 * one limit of detections, "AR". Unique within a summary with named area ranges. */
void sb_coco_stat_name(const struct sb_coco_stat *stat, const struct sb_coco_params *params,
                       char *name, size_t size);
/* Appends the lines that the metric's tool prints. */
void sb_coco_summary_text(const struct sb_coco_summary *summary, struct sb_str *out);

#endif
