/* Nearest resize, reference: source index = floor(dst * in / out), as TensorFlow's legacy resize
 * does it (no half-pixel offset). Takes a residual and an activation with it. */
#include "engine/kernels/epilogue.h"

static void resize_row(float *out, const float *row, int64_t out_w, int64_t in_w)
{
    if (out_w == 2 * in_w) { /* the common case, without a division per pixel */
        for (int64_t x = 0; x < in_w; x++)
            out[2 * x] = out[2 * x + 1] = row[x];
        return;
    }
    for (int64_t x = 0; x < out_w; x++)
        out[x] = row[x * in_w / out_w];
}

static void resize_job(void *ctx, size_t plane, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const struct sb_shape in = call->in[0], to = call->out;
    const float *plane_in = call->inputs[0] + plane * (size_t)(in.h * in.w);
    float *plane_out = call->output + plane * (size_t)(to.h * to.w);
    for (int64_t y = 0; y < to.h; y++)
        resize_row(plane_out + y * to.w, plane_in + y * in.h / to.h * in.w, to.w, in.w);
    sb_epilogue_row(call, (int64_t)plane % to.c, plane_out, (size_t)(to.h * to.w));
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    sb_pool_run(call->pool, (size_t)(call->out.n * call->out.c), resize_job, (void *)call);
    return 0;
}

const struct sb_kernel sb_kernel_resize = {
    .name = "resize",
    .op = SB_OP_RESIZE,
    .run = run,
};
