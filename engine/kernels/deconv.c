/*
 * Transposed convolution with OpenBLAS: columns (channels * kh * kw, pixels) = kernel^T * x, then
 * every column value is added at its place of the output, out[y * s + ky - pad][x * s + kx - pad].
 * A job is one image and a block of output channels, which it fills alone.
 */
#include "engine/kernels/epilogue.h"
#include "engine/kernels/gemm.h"
#include "engine/kernels/jobs.h"
#include "engine/kernels/window.h"

#include <string.h>

#define BLOCK_CHANNELS ((size_t)64)

static size_t taps_of(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    return (size_t)w->kernel_h * (size_t)w->kernel_w;
}

static size_t in_pixels(const struct sb_kernel_call *call)
{
    return (size_t)(call->in[0].h * call->in[0].w);
}

static bool supports(const struct sb_kernel_call *call)
{
    return sb_gemm_fits(in_pixels(call)) && sb_gemm_fits((size_t)call->in[0].c) &&
           sb_gemm_fits(BLOCK_CHANNELS * taps_of(call));
}

static size_t packed_bytes(const struct sb_kernel_call *call)
{
    return (size_t)(call->in[0].c * call->out.c) * taps_of(call) * sizeof(float);
}

/* (Cin, Cout, taps) to (Cout * taps, Cin). */
static void pack(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                 void *packed)
{
    const size_t cin = (size_t)call->in[0].c;
    const size_t taps = taps_of(call);
    const size_t rows = (size_t)call->out.c * taps;
    float *out = packed;
    for (size_t r = 0; r < rows; r++) {
        const double s = scale ? scale[r / taps] : 1;
        for (size_t i = 0; i < cin; i++)
            out[r * cin + i] = (float)((double)kernel[i * rows + r] * s);
    }
}

static size_t columns_bytes(const struct sb_kernel_call *call)
{
    return sb_gemm_panel_bytes(BLOCK_CHANNELS * taps_of(call), in_pixels(call));
}

static size_t workspace_bytes(const struct sb_kernel_call *call)
{
    return (size_t)call->threads * columns_bytes(call);
}

/* Adds the columns of one tap (in.h, in.w) to an output plane. The output positions of a tap are
 * those where a convolution's window from output to input would lie: spans with in and out swapped.
 */
static void scatter_tap(const struct sb_kernel_call *call, float *plane, const float *column,
                        int ky, int kx)
{
    const struct sb_window *w = &call->step->node->u.window;
    const struct sb_shape in = call->in[0], out = call->out;
    const struct sb_span rows = sb_tap_span(in.h, out.h, w->stride_h, w->pad_top, ky);
    const struct sb_span cols = sb_tap_span(in.w, out.w, w->stride_w, w->pad_left, kx);
    for (int64_t y = rows.first; y < rows.end; y++) {
        float *row = plane + (y * w->stride_h + ky - w->pad_top) * out.w + kx - w->pad_left;
        for (int64_t x = cols.first; x < cols.end; x++)
            row[x * w->stride_w] += column[y * in.w + x];
    }
}

static void deconv_job(void *ctx, size_t job, int worker)
{
    const struct sb_kernel_call *call = ctx;
    const struct sb_window *w = &call->step->node->u.window;
    const size_t channels = (size_t)call->out.c;
    const size_t taps = taps_of(call), pixels = in_pixels(call), cin = (size_t)call->in[0].c;
    const size_t blocks = sb_pieces(channels, BLOCK_CHANNELS);
    const size_t image = job / blocks;
    const size_t first = job % blocks * BLOCK_CHANNELS;
    const size_t count = sb_piece_length(channels, BLOCK_CHANNELS, job % blocks);
    float *columns = (float *)((char *)call->workspace + (size_t)worker * columns_bytes(call));
    sb_gemm(columns, pixels, (const float *)call->packed + first * taps * cin, cin,
            call->inputs[0] + image * cin * pixels, pixels, count * taps, pixels, cin);
    const size_t plane = (size_t)(call->out.h * call->out.w);
    float *out = call->output + (image * channels + first) * plane;
    memset(out, 0, count * plane * sizeof(*out));
    for (size_t c = 0; c < count; c++, out += plane) {
        for (size_t t = 0; t < taps; t++)
            scatter_tap(call, out, columns + (c * taps + t) * pixels, (int)t / w->kernel_w,
                        (int)t % w->kernel_w);
        sb_epilogue_row(call, (int64_t)(first + c), out, plane);
    }
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    const size_t jobs = (size_t)call->out.n * sb_pieces((size_t)call->out.c, BLOCK_CHANNELS);
    sb_pool_run(call->pool, jobs, deconv_job, (void *)call);
    return 0;
}

const struct sb_kernel sb_kernel_deconv_openblas = {
    .name = "deconv_openblas",
    .op = SB_OP_DECONV,
    .blas = true,
    .supports = supports,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
