/*
 * Convolutions of the native engine as products of blocked pixels with packed panels. A 1x1
 * convolution of stride 1 reads its input in place; any other first copies the pixels under its
 * window, tap by tap, into a worker's buffer that stays in cache, with zeros for the padding. A job
 * is a range of pixels of one image, and on small maps a part of the output channels. Long sums are
 * made stretch by stretch: the part of a panel that a stretch needs stays in cache for all pixels
 * of the job, and the buffer holds no more. Siblings that run together are one convolution with the
 * output channels of all.
 */
#include "engine/kernels/jobs.h"
#include "engine/kernels/native.h"
#include "engine/kernels/window.h"

#include <string.h>

#define INPUT_FLOATS ((size_t)64 * 1024) /* of a job's pixels: 256 KiB of a 1 MiB L2 */
#define MAX_TILES    ((size_t)16)        /* pixels of a job, in tiles */
#define MIN_JOBS     ((size_t)8)
#define COPYING_JOBS ((size_t)4)         /* instead, where every job copies pixels */
#define SUMS_FLOATS  ((size_t)64 * 1024) /* of a job's sums between stretches */

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

size_t sb_conv_packed_bytes(const struct sb_kernel_call *call)
{
    return sb_panels_floats(call->out.c, inner_blocks(call) * SB_BLOCK) * sizeof(float);
}

void sb_conv_pack(const struct sb_kernel_call *call, const float *kernel, const double *scale,
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
    size_t stretch; /* blocks along the sum */
    size_t sums;    /* floats of a worker's buffer: sums, */
    size_t input;   /* then pixels */
};

/* Parts to cut `panels` into, `least` at least, each of which is run `times` times: more of them
 * where the busiest thread then has a twentieth less to do. Nine equal jobs take two threads as
 * long as ten. */
static size_t even_parts(size_t panels, size_t least, size_t times, size_t threads)
{
    size_t parts = least, most = 0;
    for (size_t i = least; threads > 1 && i <= panels && i < least + threads; i++) {
        const size_t piece = sb_pieces(panels, i);
        const size_t own = sb_pieces(times * sb_pieces(panels, piece), threads) * piece;
        if (i == least || own + most / 20 < most) {
            parts = i;
            most = own;
        }
    }
    return parts;
}

static struct cut cut_jobs(const struct sb_kernel_call *call)
{
    const size_t rows = (size_t)call->simd->tile_rows, longest = (size_t)call->simd->stretch;
    const size_t all = sb_pixels(call->out), panels = sb_chain_panels(call);
    const size_t inner = inner_blocks(call), threads = (size_t)call->threads;
    struct cut cut = {.stretch = sb_even_piece(inner, longest)};
    size_t tiles = INPUT_FLOATS / (cut.stretch * SB_BLOCK * rows);
    tiles = tiles < 1 ? 1 : tiles > MAX_TILES ? MAX_TILES : tiles;
    cut.pixels = sb_even_piece(all, tiles * rows);
    cut.pixel_jobs = sb_pieces(all, cut.pixels);
    const size_t even = sb_pieces(cut.pixel_jobs, threads) * threads;
    if (!is_pointwise(call) && cut.pixel_jobs > 1 && all >= even * 2 * rows) { /* as many for all */
        cut.pixels = sb_pieces(all, even);
        cut.pixel_jobs = sb_pieces(all, cut.pixels);
    }
    const size_t least = is_pointwise(call) ? MIN_JOBS : COPYING_JOBS;
    const size_t times = cut.pixel_jobs * (size_t)call->out.n; /* that a panel is run */
    size_t jobs = sb_pieces(least, times);
    if (cut.stretch < inner) {
        const size_t sums = sb_sums_floats(call->simd, cut.pixels, panels);
        jobs = jobs > sb_pieces(sums, SUMS_FLOATS) ? jobs : sb_pieces(sums, SUMS_FLOATS);
    }
    size_t parts = sb_pieces(panels, sb_pieces(panels, jobs));
    if (is_pointwise(call))
        parts = even_parts(panels, parts, times, threads);
    cut.panels = sb_pieces(panels, parts);
    cut.panel_jobs = sb_pieces(panels, cut.panels);
    if (cut.stretch < inner)
        cut.sums = sb_sums_floats(call->simd, cut.pixels, cut.panels);
    if (!is_pointwise(call))
        cut.input = cut.pixels * cut.stretch * SB_BLOCK;
    return cut;
}

static size_t worker_floats(const struct cut *cut)
{
    return cut->sums + cut->input;
}

/* A copy of the panels for the input's gate. */
static size_t gated_bytes(const struct sb_kernel_call *call)
{
    return call->num_inputs > 1 ? sb_conv_packed_bytes(call) : 0;
}

static size_t workspace_bytes(const struct sb_kernel_call *call)
{
    const struct cut cut = cut_jobs(call);
    return gated_bytes(call) + (size_t)call->threads * worker_floats(&cut) * sizeof(float);
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

/* One block along the sum: `count` pixels from output pixel `first` on, of one tap. */
static float *copy_block(const struct sb_kernel_call *call, float *out, const float *plane,
                         size_t tap, size_t first, size_t count)
{
    const int kernel_w = call->step->node->u.window.kernel_w;
    const int ky = (int)tap / kernel_w, kx = (int)tap % kernel_w;
    const int64_t width = call->out.w;
    int64_t y = (int64_t)first / width, x = (int64_t)first % width;
    for (int64_t left = (int64_t)count; left > 0; y++, x = 0) {
        const int64_t end = x + left < width ? x + left : width;
        copy_row(call, out, plane, y, x, end, ky, kx);
        out += (end - x) * SB_BLOCK;
        left -= end - x;
    }
    return out;
}

/* Fills the buffer with the product's stretch: tap by tap, its blocks of channels. */
static void copy_windows(const struct sb_product *p, float *out, const float *image, size_t first)
{
    const struct sb_kernel_call *call = p->call;
    const size_t plane = sb_pixels(call->in[0]) * SB_BLOCK, blocks = sb_blocks(call->in[0].c);
    for (size_t i = p->from; i < p->from + p->count; i++)
        out = copy_block(call, out, image + i % blocks * plane, i / blocks, first, p->pixels);
}

struct context {
    const struct sb_kernel_call *call;
    struct cut cut;
    bool pointwise;
    size_t image;        /* where its jobs run alone: the gate of every image makes other panels */
    const float *panels; /* without the gate */
    float *workers;      /* buffers */
};

/* All panels of a job for one stretch. */
static void run_stretch(const struct context *c, struct sb_product product, size_t image,
                        size_t first, size_t panel, size_t panels)
{
    const struct sb_simd *simd = c->call->simd;
    struct sb_chain_walk walk = sb_chain_walk(c->call, panel, panels);
    while (sb_chain_next(&walk)) {
        product.call = walk.call;
        product.panel = walk.panel;
        product.panels = walk.panels;
        product.out = walk.call->output + image * sb_image_floats(walk.call->out) +
                      walk.panel * (size_t)simd->panel_blocks * product.plane + first * SB_BLOCK;
        sb_run_product(&product);
        product.sums += sb_sums_floats(simd, product.pixels, walk.panels);
    }
}

static void conv_job(void *ctx, size_t job, int worker)
{
    const struct context *c = ctx;
    const struct sb_kernel_call *call = c->call;
    const struct cut *cut = &c->cut;
    const size_t panel_job = job % cut->panel_jobs;
    const size_t pixel_job = job / cut->panel_jobs % cut->pixel_jobs;
    const size_t image = c->image + job / cut->panel_jobs / cut->pixel_jobs;
    const size_t plane = sb_pixels(call->in[0]) * SB_BLOCK, first = pixel_job * cut->pixels;
    const size_t panels = sb_piece_length(sb_chain_panels(call), cut->panels, panel_job);
    float *sums = c->workers + (size_t)worker * worker_floats(cut);
    float *input = sums + cut->sums;
    struct sb_product product = {
        .call = call,
        .blocks = inner_blocks(call),
        .plane = sb_pixels(call->out) * SB_BLOCK,
        .pixels = sb_piece_length(sb_pixels(call->out), cut->pixels, pixel_job),
        .sums = sums,
        .half = taps_of(call) == 1 && sb_last_block_is_half(call->in[0].c),
    };
    const float *in = call->inputs[0] + image * sb_image_floats(call->in[0]);
    product.a_step = c->pointwise ? plane : product.pixels * SB_BLOCK;
    for (; product.from < product.blocks; product.from += product.count) {
        const size_t left = product.blocks - product.from;
        product.count = left < cut->stretch ? left : cut->stretch;
        product.a = c->pointwise ? in + product.from * plane + first * SB_BLOCK : input;
        if (!c->pointwise)
            copy_windows(&product, input, in, first);
        run_stretch(c, product, image, first, panel_job * cut->panels, panels);
    }
}

/* Multiplies the steps of one panel by their channels' factors. */
static void gate_panel(void *ctx, size_t panel, int worker)
{
    (void)worker;
    const struct context *c = ctx;
    const struct sb_kernel_call *call = c->call; /* its panels are the copy */
    const size_t steps = sb_blocks(call->in[0].c) * SB_BLOCK;
    const size_t width = sb_panel_blocks(call->simd, call->out.c, panel) * SB_BLOCK;
    const size_t start = panel * (size_t)call->simd->panel_blocks * SB_BLOCK * steps;
    const float *gate = call->inputs[1] + c->image * steps;
    const float *in = c->panels + start;
    float *out = (float *)call->workspace + start;
    for (size_t step = 0; step < steps; step++, in += width, out += width) {
        for (size_t i = 0; i < width; i++)
            out[i] = in[i] * gate[step];
    }
}

/* Images one after the other, with panels of their own. */
static void run_gated(const struct context *c)
{
    struct sb_kernel_call call = *c->call;
    call.packed = call.workspace;
    struct context own = *c;
    own.call = &call;
    own.panels = c->call->packed;
    for (; own.image < (size_t)call.out.n; own.image++) {
        sb_pool_run_near(call.pool, sb_panels(call.simd, call.out.c), gate_panel, &own);
        sb_pool_run_near(call.pool, own.cut.pixel_jobs * own.cut.panel_jobs, conv_job, &own);
    }
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    struct context c = {.call = call,
                        .cut = cut_jobs(call),
                        .pointwise = is_pointwise(call),
                        .workers = (float *)((char *)call->workspace + gated_bytes(call))};
    if (call->num_inputs > 1)
        run_gated(&c);
    else
        sb_pool_run_near(call->pool, (size_t)call->out.n * c.cut.pixel_jobs * c.cut.panel_jobs,
                         conv_job, &c);
    return 0;
}

const struct sb_kernel sb_kernel_conv_1x1_native = {
    .name = "conv_1x1_native",
    .op = SB_OP_CONV,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .inplace = SB_INPLACE_RESIDUAL,
    .joins = true,
    .streams = &sb_kernel_conv_1x1_dwconv_native,
    .enlarges = true,
    .gates = true,
    .supports = is_pointwise,
    .packed_bytes = sb_conv_packed_bytes,
    .pack = sb_conv_pack,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
const struct sb_kernel sb_kernel_conv_native = {
    .name = "conv_native",
    .op = SB_OP_CONV,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .inplace = SB_INPLACE_RESIDUAL,
    .joins = true,
    .packed_bytes = sb_conv_packed_bytes,
    .pack = sb_conv_pack,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
