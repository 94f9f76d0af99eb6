/* Mean and mean square of untrained activations, node by node. See untrained.h. */
#include "models/untrained.h"

#include <math.h>

/* Of f(x) for x ~ normal(0, 1), by numerical integration. */
static const struct sb_moments swish_of_normal = {0.2066, 0.3558};
static const struct sb_moments sigmoid_of_normal = {0.5, 0.2934};

/* A pool's largest value against its input's, for rectified values of a smooth picture. */
#define POOL_GAIN 1.3

/* Rectified normal(mean, square - mean^2), in closed form. */
static struct sb_moments rectified(struct sb_moments x)
{
    const double sigma = sqrt(fmax(x.square - x.mean * x.mean, 1e-12));
    const double z = x.mean / sigma;
    const double below = 0.5 * erfc(-z / sqrt(2.0));
    const double density = exp(-0.5 * z * z) / sqrt(2 * 3.14159265358979323846);
    const struct sb_moments y = {x.mean * below + sigma * density,
                                 x.square * below + x.mean * sigma * density};
    return y;
}

static struct sb_moments scaled(struct sb_moments x, double factor)
{
    const struct sb_moments y = {x.mean * factor, x.square * factor * factor};
    return y;
}

static struct sb_moments activated(enum sb_act act, struct sb_moments x)
{
    switch (act) {
    case SB_ACT_RELU:
        return rectified(x);
    case SB_ACT_SWISH:
        return scaled(swish_of_normal, sqrt(x.square));
    case SB_ACT_SIGMOID:
        return sigmoid_of_normal;
    case SB_ACT_NONE:
        break;
    }
    return x;
}

/* Share of a window's taps along one axis that fall on the input and not on its padding. */
static double inside(int64_t in, int64_t out, int kernel, int stride, int pad)
{
    int64_t taps = 0;
    for (int64_t o = 0; o < out; o++) {
        for (int k = 0; k < kernel; k++) {
            const int64_t at = o * stride + k - pad;
            taps += at >= 0 && at < in;
        }
    }
    return (double)taps / (double)(out * kernel);
}

/* A sum of products with weights of mean 0 and variance 2 / fan_in. */
static struct sb_moments convolved(const struct sb_graph *graph, const struct sb_node *node,
                                   struct sb_moments x)
{
    struct sb_moments y = {0, 2 * x.square};
    if (node->op == SB_OP_CONV || node->op == SB_OP_DWCONV) {
        const struct sb_window *const w = &node->u.window;
        const struct sb_shape in = graph->nodes[node->inputs[0]].shape;
        y.square *= inside(in.h, node->shape.h, w->kernel_h, w->stride_h, w->pad_top) *
                    inside(in.w, node->shape.w, w->kernel_w, w->stride_w, w->pad_left);
    }
    return y;
}

/* A sum of independent values. */
static struct sb_moments summed(const struct sb_node *node, const struct sb_moments *moments)
{
    double mean = 0, variance = 0;
    for (int i = 0; i < node->num_inputs; i++) {
        const struct sb_moments x = moments[node->inputs[i]];
        mean += x.mean;
        variance += x.square - x.mean * x.mean;
    }
    const struct sb_moments y = {mean, mean * mean + variance};
    return y;
}

static struct sb_moments moments_of(const struct sb_graph *graph, const struct sb_node *node,
                                    const struct sb_moments *moments)
{
    const struct sb_moments normal = {0, 1};
    const struct sb_moments x = node->num_inputs > 0 ? moments[node->inputs[0]] : normal;
    switch (node->op) {
    case SB_OP_CONV:
    case SB_OP_DWCONV:
    case SB_OP_DECONV:
    case SB_OP_FC:
        return convolved(graph, node, x);
    case SB_OP_ACT:
        return activated(node->u.act.kind, x);
    case SB_OP_ADD:
        return summed(node, moments);
    case SB_OP_MUL: {
        const struct sb_moments gate = moments[node->inputs[1]];
        const struct sb_moments y = {x.mean * gate.mean, x.square * gate.square};
        return y;
    }
    case SB_OP_SCALE:
        return scaled(x, node->u.scale.factor);
    case SB_OP_MAXPOOL:
    case SB_OP_GLOBAL_MAX:
        return scaled(x, POOL_GAIN);
    case SB_OP_GLOBAL_AVG:
    case SB_OP_RESIZE:
    case SB_OP_ROI_ALIGN:
    case SB_OP_SELECT:
        return x;
    case SB_OP_BATCHNORM:
    case SB_OP_INPUT:
    case SB_OP_SOFTMAX:
    case SB_OP_PROPOSALS:
    case SB_OP_DETECTIONS:
    case SB_OP_COUNT:
        break;
    }
    return normal;
}

/* x with a mantissa of 10 bits. */
static double rounded(double x)
{
    int exponent;
    const double mantissa = frexp(x, &exponent);
    return ldexp(nearbyint(mantissa * 1024), exponent - 10);
}

void sb_untrained_variances(const struct sb_graph *graph, double *variances,
                            struct sb_moments *moments)
{
    for (size_t i = 0; i < graph->num_slots; i++) {
        if (graph->slots[i].kind == SB_SLOT_VARIANCE)
            variances[i] = 0;
    }
    for (size_t i = 0; i < graph->num_nodes; i++) {
        const struct sb_node *const node = &graph->nodes[i];
        moments[i] = moments_of(graph, node, moments);
        for (int s = 0; s < node->num_slots; s++) {
            const int slot = node->slots[s];
            if (graph->slots[slot].kind == SB_SLOT_VARIANCE && variances[slot] == 0)
                variances[slot] = rounded(moments[node->inputs[0]].square);
        }
    }
}
