/* Element-wise work on rows of blocked tensors: activations, epilogues, depthwise convolution and
 * max pool of one row, changes of layout. See simd.h. */
#ifndef SB_ENGINE_KERNELS_SIMD_ROWS_H
#define SB_ENGINE_KERNELS_SIMD_ROWS_H

#include "engine/kernels/simd.h"
#include "engine/kernels/simd_vec.h"
#include "engine/kernels/window.h"

#include <math.h>

SIMD_INLINE vec act_vec(enum sb_act act, vec x)
{
    switch (act) {
    case SB_ACT_RELU:
        return vec_max(x, vec_zero());
    case SB_ACT_SIGMOID:
        return vec_set(1) / (vec_set(1) + vec_exp_minus(x));
    case SB_ACT_SWISH:
        return x / (vec_set(1) + vec_exp_minus(x));
    case SB_ACT_NONE:
        break;
    }
    return x;
}

SIMD_INLINE void act_loop(const enum sb_act act, float *row, size_t n)
{
    for (size_t i = 0; i < n; i += VEC_FLOATS)
        vec_store(row + i, act_vec(act, vec_load(row + i)));
}

static void act_row(enum sb_act act, float *row, size_t n)
{
    if (act == SB_ACT_RELU)
        act_loop(SB_ACT_RELU, row, n);
    else if (act == SB_ACT_SWISH)
        act_loop(SB_ACT_SWISH, row, n);
    else if (act == SB_ACT_SIGMOID)
        act_loop(SB_ACT_SIGMOID, row, n);
}

/* One vector's position in every pixel: v of BLOCK_VECS. */
SIMD_INLINE void epilogue_loop(const struct sb_row_epilogue *e, const enum sb_act act, float *row,
                               size_t pixels)
{
    for (int v = 0; v < BLOCK_VECS; v++) {
        const vec scale = e->scale ? vec_loadu(e->scale + v * VEC_FLOATS) : vec_set(1);
        const vec shift = e->shift ? vec_loadu(e->shift + v * VEC_FLOATS) : vec_zero();
        for (size_t p = 0; p < pixels; p++) {
            const size_t i = p * 16 + (size_t)(v * VEC_FLOATS);
            vec x = vec_fma(vec_load(row + i), scale, shift);
            if (e->residual)
                x = x + vec_load(e->residual + i);
            vec_store(row + i, act_vec(act, x));
        }
    }
}

static void epilogue_row(const struct sb_row_epilogue *e, float *row, size_t pixels)
{
    switch (e->act) {
    case SB_ACT_NONE:
        epilogue_loop(e, SB_ACT_NONE, row, pixels);
        return;
    case SB_ACT_RELU:
        epilogue_loop(e, SB_ACT_RELU, row, pixels);
        return;
    case SB_ACT_SWISH:
        epilogue_loop(e, SB_ACT_SWISH, row, pixels);
        return;
    case SB_ACT_SIGMOID:
        epilogue_loop(e, SB_ACT_SIGMOID, row, pixels);
        return;
    }
}

/* Pixels that are summed in float before they join a sum in double, which costs more: few enough
 * that no rounding shows. */
#define SUM_PIXELS 16

static void add_pixels(double sums[16], const float *in, size_t pixels)
{
    for (size_t i = 0; i < pixels; i += SUM_PIXELS, in += SUM_PIXELS * 16) {
        const size_t count = pixels - i < SUM_PIXELS ? pixels - i : SUM_PIXELS;
        vec even[BLOCK_VECS], odd[BLOCK_VECS];
        float part[16];
#pragma GCC unroll 4
        for (int v = 0; v < BLOCK_VECS; v++)
            even[v] = odd[v] = vec_zero();
        for (size_t k = 0; k + 2 <= count; k += 2) {
#pragma GCC unroll 4
            for (int v = 0; v < BLOCK_VECS; v++) {
                even[v] = even[v] + vec_load(in + k * 16 + v * VEC_FLOATS);
                odd[v] = odd[v] + vec_load(in + k * 16 + 16 + v * VEC_FLOATS);
            }
        }
#pragma GCC unroll 4
        for (int v = 0; v < BLOCK_VECS; v++) {
            if (count % 2)
                even[v] = even[v] + vec_load(in + (count - 1) * 16 + v * VEC_FLOATS);
            vec_storeu(part + v * VEC_FLOATS, even[v] + odd[v]);
        }
        for (int c = 0; c < 16; c++)
            sums[c] += (double)part[c];
    }
}

/* Rows of the window that lie inside the input, for output row y. */
SIMD_INLINE struct sb_span window_rows(const struct sb_window_row *r)
{
    const struct sb_window *w = r->window;
    const int64_t top = r->y * w->stride_h - w->pad_top;
    struct sb_span span = {top < 0 ? -top : 0, r->in_h - top};
    if (span.end > w->kernel_h)
        span.end = w->kernel_h;
    return span;
}

/* Input under window offset (ky, 0) of output pixel x; may point before the row. */
SIMD_INLINE const float *window_input(const struct sb_window_row *r, int64_t ky, int64_t x)
{
    const struct sb_window *w = r->window;
    const int64_t y = r->y * w->stride_h - w->pad_top + ky;
    return r->in + (y * r->in_w + x * w->stride_w - w->pad_left) * 16;
}

/* `count` output pixels from x on, one vector of channels each: sums of weight * input, or maxima
 * where the window has no weights. kernel_w is constant for the common widths; all taps along a
 * row must lie inside the input. */
SIMD_INLINE void window_run(const struct sb_window_row *r, struct sb_span rows, int64_t x,
                            const int count, const int64_t kx0, const int64_t kx1, const bool max,
                            int v)
{
    const int64_t step = 16 * r->window->stride_w;
    vec out[4];
#pragma GCC unroll 4
    for (int u = 0; u < count; u++)
        out[u] = max ? vec_set(-INFINITY) : vec_zero();
    for (int64_t ky = rows.first; ky < rows.end; ky++) {
        const float *in = window_input(r, ky, x) + v * VEC_FLOATS;
        const float *weights = r->weights + ky * r->window->kernel_w * 16 + v * VEC_FLOATS;
#pragma GCC unroll 8
        for (int64_t kx = kx0; kx < kx1; kx++) {
            const vec weight = max ? vec_zero() : vec_load(weights + kx * 16);
#pragma GCC unroll 4
            for (int u = 0; u < count; u++) {
                const vec value = vec_load(in + u * step + kx * 16);
                out[u] = max ? vec_max(value, out[u]) : vec_fma(weight, value, out[u]);
            }
        }
    }
#pragma GCC unroll 4
    for (int u = 0; u < count; u++)
        vec_store(r->out + (x + u) * 16 + v * VEC_FLOATS, out[u]);
}

/* Output pixels near the left and right ends, some of whose taps are padding. */
SIMD_INLINE void window_edge(const struct sb_window_row *r, struct sb_span rows, int64_t x0,
                             int64_t x1, const bool max)
{
    const struct sb_window *w = r->window;
    for (int64_t x = x0; x < x1; x++) {
        const int64_t left = x * w->stride_w - w->pad_left;
        const int64_t kx0 = left < 0 ? -left : 0;
        const int64_t kx1 = r->in_w - left < w->kernel_w ? r->in_w - left : w->kernel_w;
        for (int v = 0; v < BLOCK_VECS; v++)
            window_run(r, rows, x, 1, kx0, kx1, max, v);
    }
}

SIMD_INLINE void window_middle(const struct sb_window_row *r, struct sb_span rows, int64_t x0,
                               int64_t x1, const int64_t kernel_w, const bool max)
{
    for (int v = 0; v < BLOCK_VECS; v++) {
        int64_t x = x0;
        for (; x + 4 <= x1; x += 4)
            window_run(r, rows, x, 4, 0, kernel_w, max, v);
        for (; x < x1; x++)
            window_run(r, rows, x, 1, 0, kernel_w, max, v);
    }
}

/* `count` output pixels from x on of a 3x3 window. */
SIMD_INLINE void run_3x3(float *out, const float *const in[3], int64_t x, const vec weights[9],
                         const int count, const int stride)
{
    vec sums[4];
#pragma GCC unroll 4
    for (int u = 0; u < count; u++)
        sums[u] = vec_zero();
#pragma GCC unroll 9
    for (int tap = 0; tap < 9; tap++) {
#pragma GCC unroll 4
        for (int u = 0; u < count; u++)
            sums[u] = vec_fma(weights[tap],
                              vec_load(in[tap / 3] + ((x + u) * stride + tap % 3) * 16), sums[u]);
    }
#pragma GCC unroll 4
    for (int u = 0; u < count; u++)
        vec_store(out + (x + u) * 16, sums[u]);
}

/* A 3x3 depthwise window between the ends of a row: its weights stay in registers. A row of the
 * window that lies outside of the input has weights of 0, and one inside is read in its place. */
SIMD_INLINE void middle_3x3(const struct sb_window_row *r, struct sb_span rows, int64_t x0,
                            int64_t x1, const int stride)
{
    const int64_t count = x1 - x0;
    for (int v = 0; v < BLOCK_VECS; v++) {
        float *out = r->out + x0 * 16 + v * VEC_FLOATS;
        const float *in[3];
        vec weights[9];
#pragma GCC unroll 3
        for (int ky = 0; ky < 3; ky++) {
            const bool inside = ky >= rows.first && ky < rows.end;
            in[ky] = window_input(r, inside ? ky : rows.first, x0) + v * VEC_FLOATS;
#pragma GCC unroll 3
            for (int kx = 0; kx < 3; kx++)
                weights[ky * 3 + kx] =
                    inside ? vec_load(r->weights + (ky * 3 + kx) * 16 + v * VEC_FLOATS)
                           : vec_zero();
        }
        int64_t i = 0; /* pixel after x0 */
        for (; i + 4 <= count; i += 4)
            run_3x3(out, in, i, weights, 4, stride);
        if (count >= 4 && i < count) /* some of them once more */
            run_3x3(out, in, count - 4, weights, 4, stride);
        for (; count < 4 && i < count; i++)
            run_3x3(out, in, i, weights, 1, stride);
    }
}

SIMD_INLINE void window_row(const struct sb_window_row *r, const bool max)
{
    const struct sb_window *w = r->window;
    const struct sb_span rows = window_rows(r);
    /* outputs whose first tap is inside, and those whose last one is */
    const struct sb_span first = sb_tap_span(r->out_w, r->in_w, w->stride_w, w->pad_left, 0);
    const struct sb_span last =
        sb_tap_span(r->out_w, r->in_w, w->stride_w, w->pad_left, w->kernel_w - 1);
    const int64_t x0 = first.first < last.end ? first.first : last.end, x1 = last.end;
    window_edge(r, rows, 0, x0, max);
    const bool is_3x3 = !max && w->kernel_h == 3 && w->kernel_w == 3 && rows.first < rows.end;
    if (is_3x3 && w->stride_w == 1)
        middle_3x3(r, rows, x0, x1, 1);
    else if (is_3x3 && w->stride_w == 2)
        middle_3x3(r, rows, x0, x1, 2);
    else if (w->kernel_w == 3)
        window_middle(r, rows, x0, x1, 3, max);
    else if (w->kernel_w == 5)
        window_middle(r, rows, x0, x1, 5, max);
    else
        window_middle(r, rows, x0, x1, w->kernel_w, max);
    window_edge(r, rows, x1, r->out_w, max);
}

static void dwconv_row(const struct sb_window_row *r)
{
    window_row(r, false);
}

static void maxpool_row(const struct sb_window_row *r)
{
    window_row(r, true);
}

/* Four floats, for changes of layout on every instruction set. */
typedef float quad __attribute__((vector_size(16)));
typedef float quad_unaligned __attribute__((vector_size(16), aligned(4), may_alias));

/* Rows to columns of a 4 x 4 square. */
SIMD_INLINE void transpose_quad(quad m[4])
{
    const quad a = __builtin_shufflevector(m[0], m[1], 0, 4, 1, 5);
    const quad b = __builtin_shufflevector(m[0], m[1], 2, 6, 3, 7);
    const quad c = __builtin_shufflevector(m[2], m[3], 0, 4, 1, 5);
    const quad d = __builtin_shufflevector(m[2], m[3], 2, 6, 3, 7);
    m[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    m[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    m[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    m[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

/* Four channels from c on; pixels in squares of four, the rest one by one. */
SIMD_INLINE void plain_quad(float *out, size_t stride, const float *in, size_t pixels)
{
    size_t i = 0;
    for (; i + 4 <= pixels; i += 4) {
        quad m[4];
        for (size_t k = 0; k < 4; k++)
            m[k] = *(const quad_unaligned *)(in + (i + k) * 16);
        transpose_quad(m);
        for (size_t k = 0; k < 4; k++)
            *(quad_unaligned *)(out + k * stride + i) = m[k];
    }
    for (; i < pixels; i++) {
        for (size_t k = 0; k < 4; k++)
            out[k * stride + i] = in[i * 16 + k];
    }
}

static void to_plain(float *out, size_t stride, const float *in, size_t pixels, int channels)
{
    int c = 0;
    for (; c + 4 <= channels; c += 4)
        plain_quad(out + (size_t)c * stride, stride, in + c, pixels);
    for (; c < channels; c++) {
        for (size_t i = 0; i < pixels; i++)
            out[(size_t)c * stride + i] = in[i * 16 + (size_t)c];
    }
}

SIMD_INLINE void blocked_quad(float *out, const float *in, size_t stride, size_t pixels)
{
    size_t i = 0;
    for (; i + 4 <= pixels; i += 4) {
        quad m[4];
        for (size_t k = 0; k < 4; k++)
            m[k] = *(const quad_unaligned *)(in + k * stride + i);
        transpose_quad(m);
        for (size_t k = 0; k < 4; k++)
            *(quad_unaligned *)(out + (i + k) * 16) = m[k];
    }
    for (; i < pixels; i++) {
        for (size_t k = 0; k < 4; k++)
            out[i * 16 + k] = in[k * stride + i];
    }
}

static void to_blocked(float *out, const float *in, size_t stride, size_t pixels, int channels)
{
    int c = 0;
    for (; c + 4 <= channels; c += 4)
        blocked_quad(out + c, in + (size_t)c * stride, stride, pixels);
    for (; c < 16; c++) {
        for (size_t i = 0; i < pixels; i++)
            out[i * 16 + (size_t)c] = c < channels ? in[(size_t)c * stride + i] : 0;
    }
}

#endif
