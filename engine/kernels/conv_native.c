/*
 * Convolutions of the native engine as products of blocked pixels with packed panels. A 1x1
 * convolution of stride 1 reads its input in place; any other first copies the pixels under its
 * window, tap by tap, into a worker's buffer that stays in cache, with zeros for the padding. A job
 * is a range of pixels of one image, and on small maps a part of the output channels. Siblings that
 * run together are one convolution with the output channels of all.
 */
#include "engine/kernels/jobs.h"
#include "engine/kernels/native.h"
#include "engine/kernels/window.h"

#include <string.h>

#define INPUT_FLOATS ((size_t)64 * 1024) /* of a job's pixels: 256 KiB of a 1 MiB L2 */
#define MAX_TILES    ((size_t)16)        /* pixels of a job, in tiles */
#define MIN_JOBS     ((size_t)8)

static bool is_pointwise(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    return w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 &&
           w->pad_top == 0 && w->pad_left == 0 && w->pad_bottom == 0 && w->pad_right == 0;
}

static size_t taps_of(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    return (size_t)w->kernel_h * (size_t)w->kernel_w;
}

/* Blocks along the sum. */
static size_t inner_blocks(const struct sb_kernel_call *call)
{
    return taps_of(call) * sb_blocks(call->in[0].c);
}

static size_t packed_bytes(const struct sb_kernel_call *call)
{
    return sb_panels_floats(call->out.c, inner_blocks(call) * SB_BLOCK) * sizeof(float);
}

static void pack(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                 void *packed)
{
    sb_pack_panels(packed, call->simd, kernel, scale, call->out.c, call->in[0].c,
                   (int64_t)taps_of(call));
}

struct cut {
    size_t pixels; /* of an image per job */
    size_t pixel_jobs;
    size_t panels; /* per job */
    size_t panel_jobs;
};

static struct cut cut_jobs(const struct sb_kernel_call *call)
{
    const size_t rows = (size_t)call->simd->tile_rows;
    const size_t all = sb_pixels(call->out), panels = sb_chain_panels(call);
    size_t tiles = INPUT_FLOATS / (inner_blocks(call) * SB_BLOCK * rows);
    tiles = tiles < 1 ? 1 : tiles > MAX_TILES ? MAX_TILES : tiles;
    struct cut cut;
    cut.pixels = sb_even_piece(all, tiles * rows);
    cut.pixel_jobs = sb_pieces(all, cut.pixels);
    const size_t wanted = sb_pieces(MIN_JOBS, cut.pixel_jobs * (size_t)call->out.n);
    cut.panels = sb_even_piece(panels, sb_pieces(panels, wanted));
    cut.panel_jobs = sb_pieces(panels, cut.panels);
    return cut;
}

static size_t worker_bytes(const struct sb_kernel_call *call)
{
    return cut_jobs(call).pixels * inner_blocks(call) * SB_BLOCK * sizeof(float);
}

static size_t workspace_bytes(const struct sb_kernel_call *call)
{
    return (size_t)call->threads * worker_bytes(call);
}

/* Copies `count` input pixels, `step` apart. */
static void copy_pixels(float *out, const float *in, size_t count, size_t step)
{
    if (step == 1) {
        memcpy(out, in, count * SB_BLOCK * sizeof(*out));
        return;
    }
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * SB_BLOCK, in + i * step * SB_BLOCK, SB_BLOCK * sizeof(*out));
}

/* The pixels under one tap for outputs x0 .. x1 - 1 of row y, of one block of channels. */
static void copy_row(const struct sb_kernel_call *call, float *out, const float *plane, int64_t y,
                     int64_t x0, int64_t x1, int ky, int kx)
{
    const struct sb_window *w = &call->step->node->u.window;
    const struct sb_shape in = call->in[0];
    const int64_t iy = y * w->stride_h + ky - w->pad_top;
    const struct sb_span span = sb_tap_span(call->out.w, in.w, w->stride_w, w->pad_left, kx);
    const bool inside = iy >= 0 && iy < in.h;
    const int64_t end = span.end > x1 ? x1 : span.end;
    const int64_t b = inside && end > x0 ? end : x0;
    const int64_t a = span.first < x0 ? x0 : span.first > b ? b : span.first;
    memset(out, 0, (size_t)(a - x0) * SB_BLOCK * sizeof(*out));
    if (b > a)
        copy_pixels(out + (a - x0) * SB_BLOCK,
                    plane + (iy * in.w + a * w->stride_w + kx - w->pad_left) * SB_BLOCK,
                    (size_t)(b - a), (size_t)w->stride_w);
    memset(out + (b - x0) * SB_BLOCK, 0, (size_t)(x1 - b) * SB_BLOCK * sizeof(*out));
}

/* Fills the buffer: per tap and block of channels, `count` pixels. */
static void copy_windows(const struct sb_kernel_call *call, float *out, const float *image,
                         size_t first, size_t count)
{
    const struct sb_window *w = &call->step->node->u.window;
    const size_t plane = sb_pixels(call->in[0]) * SB_BLOCK, blocks = sb_blocks(call->in[0].c);
    const int64_t width = call->out.w;
    for (int ky = 0; ky < w->kernel_h; ky++) {
        for (int kx = 0; kx < w->kernel_w; kx++) {
            for (size_t block = 0; block < blocks; block++) {
                int64_t y = (int64_t)first / width, x = (int64_t)first % width;
                for (int64_t left = (int64_t)count; left > 0; y++, x = 0) {
                    const int64_t end = x + left < width ? x + left : width;
                    copy_row(call, out, image + block * plane, y, x, end, ky, kx);
                    out += (end - x) * SB_BLOCK;
                    left -= end - x;
                }
            }
        }
    }
}

struct context {
    const struct sb_kernel_call *call;
    struct cut cut;
    bool pointwise;
};

static void conv_job(void *ctx, size_t job, int worker)
{
    const struct context *c = ctx;
    const struct sb_kernel_call *call = c->call;
    const struct cut *cut = &c->cut;
    const size_t panel_job = job % cut->panel_jobs;
    const size_t pixel_job = job / cut->panel_jobs % cut->pixel_jobs;
    const size_t all = sb_pixels(call->out);
    const size_t panels = sb_piece_length(sb_chain_panels(call), cut->panels, panel_job);
    struct sb_product product = {
        .blocks = inner_blocks(call),
        .image = job / cut->panel_jobs / cut->pixel_jobs,
        .first = pixel_job * cut->pixels,
        .pixels = sb_piece_length(all, cut->pixels, pixel_job),
    };
    const float *image = call->inputs[0] + product.image * sb_image_floats(call->in[0]);
    if (c->pointwise) {
        product.a = image + product.first * SB_BLOCK;
        product.a_step = all * SB_BLOCK;
    } else {
        float *buffer = (float *)((char *)call->workspace + (size_t)worker * worker_bytes(call));
        copy_windows(call, buffer, image, product.first, product.pixels);
        product.a = buffer;
        product.a_step = product.pixels * SB_BLOCK;
    }
    struct sb_chain_walk walk = sb_chain_walk(call, panel_job * cut->panels, panels);
    while (sb_chain_next(&walk)) {
        product.call = walk.call;
        product.panel = walk.panel;
        product.panels = walk.panels;
        sb_run_product(&product);
    }
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    struct context c = {call, cut_jobs(call), is_pointwise(call)};
    const size_t jobs = (size_t)call->out.n * c.cut.pixel_jobs * c.cut.panel_jobs;
    sb_pool_run(call->pool, jobs, conv_job, &c);
    return 0;
}

const struct sb_kernel sb_kernel_conv_1x1_native = {
    .name = "conv_1x1_native",
    .op = SB_OP_CONV,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .inplace = SB_INPLACE_RESIDUAL,
    .joins = true,
    .supports = is_pointwise,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
};
const struct sb_kernel sb_kernel_conv_native = {
    .name = "conv_native",
    .op = SB_OP_CONV,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .inplace = SB_INPLACE_RESIDUAL,
    .joins = true,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
