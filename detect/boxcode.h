/*
 * Box deltas to boxes, the way tensorflow/tpu models/official/detection/utils/box_utils.py decodes
 * them: anchors are measured with inclusive corners (height = ymax - ymin + 1), centre + delta *
 * size, size * exp(delta), and back to inclusive corners. th and tw are limited from above to
 * log(1000 / 16), so that exp cannot overflow. All in float32.
 */
#ifndef SB_DETECT_BOXCODE_H
#define SB_DETECT_BOXCODE_H

#include "detect/box.h"

/* log(1000 / 16) in float32: what th and tw are limited to */
#define SB_BOX_MAX_LOG_SIZE 4.135166556742356f

/* ty, tx, th, tw */
struct sb_box_delta {
    float ty, tx, th, tw;
};

/* The box that deltas make of an anchor. weights: what ty, tx, th, tw are divided by; NULL = 1. */
struct sb_box sb_box_decode(struct sb_box_delta delta, struct sb_box anchor,
                            const double weights[4]);

/* Coordinates limited to [0, height - 1] and [0, width - 1]. */
struct sb_box sb_box_clip(struct sb_box box, int height, int width);

#endif
