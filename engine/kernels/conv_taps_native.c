/*
 * Convolutions of stride 1 on small maps, tap by tap: under one tap of the window, the pixels whose
 * input exists form a rectangle, and only these are multiplied, where they lie. On a map of 7x7 a
 * fifth of a 3x3 convolution is padding. A job is one panel of output channels of one image, whose
 * sums stay in the first level of cache; a stretch of the panel, at most one tap, serves all pixels
 * before the next one.
 */
#include "engine/kernels/jobs.h"
#include "engine/kernels/native.h"
#include "engine/kernels/window.h"

#include <string.h>

#define MAX_PIXELS   144 /* of a map: sums of 9 KiB */
#define MIN_CHANNELS 64  /* shorter sums cost more to put aside than the padding */
#define FULL_ROWS    4   /* tiles of fewer pixels take as long: too few sums at a time */
#define COPY_COST    1.1 /* of conv_native, which copies the pixels under the window first */

/* The rectangle of output pixels under a tap. */
struct rectangle {
    struct sb_span rows, columns;
};

static struct rectangle tap_rectangle(const struct sb_kernel_call *call, int ky, int kx)
{
    const struct sb_window *w = &call->step->node->u.window;
    const struct sb_shape in = call->in[0], out = call->out;
    return (struct rectangle){
        .rows = sb_tap_span(out.h, in.h, 1, w->pad_top, ky),
        .columns = sb_tap_span(out.w, in.w, 1, w->pad_left, kx),
    };
}

/* Pixels of a rectangle that follow each other in the output and in the input. */
struct run {
    int64_t y, x;
    size_t pixels;
};

/* Runs of a rectangle, and the i-th of them: whole rows where all pixels follow each other. */
static int64_t runs_of(const struct sb_kernel_call *call, const struct rectangle *r)
{
    const bool whole =
        call->in[0].w == call->out.w && r->columns.first == 0 && r->columns.end == call->out.w;
    const int64_t rows = r->rows.end - r->rows.first, columns = r->columns.end - r->columns.first;
    return columns <= 0 ? 0 : whole && rows > 1 ? 1 : rows;
}

static struct run run_of(const struct rectangle *r, int64_t runs, int64_t i)
{
    const int64_t rows = r->rows.end - r->rows.first, columns = r->columns.end - r->columns.first;
    return (struct run){.y = r->rows.first + i,
                        .x = r->columns.first,
                        .pixels = (size_t)(runs == rows ? columns : rows * columns)};
}

/* What a run costs, in pixels of full tiles. */
static size_t run_cost(size_t pixels, size_t tile_rows)
{
    const size_t least = sb_pieces(pixels, tile_rows) * FULL_ROWS;
    return pixels > least ? pixels : least;
}

static bool supports(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    return w->stride_h == 1 && w->stride_w == 1;
}

static bool pays(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    const size_t pixels = sb_pixels(call->out), tile_rows = (size_t)call->simd->tile_rows;
    if (pixels > MAX_PIXELS || call->in[0].c < MIN_CHANNELS)
        return false;
    size_t cost = 0;
    for (int ky = 0; ky < w->kernel_h; ky++) {
        for (int kx = 0; kx < w->kernel_w; kx++) {
            const struct rectangle r = tap_rectangle(call, ky, kx);
            const int64_t runs = runs_of(call, &r);
            for (int64_t i = 0; i < runs; i++)
                cost += run_cost(run_of(&r, runs, i).pixels, tile_rows);
        }
    }
    const size_t taps = (size_t)w->kernel_h * (size_t)w->kernel_w;
    return (double)cost < COPY_COST * (double)(taps * run_cost(pixels, tile_rows));
}

/* Of one worker: the sums of a panel. */
static size_t worker_floats(const struct sb_kernel_call *call)
{
    return (size_t)call->simd->panel_blocks * sb_pixels(call->out) * SB_BLOCK;
}

static size_t workspace_bytes(const struct sb_kernel_call *call)
{
    return (size_t)call->threads * worker_floats(call) * sizeof(float);
}

/* One job at work. */
struct part {
    const struct sb_kernel_call *call; /* of the chain: whose output is made */
    const float *image;
    size_t panel;
    size_t blocks; /* of the panel */
    float *sums;   /* (blocks, pixels, 16) */
};

/* One run by `tile`, whose sums are added to those of the panel. */
static void multiply_run(const struct part *p, struct sb_gemm_tile *tile, const float *in,
                         size_t place, size_t pixels)
{
    const struct sb_simd *simd = p->call->simd;
    const size_t tiles = sb_pieces(pixels, (size_t)simd->tile_rows);
    size_t done = 0;
    for (size_t t = 0; t < tiles; t++) {
        const size_t rows = (pixels - done) / (tiles - t);
        tile->a = in + done * SB_BLOCK;
        tile->c = p->sums + (place + done) * SB_BLOCK;
        tile->partial = tile->c;
        simd->gemm[p->blocks - 1][rows](tile);
        tile->ahead.at += tile->blocks * tile->ahead.step;
        done += rows;
    }
}

/* All pixels under a tap, stretch after stretch of the panel. */
static void multiply_tap(const struct part *p, int ky, int kx)
{
    const struct sb_kernel_call *call = p->call;
    const struct sb_window *w = &call->step->node->u.window;
    const struct sb_shape in = call->in[0];
    const struct rectangle r = tap_rectangle(call, ky, kx);
    const int64_t runs = runs_of(call, &r);
    const size_t blocks = sb_blocks(in.c), plane = sb_pixels(in) * SB_BLOCK;
    const size_t step = sb_pixels(call->out) * SB_BLOCK, width = p->blocks * SB_BLOCK;
    const size_t tap = (size_t)(ky * w->kernel_w + kx);
    const size_t stretch = sb_even_piece(blocks, (size_t)call->simd->stretch);
    const float *panel = (const float *)call->packed +
                         p->panel * (size_t)call->simd->panel_blocks * SB_BLOCK * SB_BLOCK *
                             blocks * (size_t)w->kernel_h * (size_t)w->kernel_w;
    for (size_t from = 0; runs > 0 && from < blocks; from += stretch) {
        const size_t count = sb_piece_length(blocks, stretch, from / stretch);
        struct sb_gemm_tile tile = {
            .a_step = plane,
            .blocks = count,
            .half = from + count == blocks && sb_last_block_is_half(in.c),
            .b = panel + (tap * blocks + from) * SB_BLOCK * width,
            .c_step = step,
            .partial_step = step,
        };
        /* together the tiles fetch the next stretch */
        const size_t pieces = sb_pieces(run_of(&r, runs, 0).pixels, (size_t)call->simd->tile_rows);
        const size_t lines = sb_pieces(width, (size_t)runs * pieces);
        tile.ahead = (struct sb_ahead){tile.b + count * SB_BLOCK * width, lines * SB_BLOCK, lines};
        for (int64_t i = 0; i < runs; i++) {
            const struct run run = run_of(&r, runs, i);
            const int64_t y = run.y + ky - w->pad_top, x = run.x + kx - w->pad_left;
            multiply_run(p, &tile, p->image + from * plane + (size_t)(y * in.w + x) * SB_BLOCK,
                         (size_t)(run.y * call->out.w + run.x), run.pixels);
        }
    }
}

/* The sums' epilogue, and their way to the output. */
static void finish_panel(const struct part *p, size_t image)
{
    const struct sb_kernel_call *call = p->call;
    const size_t pixels = sb_pixels(call->out);
    for (size_t b = 0; b < p->blocks; b++) {
        const size_t block = p->panel * (size_t)call->simd->panel_blocks + b;
        const size_t start = image * sb_image_floats(call->out) + block * pixels * SB_BLOCK;
        const struct sb_row_epilogue epilogue = sb_row_epilogue(call, block, start);
        float *sums = p->sums + b * pixels * SB_BLOCK;
        call->simd->epilogue(&epilogue, sums, pixels);
        memcpy(call->output + start, sums, pixels * SB_BLOCK * sizeof(*sums));
    }
}

static void panel_job(void *ctx, size_t job, int worker)
{
    const struct sb_kernel_call *first = ctx;
    const size_t panels = sb_chain_panels(first), image = job / panels;
    struct sb_chain_walk walk = sb_chain_walk(first, job % panels, 1);
    sb_chain_next(&walk);
    const struct sb_window *w = &first->step->node->u.window;
    const struct part part = {
        .call = walk.call,
        .image = first->inputs[0] + image * sb_image_floats(first->in[0]),
        .panel = walk.panel,
        .blocks = sb_panel_blocks(first->simd, walk.call->out.c, walk.panel),
        .sums = (float *)first->workspace + (size_t)worker * worker_floats(first),
    };
    memset(part.sums, 0, worker_floats(first) * sizeof(float));
    for (int ky = 0; ky < w->kernel_h; ky++) {
        for (int kx = 0; kx < w->kernel_w; kx++)
            multiply_tap(&part, ky, kx);
    }
    finish_panel(&part, image);
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    sb_pool_run_near(call->pool, (size_t)call->out.n * sb_chain_panels(call), panel_job,
                     (void *)call);
    return 0;
}

const struct sb_kernel sb_kernel_conv_taps_native = {
    .name = "conv_taps_native",
    .op = SB_OP_CONV,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .inplace = SB_INPLACE_RESIDUAL,
    .joins = true,
    .supports = supports,
    .pays = pays,
    .packed_bytes = sb_conv_packed_bytes,
    .pack = sb_conv_pack,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
