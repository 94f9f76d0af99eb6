/*
 * What an evaluation measures: similarity, thresholds, recall points, area ranges, detections per
 * image. The defaults are those of pycocotools 2.0.11 to the last bit.
 */
#ifndef SB_EVAL_COCO_PARAMS_H
#define SB_EVAL_COCO_PARAMS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_EVAL_MAX_IOUS      128
#define SB_EVAL_MAX_RECALLS   1024
#define SB_EVAL_MAX_AREAS     31 /* a bit each, and one to spare */
#define SB_EVAL_MAX_MAX_DETS  16
#define SB_EVAL_MAX_KEYPOINTS 256

enum sb_iou_type { SB_IOU_BBOX, SB_IOU_SEGM, SB_IOU_KEYPOINTS };

struct sb_area_range {
    double lo, hi; /* square pixels, both inclusive */
    char name[24]; /* "all", "small", ... */
};

struct sb_coco_params {
    enum sb_iou_type iou_type;
    size_t iou_count; /* T: 0.5 to 0.95 */
    double iou_thresholds[SB_EVAL_MAX_IOUS];
    size_t recall_count; /* R, ascending: 0 to 1 */
    double recall_points[SB_EVAL_MAX_RECALLS];
    size_t area_count; /* A */
    struct sb_area_range areas[SB_EVAL_MAX_AREAS];
    size_t max_det_count; /* M, ascending: 1, 10, 100 (keypoints: 20) */
    int32_t max_dets[SB_EVAL_MAX_MAX_DETS];
    bool use_cats;         /* false: one class for everything (--no-cats) */
    size_t keypoint_count; /* of a person: 17 */
    double sigmas[SB_EVAL_MAX_KEYPOINTS];
};

void sb_coco_params_defaults(struct sb_coco_params *params, enum sb_iou_type iou_type);
/* SB_EINVAL for empty or oversized lists, values out of range, unsorted recall points, unsorted
 * or repeated max_dets. */
int sb_coco_params_check(const struct sb_coco_params *params, struct sb_error *err);

/* numpy.linspace(start, stop, count) with its rounding: start + i * step, the last value is stop.
 */
void sb_linspace(double start, double stop, size_t count, double *out);
/* "bbox", "segm", "keypoints" */
const char *sb_iou_type_name(enum sb_iou_type type);
/* False for an unknown name. */
bool sb_iou_type_parse(const char *name, enum sb_iou_type *type);

#endif
