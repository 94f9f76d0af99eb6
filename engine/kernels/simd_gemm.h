/*
 * The matrix product of a tile: all sums in registers, k outermost, one broadcast of an input value
 * against the vectors of a panel. See struct sb_gemm_tile in simd.h.
 */
#ifndef SB_ENGINE_KERNELS_SIMD_GEMM_H
#define SB_ENGINE_KERNELS_SIMD_GEMM_H

#include "engine/kernels/simd.h"
#include "engine/kernels/simd_vec.h"

#define MAX_VECS     4 /* vectors of a panel */
#define CHUNK_BLOCKS 4 /* 64 steps of k */

/* AVX-512: panels of 32 channels do not stay in the first level of cache and are fetched
 * PREFETCH_BYTES ahead of their use; and 14 rows make so much code that only four steps of k are
 * written out. */
#if VEC_FLOATS == 16
#define PREFETCH_BYTES 1024
#define UNROLL_STEPS   _Pragma("GCC unroll 4")
#else
#define UNROLL_STEPS _Pragma("GCC unroll 16")
#endif

/* Keeps the compiler from loading operands of later steps early, for which there are no registers
 * left: they would be spilled. */
#define STEP_END() __asm__ volatile("" ::: "memory")

SIMD_INLINE void gemm_fetch(const struct sb_ahead *ahead, size_t block)
{
    for (size_t i = 0; i < ahead->lines; i++)
        __builtin_prefetch(ahead->at + block * ahead->step + i * 16, 0, 2);
}

/* sums[r][v] += the products of `steps` steps of k, at most 16. The next blocks of the input are
 * far away, where no hardware prefetcher expects them; one ahead comes too late from memory. */
SIMD_INLINE void gemm_block(const float *a, const float *b, size_t a_step, const int steps,
                            const int rows, const int vecs, vec sums[SB_MAX_TILE_ROWS][MAX_VECS])
{
    UNROLL_STEPS
    for (int k = 0; k < steps; k++) {
        const float *panel = b + k * vecs * VEC_FLOATS;
        vec weights[MAX_VECS];
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++)
            weights[v] = vec_load(panel + v * VEC_FLOATS);
#ifdef PREFETCH_BYTES
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v += BLOCK_VECS)
            __builtin_prefetch((const char *)(panel + v * VEC_FLOATS) + PREFETCH_BYTES);
#endif
        if (k < rows)
            __builtin_prefetch(a + 2 * a_step + k * 16);
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++) {
            const vec value = vec_set(a[r * 16 + k]);
#pragma GCC unroll 4
            for (int v = 0; v < vecs; v++)
                sums[r][v] = vec_accumulate(value, weights[v], sums[r][v]);
        }
        STEP_END();
    }
}

/* Where vector v of pixel r goes: its offset from c or the residual. */
SIMD_INLINE size_t gemm_place(const struct sb_gemm_tile *t, int r, int v)
{
    return (size_t)(v / BLOCK_VECS) * t->c_step + (size_t)(r * 16 + v % BLOCK_VECS * VEC_FLOATS);
}

SIMD_INLINE void gemm_finish(const struct sb_gemm_tile *t, const int rows, const int vecs,
                             vec sums[SB_MAX_TILE_ROWS][MAX_VECS])
{
#pragma GCC unroll 4
    for (int v = 0; v < vecs; v++) {
        const vec scale = t->scale ? vec_loadu(t->scale + v * VEC_FLOATS) : vec_set(1);
        const vec shift = t->shift ? vec_loadu(t->shift + v * VEC_FLOATS) : vec_zero();
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++)
            sums[r][v] = vec_fma(sums[r][v], scale, shift);
        if (t->residual) {
#pragma GCC unroll 16
            for (int r = 0; r < rows; r++)
                sums[r][v] = sums[r][v] + vec_load(t->residual + gemm_place(t, r, v));
        }
        if (t->relu) {
#pragma GCC unroll 16
            for (int r = 0; r < rows; r++)
                sums[r][v] = vec_max(sums[r][v], vec_zero());
        }
    }
}

SIMD_INLINE void gemm_store(const struct sb_gemm_tile *t, const int rows, const int vecs,
                            vec sums[SB_MAX_TILE_ROWS][MAX_VECS])
{
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++)
            vec_store(t->c + gemm_place(t, r, v), sums[r][v]);
    }
}

SIMD_INLINE void gemm_clear(const int rows, const int vecs, vec sums[SB_MAX_TILE_ROWS][MAX_VECS])
{
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++)
            sums[r][v] = vec_new_sum();
    }
}

/* Fetches what the end of the tile will read and write, while its sums are made. */
SIMD_INLINE void gemm_announce(const struct sb_gemm_tile *t, const int rows, const int vecs)
{
#pragma GCC unroll 4
    for (int v = 0; v < vecs; v += BLOCK_VECS) {
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++) {
            __builtin_prefetch(t->c + gemm_place(t, r, v), 1);
            if (t->residual)
                __builtin_prefetch(t->residual + gemm_place(t, r, v));
        }
    }
}

/* Adds the sums to those of earlier parts, which lie in memory, and starts new ones. */
SIMD_INLINE void gemm_put_aside(const int rows, const int vecs, vec total[],
                                vec sums[SB_MAX_TILE_ROWS][MAX_VECS])
{
    STEP_END();
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++) {
            total[r * vecs + v] = total[r * vecs + v] + sums[r][v];
            sums[r][v] = vec_new_sum();
        }
    }
    STEP_END();
}

SIMD_INLINE void gemm_sum_up(const int rows, const int vecs, const vec total[],
                             vec sums[SB_MAX_TILE_ROWS][MAX_VECS])
{
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++)
            sums[r][v] = sums[r][v] + total[r * vecs + v];
    }
}

SIMD_INLINE void gemm_add_partial(const struct sb_gemm_tile *t, const int rows, const int vecs,
                                  vec sums[SB_MAX_TILE_ROWS][MAX_VECS])
{
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++) {
            const size_t block = (size_t)(v / BLOCK_VECS);
            const size_t place = (size_t)(r * 16 + v % BLOCK_VECS * VEC_FLOATS);
            sums[r][v] = sums[r][v] + vec_load(t->partial + block * t->partial_step + place);
        }
    }
}

/* Long sums are made of parts of CHUNK_BLOCKS blocks: the rounding error of one running sum grows
 * with its length (at k = 2304 to four millionths of the result, and Winograd's transforms magnify
 * it). */
SIMD_INLINE void gemm_tile(const struct sb_gemm_tile *t, const int rows, const int vecs)
{
    gemm_announce(t, rows, vecs);
    vec sums[SB_MAX_TILE_ROWS][MAX_VECS];
    vec total[SB_MAX_TILE_ROWS * MAX_VECS];
    const float *a = t->a, *b = t->b;
    gemm_clear(rows, vecs, sums);
    if (t->blocks > CHUNK_BLOCKS) {
        __asm__ volatile("" ::"r"(total)); /* in memory: registers hold the sums */
#pragma GCC unroll 64
        for (int i = 0; i < rows * vecs; i++)
            total[i] = vec_zero();
    }
    const size_t whole = t->blocks - t->half;
    for (size_t q = 0; q < whole; q++, a += t->a_step, b += 16 * vecs * VEC_FLOATS) {
        if (q > 0 && q % CHUNK_BLOCKS == 0)
            gemm_put_aside(rows, vecs, total, sums);
        gemm_fetch(&t->ahead, q);
        gemm_block(a, b, t->a_step, 16, rows, vecs, sums);
    }
    if (t->half)
        gemm_block(a, b, t->a_step, 8, rows, vecs, sums);
    if (t->blocks > CHUNK_BLOCKS)
        gemm_sum_up(rows, vecs, total, sums);
    if (t->partial)
        gemm_add_partial(t, rows, vecs, sums);
    gemm_finish(t, rows, vecs, sums);
    gemm_store(t, rows, vecs, sums);
}

SIMD_INLINE void gather_tile(const struct sb_gather_tile *t, const int rows, const int vecs)
{
    vec sums[SB_MAX_TILE_ROWS][MAX_VECS];
    gemm_clear(rows, vecs, sums);
    const float *b = t->gemm.b;
    for (size_t k = 0; k < t->k; k++, b += vecs * VEC_FLOATS) {
        const float *a = t->a + t->offsets[k];
        vec weights[MAX_VECS];
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++)
            weights[v] = vec_load(b + v * VEC_FLOATS);
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
            for (int v = 0; v < vecs; v++)
                sums[r][v] = vec_fma(vec_set(a[r]), weights[v], sums[r][v]);
        }
    }
    gemm_finish(&t->gemm, rows, vecs, sums);
    gemm_store(&t->gemm, rows, vecs, sums);
}

/* gemm_ROWS_BLOCKS and gather_ROWS_BLOCKS: `rows` pixels, `blocks` blocks of output channels. */
#define GEMM_TILE(rows, blocks)                                                                    \
    static void gemm_##rows##_##blocks(const struct sb_gemm_tile *t)                               \
    {                                                                                              \
        gemm_tile(t, rows, (blocks)*BLOCK_VECS);                                                   \
    }                                                                                              \
    static void gather_##rows##_##blocks(const struct sb_gather_tile *t)                           \
    {                                                                                              \
        gather_tile(t, rows, (blocks)*BLOCK_VECS);                                                 \
    }

#endif
