/*
 * Kernels of the native engine that work on rows of one block of channels: depthwise convolution,
 * max pool, nearest resize, activation, gate, standing batch normalisation. A job is some rows of
 * the plane of one block.
 */
#include "engine/kernels/jobs.h"
#include "engine/kernels/native.h"

#include <string.h>

#define JOB_FLOATS ((size_t)16384)

/* Rows per job: about JOB_FLOATS of output. */
static size_t rows_per_job(struct sb_shape out)
{
    const size_t rows = JOB_FLOATS / ((size_t)out.w * SB_BLOCK);
    return rows < 1 ? 1 : rows > (size_t)out.h ? (size_t)out.h : rows;
}

/* Where one job works. */
struct strip {
    const struct sb_kernel_call *call;
    size_t block; /* of channels, within an image */
    size_t image;
    size_t first, rows; /* output rows */
    float *out;         /* the first of them */
    struct sb_row_epilogue epilogue;
};

static struct strip find_strip(const struct sb_kernel_call *call, size_t job)
{
    const struct sb_shape out = call->out;
    const size_t per_job = rows_per_job(out), jobs = sb_pieces((size_t)out.h, per_job);
    const size_t plane = job / jobs, blocks = sb_blocks(out.c);
    struct strip s = {.call = call,
                      .block = plane % blocks,
                      .image = plane / blocks,
                      .first = job % jobs * per_job,
                      .rows = sb_piece_length((size_t)out.h, per_job, job % jobs)};
    const size_t start = (plane * (size_t)out.h + s.first) * (size_t)out.w * SB_BLOCK;
    s.out = call->output + start;
    s.epilogue = sb_row_epilogue(call, s.block, start);
    return s;
}

/* The input plane of a strip, for inputs with as many channels as the output. */
static const float *strip_input(const struct strip *s)
{
    const struct sb_shape in = s->call->in[0];
    const size_t plane = s->image * sb_blocks(in.c) + s->block;
    return s->call->inputs[0] + plane * sb_pixels(in) * SB_BLOCK;
}

static void finish_strip(const struct strip *s)
{
    s->call->simd->epilogue(&s->epilogue, s->out, s->rows * (size_t)s->call->out.w);
}

static int run_strips(const struct sb_kernel_call *call, sb_job_fn fn)
{
    const size_t planes = (size_t)call->out.n * sb_blocks(call->out.c);
    sb_pool_run_near(call->pool, planes * sb_pieces((size_t)call->out.h, rows_per_job(call->out)),
                     fn, (void *)call);
    return 0;
}

static struct sb_window_row window_row(const struct strip *s)
{
    const struct sb_shape in = s->call->in[0];
    return (struct sb_window_row){
        .in = strip_input(s),
        .in_h = in.h,
        .in_w = in.w,
        .out_w = s->call->out.w,
        .window = &s->call->step->node->u.window,
    };
}

/* Points the row at output row r of the strip. */
static void move_row(const struct strip *s, struct sb_window_row *row, size_t r)
{
    row->y = (int64_t)(s->first + r);
    row->out = s->out + r * (size_t)s->call->out.w * SB_BLOCK;
}

static size_t taps_of(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    return (size_t)w->kernel_h * (size_t)w->kernel_w;
}

static size_t dwconv_packed_bytes(const struct sb_kernel_call *call)
{
    return sb_blocks(call->out.c) * taps_of(call) * SB_BLOCK * sizeof(float);
}

/* (C, taps) to (C / 16, taps, 16). */
static void dwconv_pack(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                        void *packed)
{
    const size_t taps = taps_of(call), channels = (size_t)call->out.c;
    float *out = packed;
    memset(out, 0, dwconv_packed_bytes(call));
    for (size_t c = 0; c < channels; c++) {
        for (size_t t = 0; t < taps; t++)
            out[(c / SB_BLOCK * taps + t) * SB_BLOCK + c % SB_BLOCK] =
                (float)((double)kernel[c * taps + t] * (scale ? scale[c] : 1));
    }
}

static void dwconv_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    const struct strip s = find_strip(ctx, job);
    struct sb_window_row row = window_row(&s);
    row.weights = (const float *)s.call->packed + s.block * taps_of(s.call) * SB_BLOCK;
    const size_t width = (size_t)s.call->out.w;
    for (size_t r = 0; r < s.rows; r++) {
        struct sb_row_epilogue epilogue = s.epilogue;
        if (epilogue.residual)
            epilogue.residual += r * width * SB_BLOCK;
        move_row(&s, &row, r);
        s.call->simd->dwconv(&row);
        s.call->simd->epilogue(&epilogue, row.out, width); /* while the row is in cache */
    }
}

static int dwconv_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_strips(call, dwconv_job);
}

static void maxpool_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    const struct strip s = find_strip(ctx, job);
    struct sb_window_row row = window_row(&s);
    for (size_t r = 0; r < s.rows; r++) {
        move_row(&s, &row, r);
        s.call->simd->maxpool(&row);
    }
}

static int maxpool_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_strips(call, maxpool_job);
}

/* Source column = floor(x * in / out). */
static void resize_row(float *out, const float *row, int64_t out_w, int64_t in_w)
{
    for (int64_t x = 0; x < out_w; x++)
        memcpy(out + x * SB_BLOCK, row + x * in_w / out_w * SB_BLOCK, SB_BLOCK * sizeof(*out));
}

static void resize_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    const struct strip s = find_strip(ctx, job);
    const struct sb_shape in = s.call->in[0], out = s.call->out;
    for (size_t r = 0; r < s.rows; r++) {
        const int64_t y = (int64_t)(s.first + r) * in.h / out.h;
        resize_row(s.out + r * (size_t)out.w * SB_BLOCK, strip_input(&s) + y * in.w * SB_BLOCK,
                   out.w, in.w);
    }
    if (s.epilogue.residual || s.epilogue.act != SB_ACT_NONE)
        finish_strip(&s);
}

static int resize_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_strips(call, resize_job);
}

/* Copies the strip's rows of the input to the output, unless they lie there already. */
static void copy_strip(const struct strip *s)
{
    const size_t width = (size_t)s->call->out.w * SB_BLOCK;
    const float *in = strip_input(s) + s->first * width;
    if (in != s->out)
        memcpy(s->out, in, s->rows * width * sizeof(*s->out));
}

static void act_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    const struct strip s = find_strip(ctx, job);
    copy_strip(&s);
    s.call->simd->act(s.call->step->node->u.act.kind, s.out,
                      s.rows * (size_t)s.call->out.w * SB_BLOCK);
}

static int act_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_strips(call, act_job);
}

static void affine_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    const struct strip s = find_strip(ctx, job);
    copy_strip(&s);
    finish_strip(&s);
}

static int affine_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_strips(call, affine_job);
}

/* A gate (N, C, 1, 1) is the scale of an epilogue. */
static void mul_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    struct strip s = find_strip(ctx, job);
    const struct sb_kernel_call *call = s.call;
    const size_t plane = s.image * sb_blocks(call->out.c) + s.block;
    if (sb_pixels(call->in[1]) == 1) {
        copy_strip(&s);
        s.epilogue.scale = call->inputs[1] + plane * SB_BLOCK;
        finish_strip(&s);
        return;
    }
    const size_t start = (size_t)(s.out - call->output);
    for (size_t i = 0; i < s.rows * (size_t)call->out.w * SB_BLOCK; i++)
        s.out[i] = call->inputs[0][start + i] * call->inputs[1][start + i];
}

static int mul_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_strips(call, mul_job);
}

#define BLOCKED .in_layout = SB_LAYOUT_BLOCKED, .out_layout = SB_LAYOUT_BLOCKED

const struct sb_kernel sb_kernel_dwconv_native = {
    .name = "dwconv_native",
    .op = SB_OP_DWCONV,
    BLOCKED,
    .packed_bytes = dwconv_packed_bytes,
    .pack = dwconv_pack,
    .run = dwconv_run,
};
const struct sb_kernel sb_kernel_maxpool_native = {
    .name = "maxpool_native",
    .op = SB_OP_MAXPOOL,
    BLOCKED,
    .run = maxpool_run,
};
const struct sb_kernel sb_kernel_resize_native = {
    .name = "resize_native",
    .op = SB_OP_RESIZE,
    BLOCKED,
    .run = resize_run,
};
const struct sb_kernel sb_kernel_act_native = {
    .name = "act_native",
    .op = SB_OP_ACT,
    BLOCKED,
    .inplace = SB_INPLACE_INPUTS,
    .run = act_run,
};
const struct sb_kernel sb_kernel_affine_native = {
    .name = "affine_native",
    .op = SB_OP_BATCHNORM,
    BLOCKED,
    .inplace = SB_INPLACE_INPUTS,
    .run = affine_run,
};
const struct sb_kernel sb_kernel_mul_native = {
    .name = "mul_native",
    .op = SB_OP_MUL,
    BLOCKED,
    .inplace = SB_INPLACE_INPUTS,
    .run = mul_run,
};
