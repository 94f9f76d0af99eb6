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
    const vec even_p = vec_fnma(vec_set(2), d[2], d[4]);
    const vec odd_p = vec_fnma(vec_set(2), d[1], d[3]);
    const vec even_q = vec_fnma(vec_set(0.5f), d[2], d[4]);
    const vec odd_q = vec_fnma(vec_set(0.5f), d[1], d[3]);
    t[0] = vec_fnma(vec_set(2.5f), d[2], d[0] + d[4]);
    t[1] = vec_fma(vec_set(POINT_P), odd_p, even_p);
    t[2] = vec_fnma(vec_set(POINT_P), odd_p, even_p);
    t[3] = vec_fma(vec_set(POINT_Q), odd_q, even_q);
    t[4] = vec_fnma(vec_set(POINT_Q), odd_q, even_q);
    t[5] = vec_fnma(vec_set(2.5f), d[3], d[1] + d[5]);
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

/* Fetches the pixels of the next tile that this one does not share; it is right of this one. */
SIMD_INLINE void fetch_input(const float *const rows[6])
{
#pragma GCC unroll 6
    for (int y = 0; y < 6; y++) {
#pragma GCC unroll 4
        for (int x = 6; x < 10; x++)
            __builtin_prefetch(rows[y] + x * 16);
    }
}

/* columns[row of B^T d][x]; those of pixels that do not exist are 0. */
SIMD_INLINE void input_columns(const struct sb_winograd_tile *t, float columns[6][6][16])
{
    static const float nothing[10 * 16] __attribute__((aligned(64)));
    const float *rows[6];
#pragma GCC unroll 6
    for (int y = 0; y < 6; y++)
        rows[y] = y >= t->y0 && y < t->y1 ? t->in + (size_t)y * t->in_row : nothing;
    fetch_input(rows);
    if (t->x1 - t->x0 < 6)
        memset(columns, 0, 6 * sizeof(*columns));
#pragma GCC unroll 1
    for (size_t i = (size_t)t->x0 * 16; i < (size_t)t->x1 * 16; i += VEC_FLOATS) {
        vec d[6], u[6];
#pragma GCC unroll 6
        for (int y = 0; y < 6; y++)
            d[y] = vec_load(rows[y] + i);
        transform_input(d, u);
#pragma GCC unroll 6
        for (int y = 0; y < 6; y++)
            vec_store(&columns[y][0][0] + i, u[y]);
    }
}

/* Columns first, which stay in the first level of cache, then rows: gcc keeps the addresses of all
 * 36 results in memory where loops over tiles are written out. The next tile's results lie behind
 * this one's. */
static void winograd_input(const struct sb_winograd_tile *t)
{
    float columns[6][6][16] __attribute__((aligned(64)));
    input_columns(t, columns);
    const size_t step = t->step;
    float *out = t->matrices;
#pragma GCC unroll 1
    for (int y = 0; y < 6; y++, out += 6 * step) {
#pragma GCC unroll 6
        for (size_t x = 0; x < 6; x++)
            __builtin_prefetch(out + x * step + 16, 1);
#pragma GCC unroll 4
        for (int v = 0; v < BLOCK_VECS; v++) {
            vec d[6], u[6];
#pragma GCC unroll 6
            for (int x = 0; x < 6; x++)
                d[x] = vec_load(&columns[y][x][v * VEC_FLOATS]);
            transform_input(d, u);
#pragma GCC unroll 6
            for (size_t x = 0; x < 6; x++)
                vec_store(out + x * step + v * VEC_FLOATS, u[x]);
        }
    }
}

/* Vector v of the first `count` pixels of row y: epilogue and store. */
SIMD_INLINE void output_row(const struct sb_winograd_tile *t, const enum sb_act act, int y, int v,
                            const vec pixels[4], const int count)
{
    const size_t offset = (size_t)(v * VEC_FLOATS);
    const vec scale = t->epilogue.scale ? vec_loadu(t->epilogue.scale + offset) : vec_set(1);
    const vec shift = t->epilogue.shift ? vec_loadu(t->epilogue.shift + offset) : vec_zero();
#pragma GCC unroll 4
    for (int x = 0; x < count; x++) {
        const size_t place = (size_t)y * t->out_row + (size_t)x * 16 + offset;
        vec value = vec_fma(pixels[x], scale, shift);
        if (t->epilogue.residual)
            value = value + vec_load(t->epilogue.residual + place);
        vec_store(t->out + place, act_vec(act, value));
    }
}

/* Fetches where the next tile's output goes, right of this one's. */
SIMD_INLINE void fetch_output(const struct sb_winograd_tile *t)
{
#pragma GCC unroll 4
    for (size_t y = 0; y < 4; y++) {
#pragma GCC unroll 4
        for (int x = 4; x < 8; x++)
            __builtin_prefetch(t->out + y * t->out_row + x * 16, 1);
    }
}

SIMD_INLINE void output_tile(const struct sb_winograd_tile *t, const enum sb_act act)
{
    float columns[4][6][16] __attribute__((aligned(64))); /* [row of A^T m][x] */
    const float *m = t->matrices;
    fetch_output(t);
#pragma GCC unroll 1
    for (int x = 0; x < 6; x++, m += t->step) {
#pragma GCC unroll 4
        for (int v = 0; v < BLOCK_VECS; v++) {
            vec d[6], u[4];
#pragma GCC unroll 6
            for (size_t y = 0; y < 6; y++)
                d[y] = vec_load(m + y * 6 * t->step + v * VEC_FLOATS);
            transform_output(d, u);
#pragma GCC unroll 4
            for (int y = 0; y < 4; y++)
                vec_store(&columns[y][x][v * VEC_FLOATS], u[y]);
        }
    }
#pragma GCC unroll 1
    for (int y = 0; y < t->y1; y++) {
#pragma GCC unroll 4
        for (int v = 0; v < BLOCK_VECS; v++) {
            vec d[6], pixels[4];
#pragma GCC unroll 6
            for (int x = 0; x < 6; x++)
                d[x] = vec_load(&columns[y][x][v * VEC_FLOATS]);
            transform_output(d, pixels);
            if (t->x1 == 4)
                output_row(t, act, y, v, pixels, 4);
            else
                output_row(t, act, y, v, pixels, t->x1);
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
