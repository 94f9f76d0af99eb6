/* Max pool, reference: one plane per job, tap by tap over whole rows. Padding never wins: taps
 * outside the input are not looked at. */
#include "engine/kernels/kernels.h"
#include "engine/kernels/window.h"

#include <math.h>

static void take_tap(float *out, const float *row, struct sb_span span, int stride)
{
    for (int64_t x = span.first; x < span.end; x++) {
        const float v = row[x * stride];
        out[x] = v > out[x] ? v : out[x];
    }
}

static void maxpool_row(const struct sb_kernel_call *call, const float *plane, int64_t y,
                        float *out)
{
    const struct sb_window *w = &call->step->node->u.window;
    const struct sb_shape in = call->in[0];
    for (int64_t x = 0; x < call->out.w; x++)
        out[x] = -INFINITY;
    for (int ky = 0; ky < w->kernel_h; ky++) {
        const int64_t iy = y * w->stride_h + ky - w->pad_top;
        if (iy < 0 || iy >= in.h)
            continue;
        for (int kx = 0; kx < w->kernel_w; kx++) {
            const struct sb_span span =
                sb_tap_span(call->out.w, in.w, w->stride_w, w->pad_left, kx);
            take_tap(out, plane + iy * in.w + kx - w->pad_left, span, w->stride_w);
        }
    }
}

static void maxpool_job(void *ctx, size_t plane, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const float *in = call->inputs[0] + plane * (size_t)(call->in->h * call->in->w);
    float *out = call->output + plane * (size_t)(call->out.h * call->out.w);
    for (int64_t y = 0; y < call->out.h; y++)
        maxpool_row(call, in, y, out + y * call->out.w);
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    sb_pool_run(call->pool, (size_t)(call->out.n * call->out.c), maxpool_job, (void *)call);
    return 0;
}

const struct sb_kernel sb_kernel_maxpool = {
    .name = "maxpool",
    .op = SB_OP_MAXPOOL,
    .run = run,
};
