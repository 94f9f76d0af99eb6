/* Each row's class channel: from (N, C, H, W) and detection rows (box, score, class) to
 * (N, 1, H, W). A mask head predicts one mask per class; only the detected class's is wanted. */
#include "engine/kernels/kernels.h"

#include <string.h>

#define ROW_CLASS 5 /* position of the class in a detection row */

static void select_job(void *ctx, size_t row, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const struct sb_shape in = call->in[0];
    const size_t plane = (size_t)(in.h * in.w);
    const float class_value = call->inputs[1][row * (size_t)call->in[1].c + ROW_CLASS];
    /* limits first: a class beyond the channels takes the last one instead of foreign memory */
    const float limited = class_value > 0 ? class_value : 0;
    const size_t channel = limited < (float)in.c ? (size_t)limited : (size_t)in.c - 1;
    memcpy(call->output + row * plane, call->inputs[0] + (row * (size_t)in.c + channel) * plane,
           plane * sizeof(float));
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    sb_pool_run(call->pool, (size_t)call->out.n, select_job, (void *)call);
    return 0;
}

const struct sb_kernel sb_kernel_select = {
    .name = "select",
    .op = SB_OP_SELECT,
    .run = run,
};
