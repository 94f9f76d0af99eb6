/*
 * The official evaluation preprocessing (tensorflow/tpu models/official/detection, input_utils.py
 * and models/official/resnet, resnet_preprocessing.py), from 8-bit RGB to the network's input.
 *
 * The order is fixed: value / 255, minus mean, over deviation, and only then the resize, which is
 * TensorFlow's legacy bilinear (no half-pixel centres, no smoothing):
 *     position = i * (in / out) in float32; lower = floor, upper = min(ceil, in - 1)
 *     value = lerp over x of both rows, then lerp over y, a + (b - a) * t.
 *
 * Outputs are planar, (3, H, W) float32, as a plan's input wants them. Results differ from
 * TensorFlow's own by at most 2e-6.
 */
#ifndef SB_DATASETS_PREPROCESS_H
#define SB_DATASETS_PREPROCESS_H

#include "base/error.h"
#include "datasets/image.h"

/* What detection must know to go back to the image; the official image_info, (4, 2), y before x. */
struct sb_image_info {
    float original[2];      /* height and width of the image, pixels */
    float output[2];        /* height and width that the image is scaled into */
    float scale[2];         /* scaled / original, per axis, after rounding the scaled size */
    float offset[2];        /* 0 at inference */
    int scaled_h, scaled_w; /* pixels that the image covers, at the top left of the input */
};

/* The part of sb_preprocess_detection() that needs no pixels. Sizes are >= 1 each. An image so long
 * that its short side would vanish keeps one pixel there. */
void sb_image_info_compute(int image_h, int image_w, int output_h, int output_w,
                           struct sb_image_info *info);

/*
 * Scales the image to fit output_h x output_w, keeping its aspect ratio (scaled size = round half
 * to even of size * min ratio, float32), and pads with zeros, the mean colour, at the bottom and
 * the right. out: (3, padded_h, padded_w), padded >= output >= 1. SB_ENOMEM or 0.
 */
int sb_preprocess_detection(const struct sb_image *image, int output_h, int output_w, int padded_h,
                            int padded_w, float *out, struct sb_image_info *info,
                            struct sb_error *err);

/* Centre crop of 87.5 % of the short side, resized to size x size. out: (3, size, size). */
int sb_preprocess_classification(const struct sb_image *image, int size, float *out,
                                 struct sb_error *err);

#endif
