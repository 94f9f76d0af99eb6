/* Depthwise convolution, reference: one plane per job, tap by tap over whole rows, so that the
 * inner loop is a plain multiply-add of two rows. */
#include "engine/kernels/epilogue.h"
#include "engine/kernels/window.h"

#include <string.h>

static size_t packed_bytes(const struct sb_kernel_call *call)
{
    const struct sb_window *w = &call->step->node->u.window;
    return (size_t)(call->out.c * w->kernel_h * w->kernel_w) * sizeof(float);
}

static void pack(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                 void *packed)
{
    const struct sb_window *w = &call->step->node->u.window;
    const size_t taps = (size_t)w->kernel_h * (size_t)w->kernel_w;
    float *out = packed;
    for (size_t i = 0; i < (size_t)call->out.c * taps; i++)
        out[i] = scale ? (float)((double)kernel[i] * scale[i / taps]) : kernel[i];
}

static void add_tap(float *out, const float *row, float weight, struct sb_span span, int stride)
{
    if (stride == 1) {
        for (int64_t x = span.first; x < span.end; x++)
            out[x] += weight * row[x];
    } else {
        for (int64_t x = span.first; x < span.end; x++)
            out[x] += weight * row[x * stride];
    }
}

static void dwconv_row(const struct sb_kernel_call *call, const float *plane, const float *kernel,
                       int64_t y, float *out)
{
    const struct sb_window *w = &call->step->node->u.window;
    const struct sb_shape in = call->in[0];
    memset(out, 0, (size_t)call->out.w * sizeof(*out));
    for (int ky = 0; ky < w->kernel_h; ky++) {
        const int64_t iy = y * w->stride_h + ky - w->pad_top;
        if (iy < 0 || iy >= in.h)
            continue;
        for (int kx = 0; kx < w->kernel_w; kx++) {
            const struct sb_span span =
                sb_tap_span(call->out.w, in.w, w->stride_w, w->pad_left, kx);
            add_tap(out, plane + iy * in.w + kx - w->pad_left, kernel[ky * w->kernel_w + kx], span,
                    w->stride_w);
        }
    }
}

static void dwconv_job(void *ctx, size_t plane, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const struct sb_window *w = &call->step->node->u.window;
    const int64_t channel = (int64_t)plane % call->out.c;
    const float *in = call->inputs[0] + plane * (size_t)(call->in->h * call->in->w);
    const float *kernel = (const float *)call->packed + channel * w->kernel_h * w->kernel_w;
    float *out = call->output + plane * (size_t)(call->out.h * call->out.w);
    for (int64_t y = 0; y < call->out.h; y++)
        dwconv_row(call, in, kernel, y, out + y * call->out.w);
    sb_epilogue_row(call, channel, out, (size_t)(call->out.h * call->out.w));
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    sb_pool_run(call->pool, (size_t)(call->out.n * call->out.c), dwconv_job, (void *)call);
    return 0;
}

const struct sb_kernel sb_kernel_dwconv = {
    .name = "dwconv",
    .op = SB_OP_DWCONV,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
};
