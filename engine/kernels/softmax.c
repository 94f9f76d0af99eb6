/* Softmax over the channels of every pixel, with the maximum taken off first. */
#include "engine/kernels/kernels.h"

#include <math.h>

/* Channels lie `stride` floats apart. */
static void softmax(float *out, const float *in, int64_t channels, size_t stride)
{
    float max = in[0];
    for (int64_t c = 1; c < channels; c++)
        max = in[(size_t)c * stride] > max ? in[(size_t)c * stride] : max;
    double sum = 0;
    for (int64_t c = 0; c < channels; c++) {
        const float e = expf(in[(size_t)c * stride] - max);
        out[(size_t)c * stride] = e;
        sum += (double)e;
    }
    const float inverse = (float)(1 / sum);
    for (int64_t c = 0; c < channels; c++)
        out[(size_t)c * stride] *= inverse;
}

static void softmax_job(void *ctx, size_t image, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const size_t plane = (size_t)(call->out.h * call->out.w);
    const size_t start = image * (size_t)call->out.c * plane;
    for (size_t i = start; i < start + plane; i++)
        softmax(call->output + i, call->inputs[0] + i, call->out.c, plane);
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    sb_pool_run(call->pool, (size_t)call->out.n, softmax_job, (void *)call);
    return 0;
}

const struct sb_kernel sb_kernel_softmax = {
    .name = "softmax",
    .op = SB_OP_SOFTMAX,
    .inplace = SB_INPLACE_INPUTS,
    .run = run,
};
