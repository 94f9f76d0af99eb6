/*
 * From a mask head's 28 x 28 probabilities to a mask of the image: the default routine of
 * tensorflow/tpu models/official/detection (mask_utils.py, paste_instance_masks). The probabilities
 * get a ring of zeros, the box grows by the same factor about its centre, its corners are truncated
 * to integers (towards zero), the probabilities are resized to them (bilinear, half-pixel centres,
 * edges repeated, as OpenCV's resize), and pixels above the threshold are set where they lie in the
 * image.
 */
#ifndef SB_DETECT_MASK_PASTE_H
#define SB_DETECT_MASK_PASTE_H

#include "base/error.h"

#include <stdint.h>

/*
 * probabilities: (size, size). box: x, y, w, h in pixels of the image. mask: height rows of width
 * bytes, set to 0 and 1. SB_ENOMEM or 0.
 */
int sb_mask_paste(const float *probabilities, int size, const float box[4], float threshold,
                  uint8_t *mask, int height, int width, struct sb_error *err);

#endif
