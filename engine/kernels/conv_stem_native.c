/*
 * The first convolution of a network, whose plain input has few channels: 16 of them would waste
 * most of a block. A job copies the input rows of some output rows into a worker's buffer, padded
 * and with the columns of equal phase (x modulo stride) side by side, so that neighbouring output
 * pixels read neighbouring values under every tap.
 */
#include "engine/kernels/jobs.h"
#include "engine/kernels/native.h"
#include "engine/kernels/window.h"

#include <string.h>

#define MAX_CHANNELS 4
#define MAX_STEPS    512 /* channels * window, for the table on the stack */
#define ROWS_PER_JOB ((size_t)8)

static size_t steps_of(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    return (size_t)call->in[0].c * (size_t)w->kernel_h * (size_t)w->kernel_w;
}

/* The buffer of one worker: (channels, rows, phases, columns of a phase). */
struct buffer {
    size_t rows;   /* input rows of a job */
    size_t pitch;  /* floats of a phase of a row */
    size_t floats; /* in all */
};

static struct buffer buffer_of(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    struct buffer b;
    b.rows = (ROWS_PER_JOB - 1) * (size_t)w->stride_h + (size_t)w->kernel_h;
    b.pitch = (size_t)call->out.w + (size_t)(w->kernel_w - 1) / (size_t)w->stride_w;
    b.pitch = (b.pitch + SB_BLOCK - 1) / SB_BLOCK * SB_BLOCK;
    b.floats = (size_t)call->in[0].c * b.rows * (size_t)w->stride_w * b.pitch;
    return b;
}

static bool supports(const struct sb_kernel_call *call)
{
    return call->in_layouts[0] == SB_LAYOUT_PLAIN && call->in[0].c <= MAX_CHANNELS &&
           steps_of(call) <= MAX_STEPS && buffer_of(call).floats <= INT32_MAX;
}

static size_t packed_bytes(const struct sb_kernel_call *call)
{
    return sb_panels_floats(call->out.c, steps_of(call)) * sizeof(float);
}

/* Steps in the order of the kernel: channel, window row, window column. */
static void pack(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                 void *packed)
{
    const size_t steps = steps_of(call), cout = (size_t)call->out.c;
    float *out = packed;
    for (size_t p = 0; p < sb_panels(call->simd, call->out.c); p++) {
        const size_t first = p * (size_t)call->simd->panel_blocks * SB_BLOCK;
        const size_t width = sb_panel_blocks(call->simd, call->out.c, p) * SB_BLOCK;
        for (size_t s = 0; s < steps; s++) {
            for (size_t c = first; c < first + width; c++) {
                const double by = scale && c < cout ? scale[c] : 1;
                *out++ = c < cout ? (float)((double)kernel[c * steps + s] * by) : 0;
            }
        }
    }
}

static size_t workspace_bytes(const struct sb_kernel_call *call)
{
    return (size_t)call->threads * buffer_of(call).floats * sizeof(float);
}

/* Every stride-th value; a constant stride makes vectors of it. */
static void copy_strided(float *out, const float *in, size_t count, size_t stride)
{
    for (size_t i = 0; stride == 2 && i < count; i++)
        out[i] = in[2 * i];
    for (size_t i = 0; stride != 2 && i < count; i++)
        out[i] = in[stride * i];
}

/* One input row with its padding, phase by phase; row NULL is a row of padding. */
static void copy_row(const struct sb_kernel_call *call, const struct buffer *b, float *out,
                     const float *row)
{
    const struct sb_window *w = &call->step->node->u.window;
    for (int phase = 0; phase < w->stride_w; phase++, out += b->pitch) {
        /* where the phase's columns are inside the input */
        const struct sb_span in =
            row ? sb_tap_span((int64_t)b->pitch, call->in[0].w, w->stride_w, w->pad_left, phase)
                : (struct sb_span){0, 0};
        memset(out, 0, (size_t)in.first * sizeof(*out));
        if (in.first < in.end)
            copy_strided(out + in.first, row + in.first * w->stride_w + phase - w->pad_left,
                         (size_t)(in.end - in.first), (size_t)w->stride_w);
        memset(out + in.end, 0, (b->pitch - (size_t)in.end) * sizeof(*out));
    }
}

static void copy_rows(const struct sb_kernel_call *call, const struct buffer *b, float *out,
                      const float *image, int64_t first)
{
    const struct sb_shape in = call->in[0];
    const struct sb_window *w = &call->step->node->u.window;
    for (int64_t c = 0; c < in.c; c++) {
        for (int64_t r = 0; r < (int64_t)b->rows; r++) {
            const int64_t y = first * w->stride_h - w->pad_top + r;
            copy_row(call, b, out, y >= 0 && y < in.h ? image + (c * in.h + y) * in.w : NULL);
            out += (size_t)w->stride_w * b->pitch;
        }
    }
}

/* Where every step finds its value, from the buffer's first row of an output row. */
static void find_offsets(const struct sb_kernel_call *call, const struct buffer *b,
                         int32_t offsets[MAX_STEPS])
{
    const struct sb_window *w = &call->step->node->u.window;
    const size_t row = (size_t)w->stride_w * b->pitch;
    for (size_t c = 0; c < (size_t)call->in[0].c; c++) {
        for (size_t ky = 0; ky < (size_t)w->kernel_h; ky++) {
            for (size_t kx = 0; kx < (size_t)w->kernel_w; kx++) {
                const size_t phase = kx % (size_t)w->stride_w, x = kx / (size_t)w->stride_w;
                *offsets++ = (int32_t)((c * b->rows + ky) * row + phase * b->pitch + x);
            }
        }
    }
}

/* One output row: tiles, and all panels for each. */
static void run_row(const struct sb_kernel_call *call, const struct sb_gather_tile *start,
                    float *out)
{
    const struct sb_simd *simd = call->simd;
    const size_t width = (size_t)call->out.w, plane = sb_pixels(call->out) * SB_BLOCK;
    const size_t tiles = sb_pieces(width, (size_t)simd->tile_rows);
    struct sb_gather_tile tile = *start;
    tile.gemm.c_step = plane;
    size_t x = 0;
    for (size_t t = 0; t < tiles; t++) {
        const size_t pixels = (width - x) / (tiles - t);
        tile.a = start->a + x;
        for (size_t p = 0; p < sb_panels(simd, call->out.c); p++) {
            const size_t block = p * (size_t)simd->panel_blocks;
            const size_t blocks = sb_panel_blocks(simd, call->out.c, p);
            tile.gemm.b = (const float *)call->packed + block * SB_BLOCK * tile.k;
            tile.gemm.c = out + block * plane + x * SB_BLOCK;
            sb_tile_epilogue(call, block, &tile.gemm);
            simd->gather[blocks - 1][pixels](&tile);
            sb_finish_tile(call, &tile.gemm, pixels, blocks);
        }
        x += pixels;
    }
}

static void stem_job(void *ctx, size_t job, int worker)
{
    const struct sb_kernel_call *call = ctx;
    const struct sb_window *w = &call->step->node->u.window;
    const struct buffer b = buffer_of(call);
    const size_t height = (size_t)call->out.h, jobs = sb_pieces(height, ROWS_PER_JOB);
    const size_t image = job / jobs, first = job % jobs * ROWS_PER_JOB;
    const size_t rows = sb_piece_length(height, ROWS_PER_JOB, job % jobs);
    float *buffer = (float *)call->workspace + (size_t)worker * b.floats;
    int32_t offsets[MAX_STEPS];
    find_offsets(call, &b, offsets);
    copy_rows(call, &b, buffer,
              call->inputs[0] + image * sb_shape_count(call->in[0]) / (size_t)call->in[0].n,
              (int64_t)first);
    float *out = call->output + image * sb_image_floats(call->out);
    for (size_t r = 0; r < rows; r++) {
        const struct sb_gather_tile tile = {
            .a = buffer + r * (size_t)w->stride_h * (size_t)w->stride_w * b.pitch,
            .offsets = offsets,
            .k = steps_of(call),
        };
        run_row(call, &tile, out + (first + r) * (size_t)call->out.w * SB_BLOCK);
    }
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    const size_t jobs = (size_t)call->out.n * sb_pieces((size_t)call->out.h, ROWS_PER_JOB);
    sb_pool_run_near(call->pool, jobs, stem_job, (void *)call);
    return 0;
}

const struct sb_kernel sb_kernel_conv_stem_native = {
    .name = "conv_stem_native",
    .op = SB_OP_CONV,
    .in_layout = SB_LAYOUT_PLAIN,
    .out_layout = SB_LAYOUT_BLOCKED,
    .inplace = SB_INPLACE_RESIDUAL,
    .supports = supports,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
