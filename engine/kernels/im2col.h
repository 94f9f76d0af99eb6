/*
 * Turns a convolution into a matrix product: row k = (channel, window row, window column) of the
 * panel holds, for output pixels first .. first + count - 1 of one image in row-major order, the
 * input value under that tap, 0 in the padding.
 */
#ifndef SB_ENGINE_KERNELS_IM2COL_H
#define SB_ENGINE_KERNELS_IM2COL_H

#include "models/graph.h"

#include <stddef.h>

/* image: (C, H, W) of shape `in` (its n is ignored); panel: C * kernel_h * kernel_w rows of count
 * values, `stride` floats apart. */
void sb_im2col(float *panel, size_t stride, const float *image, const struct sb_shape *in,
               const struct sb_shape *out, const struct sb_window *window, size_t first,
               size_t count);

#endif
