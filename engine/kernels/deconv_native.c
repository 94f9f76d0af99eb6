/*
 * Transposed convolutions of the native engine whose windows do not overlap (kernel = stride, no
 * padding; the 2x2 of mask heads): every tap is a 1x1 convolution whose results lie a stride apart
 * in the output. A job is a range of input pixels of one image; a tile's results go through a small
 * buffer to their places.
 */
#include "engine/kernels/jobs.h"
#include "engine/kernels/native.h"

#include <string.h>

#define TILES_PER_JOB ((size_t)4)

static size_t taps_of(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    return (size_t)w->kernel_h * (size_t)w->kernel_w;
}

static bool supports(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    return w->kernel_h == w->stride_h && w->kernel_w == w->stride_w && w->pad_top == 0 &&
           w->pad_left == 0 && w->pad_bottom == 0 && w->pad_right == 0 &&
           call->step->residual == SB_NO_VALUE;
}

/* Floats of one tap's panels. */
static size_t tap_floats(const struct sb_kernel_call *call)
{
    return sb_panels_floats(call->out.c, sb_blocks(call->in[0].c) * SB_BLOCK);
}

static size_t packed_bytes(const struct sb_kernel_call *call)
{
    return taps_of(call) * tap_floats(call) * sizeof(float);
}

/* (Cin, Cout, taps) to panels of every tap. */
static void pack(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                 void *packed)
{
    const size_t cin = (size_t)call->in[0].c, cout = (size_t)call->out.c, taps = taps_of(call);
    const size_t steps = sb_blocks(call->in[0].c) * SB_BLOCK;
    float *out = packed;
    for (size_t tap = 0; tap < taps; tap++) {
        for (size_t p = 0; p < sb_panels(call->simd, call->out.c); p++) {
            const size_t first = p * (size_t)call->simd->panel_blocks * SB_BLOCK;
            const size_t width = sb_panel_blocks(call->simd, call->out.c, p) * SB_BLOCK;
            for (size_t k = 0; k < steps; k++, out += width) {
                for (size_t c = 0; c < width; c++) {
                    const bool exists = k < cin && first + c < cout;
                    const double s = exists && scale ? scale[first + c] : 1;
                    const size_t place = exists ? (k * cout + first + c) * taps + tap : 0;
                    out[c] = exists ? (float)((double)kernel[place] * s) : 0;
                }
            }
        }
    }
}

static size_t pixels_per_job(const struct sb_kernel_call *call)
{
    return sb_even_piece(sb_pixels(call->in[0]), TILES_PER_JOB * (size_t)call->simd->tile_rows);
}

/* A tile's results go where their input pixels are, times the stride, plus the tap. */
static void place_tile(const struct sb_kernel_call *call, float *image, const float *tile,
                       size_t first, size_t rows, size_t block, size_t blocks, size_t tap)
{
    const struct sb_window *w = &call->step->node->u.window;
    const size_t in_w = (size_t)call->in[0].w, out_w = (size_t)call->out.w;
    const size_t ky = tap / (size_t)w->kernel_w, kx = tap % (size_t)w->kernel_w;
    for (size_t j = 0; j < blocks; j++) {
        float *plane = image + (block + j) * sb_pixels(call->out) * SB_BLOCK;
        for (size_t r = 0; r < rows; r++, tile += SB_BLOCK) {
            const size_t y = (first + r) / in_w * (size_t)w->stride_h + ky;
            const size_t x = (first + r) % in_w * (size_t)w->stride_w + kx;
            memcpy(plane + (y * out_w + x) * SB_BLOCK, tile, SB_BLOCK * sizeof(*tile));
        }
    }
}

/* One panel of one tap for `pixels` input pixels from `first` on. */
static void run_panel(const struct sb_kernel_call *call, size_t image, size_t first, size_t pixels,
                      size_t tap, size_t panel)
{
    const struct sb_simd *simd = call->simd;
    const size_t block = panel * (size_t)simd->panel_blocks;
    const size_t blocks = sb_panel_blocks(simd, call->out.c, panel);
    const size_t inner = sb_blocks(call->in[0].c), plane = sb_pixels(call->in[0]) * SB_BLOCK;
    _Alignas(64) float results[2 * SB_MAX_TILE_ROWS * SB_BLOCK];
    struct sb_gemm_tile tile = {
        .a_step = plane,
        .blocks = inner,
        .b = (const float *)call->packed + tap * tap_floats(call) +
             block * SB_BLOCK * inner * SB_BLOCK,
        .c = results,
        .scale = call->scale ? call->scale + block * SB_BLOCK : NULL,
        .shift = call->shift ? call->shift + block * SB_BLOCK : NULL,
        .relu = call->step->act == SB_ACT_RELU,
    };
    const size_t tiles = sb_pieces(pixels, (size_t)simd->tile_rows);
    size_t done = 0;
    for (size_t t = 0; t < tiles; t++) {
        const size_t rows = (pixels - done) / (tiles - t);
        tile.a = call->inputs[0] + image * sb_image_floats(call->in[0]) + (first + done) * SB_BLOCK;
        tile.c_step = rows * SB_BLOCK;
        simd->gemm[blocks - 1][rows](&tile);
        sb_finish_tile(call, &tile, rows, blocks);
        place_tile(call, call->output + image * sb_image_floats(call->out), results, first + done,
                   rows, block, blocks, tap);
        done += rows;
    }
}

static void deconv_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const size_t all = sb_pixels(call->in[0]), pixels = pixels_per_job(call);
    const size_t jobs = sb_pieces(all, pixels), image = job / jobs;
    for (size_t tap = 0; tap < taps_of(call); tap++) {
        for (size_t panel = 0; panel < sb_panels(call->simd, call->out.c); panel++)
            run_panel(call, image, job % jobs * pixels, sb_piece_length(all, pixels, job % jobs),
                      tap, panel);
    }
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    const size_t jobs = sb_pieces(sb_pixels(call->in[0]), pixels_per_job(call));
    sb_pool_run_near(call->pool, (size_t)call->out.n * jobs, deconv_job, (void *)call);
    return 0;
}

const struct sb_kernel sb_kernel_deconv_native = {
    .name = "deconv_native",
    .op = SB_OP_DECONV,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .supports = supports,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
};
