/*
 * The transforms of Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016, "Fast algorithms
 * for convolutional neural networks") on blocked pixels, with the interpolation points 0,
 * +-sqrt(1/2), +-sqrt(2) and infinity: their transforms magnify rounding errors four to seven times
 * less than the customary 0, +-1, +-2. With p = sqrt(1/2), q = sqrt(2), p^2 = 1/2, q^2 = 2:
 *
 *         [1   0  -5/2  0   1  0]            [1  1   1   1   1   0]
 *         [0 -2p  -2    p   1  0]            [0  p  -p   q  -q   0]
 *   B^T = [0  2p  -2   -p   1  0]      A^T = [0 1/2 1/2  2   2   0]
 *         [0 -q/2 -1/2  q   1  0]            [0 p/2 -p/2 2q -2q  1]
 *         [0  q/2 -1/2 -q   1  0]
 *         [0   1   0  -5/2  0  1]
 *
 * The kernel's transform G is in winograd_native.c.
 */
#ifndef SB_ENGINE_KERNELS_SIMD_WINOGRAD_H
#define SB_ENGINE_KERNELS_SIMD_WINOGRAD_H

#include "engine/kernels/simd.h"
#include "engine/kernels/simd_rows.h"
#include "engine/kernels/simd_vec.h"

#include <string.h>

#define POINT_P 0.70710678118654752f
#define POINT_Q 1.41421356237309505f

/* B^T d */
SIMD_INLINE void transform_input(const vec d[6], vec t[6])
{
    const vec even_p = vec_fma(vec_set(-2), d[2], d[4]);
    const vec odd_p = vec_fma(vec_set(-2), d[1], d[3]);
    const vec even_q = vec_fma(vec_set(-0.5f), d[2], d[4]);
    const vec odd_q = vec_fma(vec_set(-0.5f), d[1], d[3]);
    t[0] = vec_fma(vec_set(-2.5f), d[2], d[0] + d[4]);
    t[1] = vec_fma(vec_set(POINT_P), odd_p, even_p);
    t[2] = vec_fma(vec_set(-POINT_P), odd_p, even_p);
    t[3] = vec_fma(vec_set(POINT_Q), odd_q, even_q);
    t[4] = vec_fma(vec_set(-POINT_Q), odd_q, even_q);
    t[5] = vec_fma(vec_set(-2.5f), d[3], d[1] + d[5]);
}

/* A^T m */
SIMD_INLINE void transform_output(const vec m[6], vec y[4])
{
    const vec sum_p = m[1] + m[2], sum_q = m[3] + m[4];
    const vec odd_p = vec_set(POINT_P) * (m[1] - m[2]);
    const vec odd_q = vec_set(POINT_Q) * (m[3] - m[4]);
    y[0] = m[0] + sum_p + sum_q;
    y[1] = odd_p + odd_q;
    y[2] = vec_fma(vec_set(2), sum_q, vec_set(0.5f) * sum_p);
    y[3] = vec_fma(vec_set(2), odd_q, vec_fma(vec_set(0.5f), odd_p, m[5]));
}

/* One tile whose 6 x 6 pixels all exist. */
SIMD_INLINE void input_tile(const float *in, size_t row_step, float *out, size_t step)
{
    for (int v = 0; v < BLOCK_VECS; v++, in += VEC_FLOATS, out += VEC_FLOATS) {
        vec columns[6][6]; /* [x][row of B^T d] */
        for (size_t x = 0; x < 6; x++) {
            vec d[6];
#pragma GCC unroll 6
            for (size_t y = 0; y < 6; y++)
                d[y] = vec_load(in + y * row_step + x * 16);
            transform_input(d, columns[x]);
        }
        for (size_t y = 0; y < 6; y++) {
            vec d[6], t[6];
#pragma GCC unroll 6
            for (size_t x = 0; x < 6; x++)
                d[x] = columns[x][y];
            transform_input(d, t);
#pragma GCC unroll 6
            for (size_t x = 0; x < 6; x++)
                vec_store(out + (y * 6 + x) * step, t[x]);
        }
    }
}

static void winograd_input(const struct sb_winograd_tile *t)
{
    const bool whole = t->y0 == 0 && t->x0 == 0 && t->y1 == 6 && t->x1 == 6;
    if (whole) {
        input_tile(t->in, t->in_row, t->matrices, t->step);
        return;
    }
    float padded[6 * 6 * 16] __attribute__((aligned(64)));
    memset(padded, 0, sizeof(padded));
    for (int y = t->y0; y < t->y1; y++)
        memcpy(padded + (y * 6 + t->x0) * 16, t->in + (size_t)y * t->in_row + t->x0 * 16,
               (size_t)(t->x1 - t->x0) * 16 * sizeof(*padded));
    input_tile(padded, 6 * 16, t->matrices, t->step);
}

/* The four pixels of row y: epilogue and store. */
SIMD_INLINE void output_row(const struct sb_winograd_tile *t, const enum sb_act act, int y, int v,
                            const vec pixels[4])
{
    const size_t offset = (size_t)(v * VEC_FLOATS);
    const vec scale = t->epilogue.scale ? vec_loadu(t->epilogue.scale + offset) : vec_set(1);
    const vec shift = t->epilogue.shift ? vec_loadu(t->epilogue.shift + offset) : vec_zero();
    for (int x = 0; x < t->x1; x++) {
        const size_t place = (size_t)y * t->out_row + (size_t)x * 16 + offset;
        vec value = vec_fma(pixels[x], scale, shift);
        if (t->epilogue.residual)
            value = value + vec_load(t->epilogue.residual + place);
        vec_store(t->out + place, act_vec(act, value));
    }
}

SIMD_INLINE void output_tile(const struct sb_winograd_tile *t, const enum sb_act act)
{
    for (int v = 0; v < BLOCK_VECS; v++) {
        const float *m = t->matrices + v * VEC_FLOATS;
        vec columns[6][4];
        for (size_t x = 0; x < 6; x++) {
            vec d[6];
#pragma GCC unroll 6
            for (size_t y = 0; y < 6; y++)
                d[y] = vec_load(m + (y * 6 + x) * t->step);
            transform_output(d, columns[x]);
        }
        for (int y = 0; y < t->y1; y++) {
            vec d[6], pixels[4];
#pragma GCC unroll 6
            for (int x = 0; x < 6; x++)
                d[x] = columns[x][y];
            transform_output(d, pixels);
            output_row(t, act, y, v, pixels);
        }
    }
}

static void winograd_output(const struct sb_winograd_tile *t)
{
    switch (t->epilogue.act) {
    case SB_ACT_NONE:
        output_tile(t, SB_ACT_NONE);
        return;
    case SB_ACT_RELU:
        output_tile(t, SB_ACT_RELU);
        return;
    case SB_ACT_SWISH:
        output_tile(t, SB_ACT_SWISH);
        return;
    case SB_ACT_SIGMOID:
        output_tile(t, SB_ACT_SIGMOID);
        return;
    }
}

#endif
