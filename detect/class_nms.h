/*
 * From scored boxes of many classes to the detections of an image: per class the best
 * pre_nms_top_k, NMS, at most max_detections; then the best max_detections over all classes. Ties
 * go to the lower class, then to the one kept earlier in its class. Shared by RetinaNet and the
 * second stage of Mask R-CNN (tensorflow/tpu models/official/detection, postprocess_ops.py, version
 * "v1").
 *
 *     sb_class_nms_start(&nms);
 *     for each class: for each row: sb_class_nms_candidate(&nms, score, row);
 *                     sb_class_nms_end_class(&nms, class_id, boxes);
 *     n = sb_class_nms_finish(&nms, detections);
 *
 * All memory is one block, sized from the limits beforehand; nothing is allocated per image.
 */
#ifndef SB_DETECT_CLASS_NMS_H
#define SB_DETECT_CLASS_NMS_H

#include "base/error.h"
#include "detect/nms.h"
#include "models/model.h"

/* What sizes and steers the post-processing of an image. */
struct sb_class_nms_limits {
    struct sb_postprocess_config post;
    double soft_sigma; /* 0 = hard NMS */
    int num_classes;   /* background included */
    size_t max_rows;   /* most candidates that a class can have */
};

struct sb_class_nms {
    struct sb_nms_options options;
    size_t pre_nms_top_k;
    float least_score;               /* lower scores have no chance in the current class any more */
    struct sb_candidate *candidates; /* of the current class */
    size_t num_candidates, max_candidates;
    struct sb_candidate *kept;   /* of the current class, max_output */
    struct sb_scored_box *found; /* of all classes so far */
    struct sb_candidate *order;  /* scratch of finish: as many as found */
    size_t num_found;
    void *nms_workspace;
    void *block; /* owned; NULL when the caller gave the memory */
};

/* SB_EINVAL when a limit or threshold makes no sense. */
int sb_class_nms_check(const struct sb_class_nms_limits *limits, struct sb_error *err);
/* Bytes of memory for checked limits. */
size_t sb_class_nms_bytes(const struct sb_class_nms_limits *limits);
/* Checks, and allocates the memory; to be released. */
int sb_class_nms_init(struct sb_class_nms *nms, const struct sb_class_nms_limits *limits,
                      struct sb_error *err);
void sb_class_nms_release(struct sb_class_nms *nms);
/* For checked limits, on sb_class_nms_bytes() of the caller's memory, 64-byte aligned. */
void sb_class_nms_init_in(struct sb_class_nms *nms, const struct sb_class_nms_limits *limits,
                          void *memory);

/* Starts an image. */
void sb_class_nms_start(struct sb_class_nms *nms);
/* One candidate of the current class, each row at most once. Scores that are not above the
 * threshold (NaN included) are dropped: they could never be kept. */
void sb_class_nms_candidate(struct sb_class_nms *nms, float score, size_t row);
/* Runs the NMS of the current class and starts the next; classes come in ascending order. */
void sb_class_nms_end_class(struct sb_class_nms *nms, int class_id, const struct sb_box *boxes);
/* The detections, best first, into out (room for max_detections); returns how many. */
size_t sb_class_nms_finish(struct sb_class_nms *nms, struct sb_scored_box *out);

#endif
