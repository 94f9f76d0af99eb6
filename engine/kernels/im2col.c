/* Image to panel of columns. See im2col.h. */
#include "engine/kernels/im2col.h"

#include "engine/kernels/window.h"

#include <string.h>

/* The outputs x0 .. x1-1 of one output row under one tap; row is the input row, or NULL when it
 * lies in the padding. */
static void fill_segment(float *dst, const float *row, int64_t x0, int64_t x1, struct sb_span span,
                         int stride, int offset)
{
    if (!row) {
        memset(dst, 0, (size_t)(x1 - x0) * sizeof(*dst));
        return;
    }
    const int64_t a = span.first < x0 ? x0 : span.first > x1 ? x1 : span.first;
    const int64_t b = span.end > x1 ? x1 : span.end < a ? a : span.end;
    memset(dst, 0, (size_t)(a - x0) * sizeof(*dst));
    dst += a - x0;
    if (stride == 1) {
        memcpy(dst, row + a + offset, (size_t)(b - a) * sizeof(*dst));
    } else {
        for (int64_t x = a; x < b; x++)
            dst[x - a] = row[x * stride + offset];
    }
    memset(dst + (b - a), 0, (size_t)(x1 - b) * sizeof(*dst));
}

/* One row of the panel: `plane` under tap (ky, kx). */
static void fill_row(float *dst, const float *plane, const struct sb_shape *in,
                     const struct sb_shape *out, const struct sb_window *w, int ky, int kx,
                     size_t first, size_t count)
{
    const struct sb_span rows = sb_tap_span(out->h, in->h, w->stride_h, w->pad_top, ky);
    const struct sb_span cols = sb_tap_span(out->w, in->w, w->stride_w, w->pad_left, kx);
    int64_t y = (int64_t)first / out->w;
    int64_t x = (int64_t)first % out->w;
    for (int64_t left = (int64_t)count; left > 0; y++, x = 0) {
        const int64_t end = x + left < out->w ? x + left : out->w;
        const int64_t iy = y * w->stride_h + ky - w->pad_top;
        const float *row = y >= rows.first && y < rows.end ? plane + iy * in->w : NULL;
        fill_segment(dst, row, x, end, cols, w->stride_w, kx - w->pad_left);
        dst += end - x;
        left -= end - x;
    }
}

void sb_im2col(float *panel, size_t stride, const float *image, const struct sb_shape *in,
               const struct sb_shape *out, const struct sb_window *window, size_t first,
               size_t count)
{
    for (int64_t c = 0; c < in->c; c++) {
        const float *plane = image + c * in->h * in->w;
        for (int ky = 0; ky < window->kernel_h; ky++) {
            for (int kx = 0; kx < window->kernel_w; kx++) {
                fill_row(panel, plane, in, out, window, ky, kx, first, count);
                panel += stride;
            }
        }
    }
}
