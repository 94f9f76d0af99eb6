/* Reference kernels without a window: activation, sum, product, constant factor, and the scale and
 * shift of a batch normalisation that stands alone. All may write over their operands. */
#include "engine/kernels/epilogue.h"
#include "engine/kernels/jobs.h"

#include <string.h>

static size_t elements(const struct sb_kernel_call *call)
{
    return sb_layout_count(call->out, call->step->kernel->out_layout);
}

static int run_flat(const struct sb_kernel_call *call, sb_job_fn fn)
{
    sb_pool_run_near(call->pool, sb_pieces(elements(call), SB_JOB_ELEMENTS), fn, (void *)call);
    return 0;
}

/* A job of a flat kernel: where its elements start and how many they are. */
static size_t flat_piece(const struct sb_kernel_call *call, size_t job, size_t *start)
{
    *start = job * SB_JOB_ELEMENTS;
    return sb_piece_length(elements(call), SB_JOB_ELEMENTS, job);
}

static void copy_unless_same(float *out, const float *in, size_t n)
{
    if (out != in)
        memcpy(out, in, n * sizeof(*out));
}

static void act_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    size_t start;
    const size_t n = flat_piece(call, job, &start);
    copy_unless_same(call->output + start, call->inputs[0] + start, n);
    sb_act_row(call->step->node->u.act.kind, call->output + start, n);
}

static int act_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_flat(call, act_job);
}

/* out = inputs[0] + inputs[1] + ..., left to right whichever operand lies at the output. */
static void add_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    size_t start;
    const size_t n = flat_piece(call, job, &start);
    float *out = call->output + start;
    for (size_t i = 0; i < n; i++) {
        float sum = call->inputs[0][start + i];
        for (int k = 1; k < call->num_inputs; k++)
            sum += call->inputs[k][start + i];
        out[i] = sum;
    }
    sb_act_row(call->step->act, out, n);
}

static int add_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_flat(call, add_job);
}

static void scale_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    size_t start;
    const size_t n = flat_piece(call, job, &start);
    const float factor = (float)call->step->node->u.scale.factor;
    for (size_t i = start; i < start + n; i++)
        call->output[i] = call->inputs[0][i] * factor;
}

static int scale_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_flat(call, scale_job);
}

static size_t plane_size(const struct sb_kernel_call *call)
{
    return (size_t)(call->out.h * call->out.w);
}

static int run_planes(const struct sb_kernel_call *call, sb_job_fn fn)
{
    sb_pool_run_near(call->pool, (size_t)(call->out.n * call->out.c), fn, (void *)call);
    return 0;
}

static void mul_job(void *ctx, size_t plane, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const size_t n = plane_size(call);
    const float *x = call->inputs[0] + plane * n;
    float *out = call->output + plane * n;
    if (call->in[1].h * call->in[1].w == 1) {
        const float gate = call->inputs[1][plane];
        for (size_t i = 0; i < n; i++)
            out[i] = x[i] * gate;
    } else {
        const float *y = call->inputs[1] + plane * n;
        for (size_t i = 0; i < n; i++)
            out[i] = x[i] * y[i];
    }
}

static int mul_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_planes(call, mul_job);
}

static void affine_job(void *ctx, size_t plane, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const size_t n = plane_size(call);
    float *out = call->output + plane * n;
    copy_unless_same(out, call->inputs[0] + plane * n, n);
    sb_epilogue_row(call, (int64_t)plane % call->out.c, out, n);
}

static int affine_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_planes(call, affine_job);
}

const struct sb_kernel sb_kernel_add_native = {
    .name = "add_native",
    .op = SB_OP_ADD,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .inplace = SB_INPLACE_INPUTS,
    .run = add_run,
};
const struct sb_kernel sb_kernel_scale_native = {
    .name = "scale_native",
    .op = SB_OP_SCALE,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .inplace = SB_INPLACE_INPUTS,
    .run = scale_run,
};
const struct sb_kernel sb_kernel_act = {
    .name = "act",
    .op = SB_OP_ACT,
    .inplace = SB_INPLACE_INPUTS,
    .run = act_run,
};
const struct sb_kernel sb_kernel_add = {
    .name = "add",
    .op = SB_OP_ADD,
    .inplace = SB_INPLACE_INPUTS,
    .run = add_run,
};
const struct sb_kernel sb_kernel_scale = {
    .name = "scale",
    .op = SB_OP_SCALE,
    .inplace = SB_INPLACE_INPUTS,
    .run = scale_run,
};
const struct sb_kernel sb_kernel_mul = {
    .name = "mul",
    .op = SB_OP_MUL,
    .inplace = SB_INPLACE_INPUTS,
    .run = mul_run,
};
const struct sb_kernel sb_kernel_affine = {
    .name = "affine",
    .op = SB_OP_BATCHNORM,
    .inplace = SB_INPLACE_INPUTS,
    .run = affine_run,
};
