/* Kernels of the native engine that work on whole planes of a block: mean, maximum, and the copies
 * between plain and blocked layouts. */
#include "engine/kernels/native.h"

#include <string.h>

static void avg_job(void *ctx, size_t plane, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const size_t pixels = sb_pixels(call->in[0]);
    double sums[SB_BLOCK] = {0};
    call->simd->add_pixels(sums, call->inputs[0] + plane * pixels * SB_BLOCK, pixels);
    for (size_t c = 0; c < SB_BLOCK; c++)
        call->output[plane * SB_BLOCK + c] = (float)(sums[c] / (double)pixels);
}

static int run_planes(const struct sb_kernel_call *call, sb_job_fn fn)
{
    sb_pool_run_near(call->pool, (size_t)call->out.n * sb_blocks(call->out.c), fn, (void *)call);
    return 0;
}

static int avg_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_planes(call, avg_job);
}

static void max_job(void *ctx, size_t plane, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const size_t pixels = sb_pixels(call->in[0]);
    const float *in = call->inputs[0] + plane * pixels * SB_BLOCK;
    float top[SB_BLOCK];
    memcpy(top, in, sizeof(top));
    for (size_t i = 1; i < pixels; i++) {
        for (size_t c = 0; c < SB_BLOCK; c++)
            top[c] = in[i * SB_BLOCK + c] > top[c] ? in[i * SB_BLOCK + c] : top[c];
    }
    memcpy(call->output + plane * SB_BLOCK, top, sizeof(top));
}

static int max_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_planes(call, max_job);
}

/* A block's channels that exist, and where its plain planes start. */
struct plain_block {
    size_t start;
    int channels;
};

static struct plain_block find_plain(const struct sb_kernel_call *call, size_t plane)
{
    const size_t blocks = sb_blocks(call->out.c), block = plane % blocks;
    const size_t first = block * SB_BLOCK, left = (size_t)call->out.c - first;
    return (struct plain_block){
        .start = (plane / blocks * (size_t)call->out.c + first) * sb_pixels(call->out),
        .channels = left < SB_BLOCK ? (int)left : SB_BLOCK,
    };
}

static void to_plain_job(void *ctx, size_t plane, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const size_t pixels = sb_pixels(call->out);
    const struct plain_block p = find_plain(call, plane);
    call->simd->to_plain(call->output + p.start, pixels,
                         call->inputs[0] + plane * pixels * SB_BLOCK, pixels, p.channels);
}

static int to_plain_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_planes(call, to_plain_job);
}

static void to_blocked_job(void *ctx, size_t plane, int worker)
{
    (void)worker;
    const struct sb_kernel_call *call = ctx;
    const size_t pixels = sb_pixels(call->out);
    const struct plain_block p = find_plain(call, plane);
    call->simd->to_blocked(call->output + plane * pixels * SB_BLOCK, call->inputs[0] + p.start,
                           pixels, pixels, p.channels);
}

static int to_blocked_run(const struct sb_kernel_call *call, struct sb_error *err)
{
    (void)err;
    return run_planes(call, to_blocked_job);
}

const struct sb_kernel sb_kernel_global_avg_native = {
    .name = "global_avg_native",
    .op = SB_OP_GLOBAL_AVG,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .run = avg_run,
};
const struct sb_kernel sb_kernel_global_max_native = {
    .name = "global_max_native",
    .op = SB_OP_GLOBAL_MAX,
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_BLOCKED,
    .run = max_run,
};
const struct sb_kernel sb_kernel_to_plain = {
    .name = "to_plain",
    .in_layout = SB_LAYOUT_BLOCKED,
    .out_layout = SB_LAYOUT_PLAIN,
    .run = to_plain_run,
};
const struct sb_kernel sb_kernel_to_blocked = {
    .name = "to_blocked",
    .in_layout = SB_LAYOUT_PLAIN,
    .out_layout = SB_LAYOUT_BLOCKED,
    .run = to_blocked_run,
};
