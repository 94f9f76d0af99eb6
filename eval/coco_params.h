/*
 * What an evaluation measures: similarity, thresholds, recall points, area ranges, detections per
 * image, and the rules for data where tools differ. Filled from a metric (eval/metric.h); the
 * defaults are those of the tool the metric comes from, to the last bit.
 */
#ifndef SB_EVAL_COCO_PARAMS_H
#define SB_EVAL_COCO_PARAMS_H

#include "base/error.h"
#include "eval/rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_EVAL_MAX_IOUS      128
#define SB_EVAL_MAX_RECALLS   1024
#define SB_EVAL_MAX_AREAS     31 /* a bit each, and one to spare */
#define SB_EVAL_MAX_MAX_DETS  16
#define SB_EVAL_MAX_KEYPOINTS 256
#define SB_EVAL_NO_LIMIT      INT32_MAX /* of detections */

/* How a detection is compared with an object. */
enum sb_iou_type {
    SB_IOU_BBOX,
    SB_IOU_SEGM,
    SB_IOU_KEYPOINTS,
    SB_IOU_BOUNDARY /* the smaller one of the IoU of masks and that of their boundaries */
};

struct sb_metric;

/* Ids (or names of categories) that an evaluation is about; count 0 = all. Borrowed. */
struct sb_chosen {
    size_t count;
    const char *const *words;
};

struct sb_area_range {
    double lo, hi; /* square pixels, both inclusive */
    char name[24]; /* "all", "small", ... */
};

struct sb_coco_params {
    const struct sb_metric *metric; /* layout of the summary */
    enum sb_iou_type iou_type;
    size_t iou_count; /* T: 0.5 to 0.95 */
    double iou_thresholds[SB_EVAL_MAX_IOUS];
    size_t recall_count; /* R, ascending: 0 to 1 */
    double recall_points[SB_EVAL_MAX_RECALLS];
    size_t area_count; /* A */
    struct sb_area_range areas[SB_EVAL_MAX_AREAS];
    size_t max_det_count; /* M, ascending: 1, 10, 100 (keypoints: 20; LVIS: 300) */
    int32_t max_dets[SB_EVAL_MAX_MAX_DETS];
    bool use_cats;         /* false: one class for everything (--no-cats) */
    size_t keypoint_count; /* of a person: 17 */
    double sigmas[SB_EVAL_MAX_KEYPOINTS];
    double dilation_ratio; /* SB_IOU_BOUNDARY: width of the boundary in image diagonals */
    double crowding[2];    /* CrowdPose: upper ends of easy and medium */
    struct sb_chosen images, categories;
    uint8_t rules[SB_RULES]; /* a value per enum sb_rule; see sb_coco_params_set_rule() */
};

/* The metric of that similarity as the COCO tools define it. */
void sb_coco_params_defaults(struct sb_coco_params *params, enum sb_iou_type iou_type);
/* Sets a rule and the recall points that SB_RULE_AP_POINTS stands for. */
void sb_coco_params_set_rule(struct sb_coco_params *params, enum sb_rule rule, uint8_t value);
/* SB_EINVAL for empty or oversized lists, values out of range, unsorted recall points or max_dets,
 * more than one limit for LVIS. */
int sb_coco_params_check(const struct sb_coco_params *params, struct sb_error *err);

/* numpy.linspace(start, stop, count) with its rounding: start + i * step, the last value is stop.
 */
void sb_linspace(double start, double stop, size_t count, double *out);
/* "bbox", "segm", "keypoints", "boundary" */
const char *sb_iou_type_name(enum sb_iou_type type);
/* False for an unknown name. */
bool sb_iou_type_parse(const char *name, enum sb_iou_type *type);
/* What a similarity is made from. */
static inline bool sb_compares_masks(const struct sb_coco_params *params)
{
    return params->iou_type == SB_IOU_SEGM || params->iou_type == SB_IOU_BOUNDARY;
}
/* What is read of annotations: masks, and boxes (of keypoints for those without a labelled one). */
static inline bool sb_needs_masks(const struct sb_coco_params *params)
{
    return sb_compares_masks(params) || params->rules[SB_RULE_GT_AREA] == SB_GT_AREA_MASK;
}
static inline bool sb_needs_image_sizes(const struct sb_coco_params *params)
{
    return sb_needs_masks(params) || params->rules[SB_RULE_RESULT_MASKS] == SB_RESULT_MASKS_ANY;
}
static inline bool sb_needs_boxes(const struct sb_coco_params *params)
{
    return !sb_compares_masks(params) || params->rules[SB_RULE_GT_AREA] == SB_GT_AREA_BOX ||
           params->rules[SB_RULE_GT_AREA] == SB_GT_AREA_PERSON;
}
/* CrowdPose: easy, medium or hard, an index into sb_crowding_names. */
static inline uint8_t sb_crowding_group(const struct sb_coco_params *p, double crowding)
{
    return crowding < p->crowding[0] ? 0 : crowding < p->crowding[1] ? 1 : 2;
}
static inline bool sb_compares_keypoints(const struct sb_coco_params *params)
{
    return params->iou_type == SB_IOU_KEYPOINTS;
}

#endif
