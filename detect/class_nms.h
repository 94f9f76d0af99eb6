/*
 * From scored boxes of many classes to the detections of an image: per class the best
 * pre_nms_top_k, NMS, at most max_detections; then the best max_detections over all classes. Ties
 * go to the lower class, then to the one kept earlier in its class. Shared by RetinaNet and the
 * second stage of Mask R-CNN (tensorflow/tpu models/official/detection, postprocess_ops.py, version
 * "v1").
 *
 *     struct sb_class_nms nms;
 *     sb_class_nms_init(&nms, &postprocess, 0.0f, &err);
 *     sb_class_nms_start(&nms);
 *     for each class: for each row: sb_class_nms_candidate(&nms, score, row, &err);
 *                     sb_class_nms_end_class(&nms, class_id, boxes, &err);
 *     sb_class_nms_finish(&nms, detections, &n, &err);
 *     sb_class_nms_release(&nms);
 */
#ifndef SB_DETECT_CLASS_NMS_H
#define SB_DETECT_CLASS_NMS_H

#include "base/error.h"
#include "detect/nms.h"
#include "models/model.h"

struct sb_class_nms {
    struct sb_nms_options options;
    size_t pre_nms_top_k;
    struct sb_candidate *candidates; /* of the current class, at most twice pre_nms_top_k, owned */
    size_t num_candidates, cap_candidates;
    float least_score;           /* lower scores have no chance in the current class any more */
    struct sb_candidate *kept;   /* of the current class, max_detections, owned */
    struct sb_scored_box *found; /* of all classes so far, owned */
    size_t num_found, cap_found;
    struct sb_candidate *order; /* scratch of finish, owned */
    size_t cap_order;
};

/* soft_sigma 0 = hard NMS. SB_EINVAL when a limit or threshold makes no sense. */
int sb_class_nms_init(struct sb_class_nms *nms, const struct sb_postprocess_config *config,
                      double soft_sigma, struct sb_error *err);
void sb_class_nms_release(struct sb_class_nms *nms);

/* Starts an image. */
void sb_class_nms_start(struct sb_class_nms *nms);
/* One candidate of the current class. Scores that are not above the threshold (NaN included) are
 * dropped: they could never be kept. */
int sb_class_nms_candidate(struct sb_class_nms *nms, float score, size_t row, struct sb_error *err);
/* Runs the NMS of the current class and starts the next; classes come in ascending order. */
int sb_class_nms_end_class(struct sb_class_nms *nms, int class_id, const struct sb_box *boxes,
                           struct sb_error *err);
/* The detections, best first, into out (room for max_detections). */
int sb_class_nms_finish(struct sb_class_nms *nms, struct sb_scored_box *out, size_t *count,
                        struct sb_error *err);

#endif
