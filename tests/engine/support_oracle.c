/* Ops by their definition, one output element at a time. See support_oracle.h. */
#include "tests/engine/support_oracle.h"

#include <math.h>

/* One element of the output being computed. */
struct place {
    int64_t n, c, y, x;
};

struct op {
    const struct sb_graph *graph;
    const struct sb_weights *weights;
    const struct sb_node *node;
    double *const *values;
    struct sb_shape in; /* of the first input */
    const double *x;    /* the first input */
    const float *kernel;
};

static size_t at(struct sb_shape s, int64_t n, int64_t c, int64_t y, int64_t x)
{
    return (size_t)(((n * s.c + c) * s.h + y) * s.w + x);
}

/* Input value, or `outside` in the padding. */
static double tap(const struct op *o, int64_t n, int64_t c, int64_t y, int64_t x, double outside)
{
    if (y < 0 || x < 0 || y >= o->in.h || x >= o->in.w)
        return outside;
    return o->x[at(o->in, n, c, y, x)];
}

/* Input of channel c under window offset (ky, kx). */
static double window_tap(const struct op *o, struct place p, int64_t c, int ky, int kx,
                         double outside)
{
    const struct sb_window *w = &o->node->u.window;
    return tap(o, p.n, c, p.y * w->stride_h + ky - w->pad_top, p.x * w->stride_w + kx - w->pad_left,
               outside);
}

static double conv(const struct op *o, struct place p)
{
    const struct sb_window *w = &o->node->u.window;
    double sum = 0;
    for (int64_t i = 0; i < o->in.c; i++) {
        for (int ky = 0; ky < w->kernel_h; ky++) {
            for (int kx = 0; kx < w->kernel_w; kx++)
                sum +=
                    (double)o->kernel[((p.c * o->in.c + i) * w->kernel_h + ky) * w->kernel_w + kx] *
                    window_tap(o, p, i, ky, kx, 0);
        }
    }
    return sum;
}

static double dwconv(const struct op *o, struct place p)
{
    const struct sb_window *w = &o->node->u.window;
    double sum = 0;
    for (int ky = 0; ky < w->kernel_h; ky++) {
        for (int kx = 0; kx < w->kernel_w; kx++)
            sum += (double)o->kernel[(p.c * w->kernel_h + ky) * w->kernel_w + kx] *
                   window_tap(o, p, p.c, ky, kx, 0);
    }
    return sum;
}

static double deconv(const struct op *o, struct place p)
{
    const struct sb_window *w = &o->node->u.window;
    const int64_t cout = o->node->shape.c;
    double sum = 0;
    for (int ky = 0; ky < w->kernel_h; ky++) {
        for (int kx = 0; kx < w->kernel_w; kx++) {
            const int64_t y = p.y + w->pad_top - ky, x = p.x + w->pad_left - kx;
            if (y % w->stride_h != 0 || x % w->stride_w != 0)
                continue;
            for (int64_t i = 0; i < o->in.c; i++)
                sum += (double)o->kernel[((i * cout + p.c) * w->kernel_h + ky) * w->kernel_w + kx] *
                       tap(o, p.n, i, y / w->stride_h, x / w->stride_w, 0);
        }
    }
    return sum;
}

static double fc(const struct op *o, struct place p)
{
    const int64_t k = o->in.c * o->in.h * o->in.w;
    double sum = 0;
    for (int64_t i = 0; i < k; i++)
        sum += (double)o->kernel[p.c * k + i] * o->x[p.n * k + i];
    return sum;
}

static double batchnorm(const struct op *o, struct place p)
{
    float *const *s = o->weights->slots;
    const int *slots = o->node->slots;
    const double variance = (double)s[slots[3]][p.c] + o->node->u.batchnorm.epsilon;
    return (tap(o, p.n, p.c, p.y, p.x, 0) - (double)s[slots[2]][p.c]) / sqrt(variance) *
               (double)s[slots[0]][p.c] +
           (double)s[slots[1]][p.c];
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double act(const struct op *o, struct place p)
{
    const double v = tap(o, p.n, p.c, p.y, p.x, 0);
    switch (o->node->u.act.kind) {
    case SB_ACT_RELU:
        return fmax(v, 0);
    case SB_ACT_SWISH:
        return v * sigmoid(v);
    case SB_ACT_SIGMOID:
        return sigmoid(v);
    default:
        return v;
    }
}

static double add(const struct op *o, struct place p)
{
    double sum = 0;
    for (int k = 0; k < o->node->num_inputs; k++)
        sum += o->values[o->node->inputs[k]][at(o->in, p.n, p.c, p.y, p.x)];
    return sum;
}

static double mul(const struct op *o, struct place p)
{
    const struct sb_shape gate = o->graph->nodes[o->node->inputs[1]].shape;
    return tap(o, p.n, p.c, p.y, p.x, 0) *
           o->values[o->node->inputs[1]][at(gate, p.n, p.c, p.y % gate.h, p.x % gate.w)];
}

static double scale(const struct op *o, struct place p)
{
    return tap(o, p.n, p.c, p.y, p.x, 0) * o->node->u.scale.factor;
}

static double maxpool(const struct op *o, struct place p)
{
    const struct sb_window *w = &o->node->u.window;
    double max = -INFINITY;
    for (int ky = 0; ky < w->kernel_h; ky++) {
        for (int kx = 0; kx < w->kernel_w; kx++)
            max = fmax(max, window_tap(o, p, p.c, ky, kx, -INFINITY));
    }
    return max;
}

static double resize(const struct op *o, struct place p)
{
    const struct sb_shape out = o->node->shape;
    const double y = floor((double)p.y * (double)o->in.h / (double)out.h);
    const double x = floor((double)p.x * (double)o->in.w / (double)out.w);
    return tap(o, p.n, p.c, (int64_t)y, (int64_t)x, 0);
}

static double global_avg(const struct op *o, struct place p)
{
    double sum = 0;
    for (int64_t i = 0; i < o->in.h * o->in.w; i++)
        sum += tap(o, p.n, p.c, i / o->in.w, i % o->in.w, 0);
    return sum / (double)(o->in.h * o->in.w);
}

static double global_max(const struct op *o, struct place p)
{
    double max = -INFINITY;
    for (int64_t i = 0; i < o->in.h * o->in.w; i++)
        max = fmax(max, tap(o, p.n, p.c, i / o->in.w, i % o->in.w, 0));
    return max;
}

static double softmax(const struct op *o, struct place p)
{
    double sum = 0;
    for (int64_t i = 0; i < o->in.c; i++)
        sum += exp(tap(o, p.n, i, p.y, p.x, 0) - tap(o, p.n, p.c, p.y, p.x, 0));
    return 1 / sum;
}

static double (*const definitions[SB_OP_COUNT])(const struct op *, struct place) = {
    [SB_OP_CONV] = conv,
    [SB_OP_DWCONV] = dwconv,
    [SB_OP_DECONV] = deconv,
    [SB_OP_FC] = fc,
    [SB_OP_BATCHNORM] = batchnorm,
    [SB_OP_ACT] = act,
    [SB_OP_ADD] = add,
    [SB_OP_MUL] = mul,
    [SB_OP_SCALE] = scale,
    [SB_OP_MAXPOOL] = maxpool,
    [SB_OP_RESIZE] = resize,
    [SB_OP_GLOBAL_AVG] = global_avg,
    [SB_OP_GLOBAL_MAX] = global_max,
    [SB_OP_SOFTMAX] = softmax,
};

void oracle_run(const struct sb_graph *graph, const struct sb_weights *weights, int index,
                double *const *values)
{
    const struct sb_node *node = &graph->nodes[index];
    const struct sb_shape out = node->shape;
    if (!definitions[node->op])
        return;
    const struct op o = {
        .graph = graph,
        .weights = weights,
        .node = node,
        .values = values,
        .in = graph->nodes[node->inputs[0]].shape,
        .x = values[node->inputs[0]],
        .kernel = node->num_slots > 0 ? weights->slots[node->slots[0]] : NULL,
    };
    const bool has_bias = node->op != SB_OP_BATCHNORM && node->num_slots > 1;
    for (size_t i = 0; i < sb_shape_count(out); i++) {
        const int64_t plane = out.h * out.w, k = (int64_t)i;
        const struct place p = {k / plane / out.c, k / plane % out.c, k / out.w % out.h, k % out.w};
        const double bias = has_bias ? (double)weights->slots[node->slots[1]][p.c] : 0;
        values[index][i] = definitions[node->op](&o, p) + bias;
    }
}
