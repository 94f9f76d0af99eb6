/* Mean and maximum of every plane. The mean is summed in double, so that its error does not grow
 * with the size of the plane. */
#include "engine/kernels/kernels.h"

static size_t plane_size(const struct sb_kernel_call *call)
{
    return (size_t)(call->in[0].h * call->in[0].w);
}

static void avg_job(void *ctx, size_t plane, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const size_t n = plane_size(call);
    const float *in = call->inputs[0] + plane * n;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)in[i];
    call->output[plane] = (float)(sum / (double)n);
}

static int avg_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    sb_pool_run(call->pool, (size_t)(call->out.n * call->out.c), avg_job, (void *)call);
    return 0;
}

static void max_job(void *ctx, size_t plane, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const size_t n = plane_size(call);
    const float *in = call->inputs[0] + plane * n;
    float max = in[0];
    for (size_t i = 1; i < n; i++)
        max = in[i] > max ? in[i] : max;
    call->output[plane] = max;
}

static int max_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    sb_pool_run(call->pool, (size_t)(call->out.n * call->out.c), max_job, (void *)call);
    return 0;
}

const struct sb_kernel sb_kernel_global_avg = {
    .name = "global_avg",
    .op = SB_OP_GLOBAL_AVG,
    .run = avg_run,
};
const struct sb_kernel sb_kernel_global_max = {
    .name = "global_max",
    .op = SB_OP_GLOBAL_MAX,
    .run = max_run,
};
