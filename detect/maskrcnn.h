/*
 * The two selections inside Mask R-CNN (tensorflow/tpu models/official/detection, roi_ops.py and
 * postprocess_ops.py): proposals from the RPN's outputs, and final boxes from the box head's.
 * Both work in memory given by the caller, because they run inside a forward pass.
 */
#ifndef SB_DETECT_MASKRCNN_H
#define SB_DETECT_MASKRCNN_H

#include "base/error.h"
#include "detect/class_nms.h"

#include <stddef.h>

/* A row of the proposals tensor. */
struct sb_proposal {
    struct sb_box box;
    float score; /* after the sigmoid; -1 in rows past the valid count, whose box is 0 */
};

/* RPN outputs of one level, planar: scores (A, rows, columns), deltas (4 A, rows, columns) with
 * channel anchor * 4 + coordinate; A = scales * ratios. */
struct sb_rpn_level {
    const float *scores;
    const float *deltas;
    int rows, columns;
};

struct sb_proposal_config {
    struct sb_anchor_config anchor;
    int image_h, image_w;  /* boxes are clipped to [0, size - 1] */
    size_t pre_nms_top_k;  /* per level */
    size_t post_nms_top_k; /* per level and over all levels */
    float nms_threshold;
};

/* Bytes of workspace; levels[i] is level min_level + i, of which only the sizes are read. */
size_t sb_proposals_bytes(const struct sb_proposal_config *config,
                          const struct sb_rpn_level *levels);
/*
 * Per level: the best pre_nms_top_k scores, decoded, clipped; boxes whose four coordinates are all
 * 0 are dropped, other degenerate ones stay; NMS. Then the best over all levels, ties to the lower
 * level. Writes post_nms_top_k rows, returns how many are valid. config must have passed
 * sb_anchor_config_check().
 */
size_t sb_proposals(const struct sb_proposal_config *config, const struct sb_rpn_level *levels,
                    void *workspace, struct sb_proposal *out);

struct sb_box_head_config {
    struct sb_class_nms_limits limits; /* max_rows = proposals */
    int image_h, image_w;              /* boxes are clipped to [0, size - 1] */
    double box_weights[4];             /* ty, tx, th, tw are divided by these */
};

/* Bytes of workspace, for checked limits. */
size_t sb_box_head_bytes(const struct sb_box_head_config *config);
/*
 * scores: (max_rows, num_classes) after the softmax, deltas: (max_rows, num_classes * 4) per class
 * ty, tx, th, tw; rows whose proposal has a negative score take no part. Writes max_detections
 * rows: the detections, best first, then the official filler (score -1, class 1, the box of class
 * 1's best candidate). Returns how many are valid.
 */
size_t sb_box_head_detect(const struct sb_box_head_config *config, const float *scores,
                          const float *deltas, const struct sb_proposal *proposals, void *workspace,
                          struct sb_scored_box *out);

#endif
