/*
 * Non-maximum suppression of the boxes of one class, as TensorFlow's kernel does it
 * (tensorflow/core/kernels/image/non_max_suppression_op.cc), in float32.
 *
 * Hard: the best remaining box is kept, boxes whose IoU with a kept one is >= iou_threshold go.
 * Soft (N. Bodla et al., "Soft-NMS: improving object detection with one line of code", 2017, the
 * Gaussian form): scores are multiplied by exp(-IoU^2 / (2 * sigma)) per kept box instead, and the
 * next best of the lowered scores is kept. Both stop at max_output boxes and at scores <=
 * score_threshold.
 *
 * IoU uses plain sizes; boxes that do not overlap have 0, degenerate ones included.
 */
#ifndef SB_DETECT_NMS_H
#define SB_DETECT_NMS_H

#include "detect/box.h"
#include "detect/topk.h"

#include <stdbool.h>
#include <stddef.h>

struct sb_nms_options {
    float iou_threshold;   /* hard: suppressed at IoU >= this; 0..1 */
    float score_threshold; /* kept only at score > this */
    size_t max_output;     /* at most this many are kept */
    float soft_sigma;      /* > 0: soft NMS with this sigma; 0: hard */
    bool sort_corners; /* measure a reversed box by its sorted corners (TensorFlow's kernel); the
                          proposals' own routine measures it as empty */
};

float sb_iou(struct sb_box a, struct sb_box b);

/* Bytes of workspace for at most n candidates. */
size_t sb_nms_bytes(size_t n, const struct sb_nms_options *options);

/*
 * candidates: n of them in any order, boxes[index] is a candidate's box; equal scores are taken in
 * the order of topk.h. kept[0..] (room for min(n, max_output)) receives the kept ones in the order
 * of keeping, with their final scores. workspace: sb_nms_bytes(n, options), 64-byte aligned.
 * Returns how many were kept.
 *
 * Cost, hard: a candidate is compared with the kept boxes that cover the grid cell of its centre
 * (all kept ones when iou_threshold < 0.5), so dense scenes stay far below n * count.
 */
size_t sb_nms(const struct sb_box *boxes, const struct sb_candidate *candidates, size_t n,
              const struct sb_nms_options *options, void *workspace, struct sb_candidate *kept);

#endif
