/* Layers of SpineNet-49 at 640, the mobile network at 384 and Mask R-CNN, one or two of each kind.
 * See kernel_bench.h. */
#include "bench/kernel_bench.h"

#include "base/clock.h"
#include "bench/statistics.h"

#define WARMUP   2
#define MIN_RUNS 5
#define MAX_RUNS 1000

#define SAME(k, s)                                                                                 \
    {                                                                                              \
        k, k, s, s, (k) / 2, (k) / 2, (k) / 2, (k) / 2                                             \
    }

/* clang-format off */
static const struct sb_kernel_case cases[] = {
    {"7x7 / 2, 640x640, 3 to 64",
     {.op = SB_OP_CONV, .in = {1, 3, 640, 640}, .cout = 64, .window = SAME(7, 2), .affine = true, .act = SB_ACT_RELU}},
    {"3x3, 160x160, 64 to 64",
     {.op = SB_OP_CONV, .in = {1, 64, 160, 160}, .cout = 64, .window = SAME(3, 1), .affine = true, .act = SB_ACT_RELU}},
    {"3x3, 80x80, 256 to 256",
     {.op = SB_OP_CONV, .in = {1, 256, 80, 80}, .cout = 256, .window = SAME(3, 1), .affine = true, .act = SB_ACT_RELU}},
    {"3x3, 20x20, 256 to 256",
     {.op = SB_OP_CONV, .in = {1, 256, 20, 20}, .cout = 256, .window = SAME(3, 1), .affine = true, .act = SB_ACT_RELU}},
    {"3x3, 5x5, 256 to 256",
     {.op = SB_OP_CONV, .in = {1, 256, 5, 5}, .cout = 256, .window = SAME(3, 1), .affine = true, .act = SB_ACT_RELU}},
    {"3x3 / 2, 80x80, 128 to 128",
     {.op = SB_OP_CONV, .in = {1, 128, 80, 80}, .cout = 128, .window = SAME(3, 2), .affine = true, .act = SB_ACT_RELU}},
    {"1x1, 160x160, 64 to 256",
     {.op = SB_OP_CONV, .in = {1, 64, 160, 160}, .cout = 256, .window = SAME(1, 1), .affine = true, .residual = true, .act = SB_ACT_RELU}},
    {"1x1, 40x40, 1024 to 256",
     {.op = SB_OP_CONV, .in = {1, 1024, 40, 40}, .cout = 256, .window = SAME(1, 1), .affine = true, .act = SB_ACT_RELU}},
    {"1x1, 7x7, 2048 to 512",
     {.op = SB_OP_CONV, .in = {1, 2048, 7, 7}, .cout = 512, .window = SAME(1, 1), .affine = true, .act = SB_ACT_RELU}},
    {"depthwise 3x3, 96x96, 144",
     {.op = SB_OP_DWCONV, .in = {1, 144, 96, 96}, .window = SAME(3, 1), .affine = true, .act = SB_ACT_SWISH}},
    {"depthwise 5x5 / 2, 48x48, 240",
     {.op = SB_OP_DWCONV, .in = {1, 240, 48, 48}, .window = SAME(5, 2), .affine = true, .act = SB_ACT_SWISH}},
    {"transposed 2x2 / 2, 100 of 14x14, 256 to 256",
     {.op = SB_OP_DECONV, .in = {100, 256, 14, 14}, .cout = 256, .window = {2, 2, 2, 2, 0, 0, 0, 0}, .affine = true, .act = SB_ACT_RELU}},
    {"fully connected, 1000 of 7x7x256 to 1024",
     {.op = SB_OP_FC, .in = {1000, 256, 7, 7}, .cout = 1024, .affine = true, .act = SB_ACT_RELU}},
    {"max pool 3x3 / 2, 320x320, 64",
     {.op = SB_OP_MAXPOOL, .in = {1, 64, 320, 320}, .window = SAME(3, 2)}},
    {"resize 2x and add, 40x40, 256",
     {.op = SB_OP_RESIZE, .in = {1, 256, 40, 40}, .out_h = 80, .out_w = 80, .residual = true}},
    {"add and ReLU, 80x80, 256", {.op = SB_OP_ADD, .in = {1, 256, 80, 80}, .act = SB_ACT_RELU}},
    {"ReLU, 80x80, 256", {.op = SB_OP_ACT, .in = {1, 256, 80, 80}, .act = SB_ACT_RELU}},
    {"swish, 80x80, 256", {.op = SB_OP_ACT, .in = {1, 256, 80, 80}, .act = SB_ACT_SWISH}},
    {"scale and shift, 80x80, 256", {.op = SB_OP_BATCHNORM, .in = {1, 256, 80, 80}}},
    {"constant factor, 80x80, 256", {.op = SB_OP_SCALE, .in = {1, 256, 80, 80}}},
    {"gate, 48x48, 240", {.op = SB_OP_MUL, .in = {1, 240, 48, 48}, .gate = true}},
    {"global average, 48x48, 240", {.op = SB_OP_GLOBAL_AVG, .in = {1, 240, 48, 48}}},
    {"global maximum, 48x48, 240", {.op = SB_OP_GLOBAL_MAX, .in = {1, 240, 48, 48}}},
    {"RoIAlign 7x7, 1000 boxes, 80x80 and 40x40, 256",
     {.op = SB_OP_ROI_ALIGN, .in = {1, 256, 80, 80}, .cout = 1000, .window = {.kernel_h = 7}}},
    {"softmax, 1000 of 91", {.op = SB_OP_SOFTMAX, .in = {1000, 91, 1, 1}}},
};
/* clang-format on */
#define N_CASES (sizeof(cases) / sizeof(cases[0]))

const struct sb_kernel_case *sb_kernel_case_at(size_t index)
{
    return index < N_CASES ? &cases[index] : NULL;
}

static int time_runs(struct sb_layer_call *call, int64_t max_ns, struct sb_kernel_time *out,
                     struct sb_error *err)
{
    double ns[MAX_RUNS];
    size_t n = 0;
    int rc = 0;
    for (int i = 0; i < WARMUP && rc == 0; i++)
        rc = sb_layer_call_run(call, err);
    const int64_t start = sb_now_ns();
    for (int64_t before = start; rc == 0 && n < MAX_RUNS; n++) {
        if (n >= MIN_RUNS && before - start >= max_ns)
            break;
        rc = sb_layer_call_run(call, err);
        const int64_t now = sb_now_ns();
        ns[n] = (double)(now - before);
        before = now;
    }
    sb_sort_doubles(ns, n);
    out->count = n;
    out->median_ns = rc == 0 ? sb_median_sorted(ns, n) : 0;
    out->min_ns = rc == 0 ? ns[0] : 0;
    return rc;
}

int sb_time_kernel(const struct sb_layer *layer, const struct sb_kernel *kernel,
                   const struct sb_kernel_time_options *options, struct sb_kernel_time *out,
                   struct sb_error *err)
{
    const struct sb_layer_options o = {.cpu = options->cpu, .threads = options->threads, .seed = 1};
    struct sb_layer_call call;
    int rc = sb_layer_call_init(&call, layer, kernel, &o, err);
    if (rc)
        return rc;
    if (options->expected && kernel->pays && !kernel->pays(&call.call))
        rc = sb_error_set(err, SB_EUNSUPPORTED, "%s does not pay here", kernel->name);
    if (rc == 0)
        rc = time_runs(&call, options->max_ns, out, err);
    out->macs = sb_layer_macs(&call);
    out->bytes = sb_layer_bytes(&call);
    sb_layer_call_release(&call);
    return rc;
}
