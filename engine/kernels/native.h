/* Geometry of blocked tensors and packed panels, shared by the native engine's drivers. */
#ifndef SB_ENGINE_KERNELS_NATIVE_H
#define SB_ENGINE_KERNELS_NATIVE_H

#include "engine/kernels/kernels.h"
#include "engine/kernels/simd.h"

/* Blocks of 16 channels. */
static inline size_t sb_blocks(int64_t channels)
{
    return (size_t)(channels + SB_BLOCK - 1) / SB_BLOCK;
}

/* True where 8 channels of the last block at least are padding. */
static inline bool sb_last_block_is_half(int64_t channels)
{
    return channels % SB_BLOCK > 0 && channels % SB_BLOCK <= SB_BLOCK / 2;
}

static inline size_t sb_pixels(struct sb_shape shape)
{
    return (size_t)(shape.h * shape.w);
}

/* Floats of one image. */
static inline size_t sb_image_floats(struct sb_shape shape)
{
    return sb_blocks(shape.c) * sb_pixels(shape) * SB_BLOCK;
}

/* Panels of output channels: full ones, then one of what is left. */
size_t sb_panels(const struct sb_simd *simd, int64_t channels);
/* Blocks of channels of panel p. */
size_t sb_panel_blocks(const struct sb_simd *simd, int64_t channels, size_t panel);

/*
 * Packs a kernel of `cout` output channels and `k` steps along the sum, the value of channel c and
 * step i given by kernel[c * k + order(i)], into panels: panel after panel, step after step, its
 * channels. Steps are `taps` windows of cin channels, padded to blocks: step (tap, channel) is
 * kernel[(c * cin + channel) * taps + tap]. Channels beyond cout and cin are 0.
 */
void sb_pack_panels(float *packed, const struct sb_simd *simd, const float *kernel,
                    const double *scale, int64_t cout, int64_t cin, int64_t taps);
/* Floats of the packed panels: steps is the number of (padded) steps. */
size_t sb_panels_floats(int64_t cout, size_t steps);

/* packed_bytes() and pack() of kernels whose panels' steps are the taps of a convolution. */
size_t sb_conv_packed_bytes(const struct sb_kernel_call *call);
void sb_conv_pack(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                  void *packed);

/* A walk through panels [first, first + count) of a chain of calls (kernels.h), whose panels are
 * numbered through:
 *     for (struct sb_chain_walk w = sb_chain_walk(call, first, count); sb_chain_next(&w);)
 *         ... panels w.panel .. w.panel + w.panels - 1 of w.call ...
 */
struct sb_chain_walk {
    const struct sb_kernel_call *call;
    size_t panel, panels;
    /* to come */
    const struct sb_kernel_call *next;
    size_t first, left;
};
/* Panels of a chain. */
size_t sb_chain_panels(const struct sb_kernel_call *call);
struct sb_chain_walk sb_chain_walk(const struct sb_kernel_call *call, size_t first, size_t count);
bool sb_chain_next(struct sb_chain_walk *walk);

/* A rectangle of a product: consecutive pixels of an image by a range of panels, and a stretch of
 * the sum. Stretches are run in order; all but the last leave their sums in `sums`. */
struct sb_product {
    const struct sb_kernel_call *call;
    const float *a; /* first pixel of the stretch; as in struct sb_gemm_tile */
    size_t a_step;  /* floats */
    size_t blocks;  /* of 16 along k */
    size_t from;    /* first block of the stretch */
    size_t count;   /* its blocks */
    bool half;      /* the last of all blocks has 8 channels at most */
    float *out;     /* where the first pixel of the first panel goes */
    size_t plane;   /* floats from a block of output channels to the next */
    size_t pixels;
    size_t panel, panels; /* first panel and their number */
    float *sums;          /* sb_sums_floats(simd, pixels, panels), kept from stretch to stretch; not
                             used where one is all */
};
/* Floats of the sums of `pixels` by `panels`. */
size_t sb_sums_floats(const struct sb_simd *simd, size_t pixels, size_t panels);

/* Runs the tiles of a product, panel by panel, with the step's epilogue. */
void sb_run_product(const struct sb_product *product);

/* The epilogue of a step on rows of output block `block` (of an image), the first of which is at
 * call->output + start. */
struct sb_row_epilogue sb_row_epilogue(const struct sb_kernel_call *call, size_t block,
                                       size_t start);
/* Sets what follows the sum of a tile that starts at output channel block `block`; act other than
 * ReLU is left to sb_finish_tile(). */
void sb_tile_epilogue(const struct sb_kernel_call *call, size_t block, struct sb_gemm_tile *tile);
/* What a tile of rows x blocks cannot do itself: swish and sigmoid. */
void sb_finish_tile(const struct sb_kernel_call *call, const struct sb_gemm_tile *tile, size_t rows,
                    size_t blocks);

#endif
