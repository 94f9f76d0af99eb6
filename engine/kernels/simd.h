/*
 * Inner loops of the native engine: one table of functions per CPU level, filled by compiling the
 * same sources (simd_*.h) with different instruction sets. Drivers (conv_native.c, ...) cut the
 * work into jobs and call these; they know nothing of instruction sets.
 *
 * Tensors are blocked (steps.h): a pixel of a block of 16 channels is 16 consecutive floats,
 * 64-byte aligned; the pixels of a plane of blocks follow each other. `pixels` counts such groups
 * of 16.
 */
#ifndef SB_ENGINE_KERNELS_SIMD_H
#define SB_ENGINE_KERNELS_SIMD_H

#include "engine/cpu.h"
#include "models/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_MAX_TILE_ROWS 14

/* What a later tile reads: `lines` cache lines from `at` on, and again `step` floats further for
 * every block along k, fetched into the second level of cache while a tile is at work. Nothing is
 * read: places behind the end of an array are allowed. */
struct sb_ahead {
    const float *at;
    size_t step;
    size_t lines; /* 0: nothing */
};

/*
 * A tile of a matrix product: c[r][j] = sum over k of a[r][k] * b[k][j], for `rows` pixels and one
 * panel of 16 or 32 output channels.
 */
struct sb_gemm_tile {
    const float *a; /* pixel r, input channel k of block q: a[q * a_step + r * 16 + k] */
    size_t a_step;  /* floats */
    size_t blocks;  /* blocks of 16 along k */
    bool half;      /* the last block's last 8 are left out: padding */
    const float *b; /* panel: per k as many floats as it has channels; 64-byte aligned */
    float *c;       /* pixel r, output channel i of block j: c[j * c_step + r * 16 + i] */
    size_t c_step;  /* floats */
    /* sums over earlier steps of k, added to these, or NULL: as c, with their own step */
    const float *partial;
    size_t partial_step;
    /* what follows the sum; per channel of the panel, or NULL */
    const float *scale, *shift;
    const float *residual; /* as c, or NULL; may be c itself */
    bool relu;
    struct sb_ahead ahead;
};

typedef void (*sb_gemm_fn)(const struct sb_gemm_tile *tile);

/* A tile whose k are single values at given places, not blocks of channels: the first convolution,
 * whose input has few channels. a[offsets[k] + r]; of `gemm`, a, a_step and blocks are not read. */
struct sb_gather_tile {
    struct sb_gemm_tile gemm;
    const float *a;
    const int32_t *offsets;
    size_t k;
};

typedef void (*sb_gather_fn)(const struct sb_gather_tile *tile);

/* The per-channel part of an epilogue on blocked rows; NULL where there is none. */
struct sb_row_epilogue {
    const float *scale, *shift; /* 16 channels */
    const float *residual;      /* as many pixels as the row */
    enum sb_act act;
};

/* One output row of a depthwise convolution or a max pool, of one block of channels. */
struct sb_window_row {
    float *out;           /* out_w pixels */
    const float *in;      /* the plane of the block: in_h rows of in_w pixels */
    const float *weights; /* kernel_h * kernel_w taps of 16; NULL for a max pool */
    int64_t in_h, in_w, out_w;
    int64_t y; /* output row */
    const struct sb_window *window;
};

/*
 * One tile of Winograd's F(4x4, 3x3) of one block of channels. Its 36 transformed pixels lie `step`
 * floats apart, matrix row by matrix row.
 */
struct sb_winograd_tile {
    float *matrices;
    size_t step;
    /* Pixels [y0, y1) x [x0, x1) of the tile exist: of 6 x 6 on the way in, where the others are
     * 0, of 4 x 4 on the way out (from 0), where the others are not written. */
    int y0, y1, x0, x1;
    const float *in; /* way in: pixel (0, 0), which need not exist; rows in_row floats apart */
    size_t in_row;
    float *out; /* way out: pixel (0, 0); rows out_row floats apart, residual alike */
    size_t out_row;
    struct sb_row_epilogue epilogue;
};

struct sb_simd {
    enum sb_cpu cpu;
    int tile_rows;    /* most pixels of a tile */
    int panel_blocks; /* blocks of 16 output channels in a full panel: 1 or 2 */
    int stretch;      /* most blocks along k of a panel that stay in the first level of cache */
    /* gemm[j - 1][r]: r pixels and j blocks, 1 <= r <= tile_rows, 1 <= j <= panel_blocks */
    sb_gemm_fn gemm[2][SB_MAX_TILE_ROWS + 1];
    sb_gather_fn gather[2][SB_MAX_TILE_ROWS + 1];
    /* n floats, a multiple of 16 */
    void (*act)(enum sb_act act, float *row, size_t n);
    void (*epilogue)(const struct sb_row_epilogue *e, float *row, size_t pixels);
    /* sums[c] += those of pixels' 16 channels */
    void (*add_pixels)(double sums[16], const float *in, size_t pixels);
    void (*dwconv)(const struct sb_window_row *row);
    void (*maxpool)(const struct sb_window_row *row);
    void (*winograd_input)(const struct sb_winograd_tile *tile);
    void (*winograd_output)(const struct sb_winograd_tile *tile);
    /* out[c * stride + i] = in[i * 16 + c] for i < pixels and c < channels <= 16 */
    void (*to_plain)(float *out, size_t stride, const float *in, size_t pixels, int channels);
    /* out[i * 16 + c] = in[c * stride + i], 0 for c >= channels */
    void (*to_blocked)(float *out, const float *in, size_t stride, size_t pixels, int channels);
};

/* The table of a level, which the CPU must have. */
const struct sb_simd *sb_simd(enum sb_cpu cpu);

extern const struct sb_simd sb_simd_portable;
#if defined(__x86_64__)
extern const struct sb_simd sb_simd_avx2;
extern const struct sb_simd sb_simd_avx512;
#endif

#endif
