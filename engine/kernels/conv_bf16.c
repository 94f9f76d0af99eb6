/*
 * 1x1 convolutions in bfloat16 with sums in float32: inputs stay float32 in memory; a job rounds
 * its pixels into a worker's buffer, which all panels read. Results are float32. Winograd stays in
 * float32: its transforms would magnify the rounding of bfloat16 several times.
 */
#include "engine/kernels/jobs.h"
#include "engine/kernels/native.h"
#include "engine/kernels/simd_bf16.h"

#include <string.h>

#if defined(__x86_64__)

#define INPUT_VALUES ((size_t)128 * 1024) /* of a job's pixels: 256 KiB of a 1 MiB L2 */
#define MAX_TILES    ((size_t)16)
#define MIN_JOBS     ((size_t)8)

static bool supports(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    return sb_cpu_has_bf16() && call->simd->cpu == SB_CPU_AVX512 && w->kernel_h == 1 &&
           w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 && w->pad_top == 0 &&
           w->pad_left == 0 && w->pad_bottom == 0 && w->pad_right == 0;
}

static size_t packed_bytes(const struct sb_kernel_call *call)
{
    return sb_panels_floats(call->out.c, sb_blocks(call->in[0].c) * SB_BLOCK) * sizeof(uint16_t);
}

/* Round to nearest, ties to even; weights are finite. */
static uint16_t to_bf16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* Panel after panel, pair of input channels after pair, its channels with both values. */
static void pack(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                 void *packed)
{
    const size_t cin = (size_t)call->in[0].c, cout = (size_t)call->out.c;
    uint16_t *out = packed;
    for (size_t p = 0; p < sb_panels(call->simd, call->out.c); p++) {
        const size_t first = p * (size_t)call->simd->panel_blocks * SB_BLOCK;
        const size_t width = sb_panel_blocks(call->simd, call->out.c, p) * SB_BLOCK;
        for (size_t k = 0; k < sb_blocks(call->in[0].c) * SB_BLOCK; k += 2) {
            for (size_t i = 0; i < 2 * width; i++) {
                const size_t c = first + i / 2, channel = k + i % 2;
                const bool exists = c < cout && channel < cin;
                const double s = exists && scale ? scale[c] : 1;
                *out++ = exists ? to_bf16((float)((double)kernel[c * cin + channel] * s)) : 0;
            }
        }
    }
}

struct cut {
    size_t pixels; /* of an image per job */
    size_t pixel_jobs;
    size_t panels; /* per job */
    size_t panel_jobs;
};

static struct cut cut_jobs(const struct sb_kernel_call *call)
{
    const size_t rows = (size_t)call->simd->tile_rows, panels = sb_chain_panels(call);
    const size_t all = sb_pixels(call->out);
    size_t tiles = INPUT_VALUES / (sb_blocks(call->in[0].c) * SB_BLOCK * rows);
    tiles = tiles < 1 ? 1 : tiles > MAX_TILES ? MAX_TILES : tiles;
    struct cut cut;
    cut.pixels = sb_even_piece(all, tiles * rows);
    cut.pixel_jobs = sb_pieces(all, cut.pixels);
    const size_t wanted = sb_pieces(MIN_JOBS, cut.pixel_jobs * (size_t)call->out.n);
    cut.panels = sb_even_piece(panels, sb_pieces(panels, wanted));
    cut.panel_jobs = sb_pieces(panels, cut.panels);
    return cut;
}

/* Values of a worker's buffer, in whole cache lines. */
static size_t worker_values(const struct sb_kernel_call *call, const struct cut *cut)
{
    return (sb_blocks(call->in[0].c) * cut->pixels + 1) / 2 * 2 * SB_BLOCK;
}

static size_t workspace_bytes(const struct sb_kernel_call *call)
{
    const struct cut cut = cut_jobs(call);
    return (size_t)call->threads * worker_values(call, &cut) * sizeof(uint16_t);
}

/* The tiles of one panel of one call of the chain. */
static void run_panel(const struct sb_kernel_call *call, size_t panel, const uint16_t *in,
                      size_t a_step, size_t pixels, float *image)
{
    const struct sb_simd *simd = call->simd;
    const size_t plane = sb_pixels(call->out) * SB_BLOCK, inner = sb_blocks(call->in[0].c);
    const size_t block = panel * (size_t)simd->panel_blocks;
    const size_t blocks = sb_panel_blocks(simd, call->out.c, panel);
    const uint16_t *b = (const uint16_t *)call->packed + block * SB_BLOCK * inner * SB_BLOCK;
    struct sb_gemm_tile tile = {
        .a_step = a_step, .blocks = inner, .b = (const void *)b, .c_step = plane};
    const size_t tiles = sb_pieces(pixels, (size_t)simd->tile_rows);
    size_t done = 0;
    for (size_t t = 0; t < tiles; t++) {
        const size_t rows = (pixels - done) / (tiles - t);
        tile.a = (const void *)(in + done * SB_BLOCK);
        tile.c = image + block * plane + done * SB_BLOCK;
        sb_tile_epilogue(call, block, &tile);
        sb_simd_bf16_avx512.gemm[blocks - 1][rows](&tile);
        sb_finish_tile(call, &tile, rows, blocks);
        done += rows;
    }
}

struct context {
    const struct sb_kernel_call *call;
    struct cut cut;
};

static void conv_job(void *ctx, size_t job, int worker)
{
    const struct context *c = ctx;
    const struct sb_kernel_call *call = c->call;
    const struct cut *cut = &c->cut;
    const size_t panel_job = job % cut->panel_jobs;
    const size_t pixel_job = job / cut->panel_jobs % cut->pixel_jobs;
    const size_t image = job / cut->panel_jobs / cut->pixel_jobs;
    const size_t first = pixel_job * cut->pixels, all = sb_pixels(call->out);
    const size_t pixels = sb_piece_length(all, cut->pixels, pixel_job);
    const size_t step = pixels * SB_BLOCK;
    uint16_t *buffer = (uint16_t *)call->workspace + (size_t)worker * worker_values(call, cut);
    const float *in = call->inputs[0] + image * sb_image_floats(call->in[0]) + first * SB_BLOCK;
    for (size_t b = 0; b < sb_blocks(call->in[0].c); b++)
        sb_simd_bf16_avx512.convert(buffer + b * step, in + b * all * SB_BLOCK, pixels * SB_BLOCK);
    const size_t panels = sb_piece_length(sb_chain_panels(call), cut->panels, panel_job);
    struct sb_chain_walk walk = sb_chain_walk(call, panel_job * cut->panels, panels);
    while (sb_chain_next(&walk)) {
        float *out = walk.call->output + image * sb_image_floats(walk.call->out) + first * SB_BLOCK;
        for (size_t p = 0; p < walk.panels; p++)
            run_panel(walk.call, walk.panel + p, buffer, step, pixels, out);
    }
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    struct context c = {call, cut_jobs(call)};
    const size_t jobs = (size_t)call->out.n * c.cut.pixel_jobs * c.cut.panel_jobs;
    sb_pool_run_near(call->pool, jobs, conv_job, &c);
    return 0;
}

const struct sb_kernel sb_kernel_conv_1x1_bf16 = {
    .name = "conv_1x1_bf16",
    .op = SB_OP_CONV,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .inplace = SB_INPLACE_RESIDUAL,
    .joins = true,
    .supports = supports,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
#endif
