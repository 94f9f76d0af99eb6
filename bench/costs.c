/*
 * Static costs: one rule per op, then sums by level and the live-range peak. What the numbers are
 * for is in costs.h; how they become "FLOPs" in conventions.c.
 */
#include "bench/costs.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

/* The reference's proposal NMS compares boxes in tiles of 512. */
#define NMS_TILE 512

/* No single count of a node may reach this; thousands of nodes then still sum up in 64 bits. */
#define COUNT_LIMIT 0x1p50

static int64_t count(struct sb_shape s)
{
    return (int64_t)sb_shape_count(s);
}

static const struct sb_node *input_of(const struct sb_graph *g, const struct sb_node *n, int i)
{
    return &g->nodes[n->inputs[i]];
}

static bool has_bias(const struct sb_graph *g, const struct sb_node *n)
{
    for (int i = 0; i < n->num_slots; i++) {
        if (g->slots[n->slots[i]].kind == SB_SLOT_BIAS)
            return true;
    }
    return false;
}

/*
 * Rules: each adds what its node computes to a zeroed cost. Weights and bytes are added by the
 * caller, the same way for every op.
 */
typedef void (*rule_fn)(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c);

static void rule_nothing(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    (void)g;
    (void)n;
    (void)c;
}

static void rule_conv(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    const int64_t taps = (int64_t)n->u.window.kernel_h * n->u.window.kernel_w;
    c->macs = count(n->shape) * input_of(g, n, 0)->shape.c * taps;
    c->bias_adds = has_bias(g, n) ? count(n->shape) : 0;
}

static void rule_dwconv(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    c->macs = count(n->shape) * n->u.window.kernel_h * n->u.window.kernel_w;
    c->dw_macs = c->macs;
    c->bias_adds = has_bias(g, n) ? count(n->shape) : 0;
}

/* Every input element meets every tap of every output channel. */
static void rule_deconv(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    const int64_t taps = (int64_t)n->u.window.kernel_h * n->u.window.kernel_w;
    c->macs = count(input_of(g, n, 0)->shape) * n->shape.c * taps;
    c->bias_adds = has_bias(g, n) ? count(n->shape) : 0;
}

static void rule_fc(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    c->macs = count(input_of(g, n, 0)->shape) * n->shape.c;
    c->bias_adds = has_bias(g, n) ? count(n->shape) : 0;
}

static void rule_batchnorm(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    (void)g;
    c->bn_elements = count(n->shape);
}

static void rule_act(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    (void)g;
    c->swish_elements = n->u.act.kind == SB_ACT_SWISH ? count(n->shape) : 0;
}

static void rule_add(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    (void)g;
    c->add_elements = (n->num_inputs - 1) * count(n->shape);
}

static void rule_mul(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    (void)g;
    c->gate_elements = count(n->shape);
}

static void rule_scale(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    (void)g;
    c->scale_elements = count(n->shape);
}

static void rule_maxpool(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    (void)g;
    c->pool_ops = count(n->shape) * n->u.window.kernel_h * n->u.window.kernel_w;
}

static void rule_global_avg(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    c->mean_elements = count(input_of(g, n, 0)->shape);
}

/* Repeated pixels take two scalar products for the new size; a resize op counts nothing. */
static void rule_resize(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    (void)g;
    c->resize_scalars = n->u.resize.repeats ? 2 : 0;
}

static void rule_softmax(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    (void)g;
    c->softmax_elements = count(n->shape);
}

/*
 * The region ops: box arithmetic of the reference graph per anchor, kept box, NMS tile and level,
 * found by differences between the official graphs at 640, 1024, 1280 and 1536 pixels and exact on
 * all four. Per anchor: decode and clip; per kept box: the loops that select it; per level: one
 * pass of the tiled NMS body (profilers count loop bodies once), which compares 512 x 512 boxes.
 */
static void rule_proposals(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    const struct sb_region_params *p = &n->u.region;
    const int64_t per_cell = (int64_t)p->anchor_scales * p->num_ratios;
    const int64_t tile = (int64_t)NMS_TILE * NMS_TILE;
    for (int i = 0; i < n->num_inputs; i++) {
        const struct sb_shape s = input_of(g, n, i)->shape;
        if (s.c != per_cell) /* box deltas: counted with their scores */
            continue;
        const int64_t anchors = s.c * s.h * s.w;
        const int64_t kept = anchors < p->pre_nms_top_k ? anchors : p->pre_nms_top_k;
        const int64_t tiles = (kept + NMS_TILE - 1) / NMS_TILE;
        c->region_ops += s.n * (24 * anchors + 9 * kept + 6658 * tiles + 33 * tile + 15373);
        c->region_adds += s.n * (8 * anchors + kept + 2048 * tiles + 4 * tile + 4);
    }
}

/* Two samples per bin and axis; bilinear weights, a product per gathered value, 2 x 2 mean. */
static void rule_roi_align(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    const int64_t rois = n->shape.n, side = 2 * n->shape.h;
    const int64_t samples = side * side;
    const int64_t batch = input_of(g, n, 0)->shape.n;
    c->region_ops = rois * (2 * samples * n->shape.c + 2 * samples + 8 * side + 20) + 1 + batch;
    c->region_adds = rois * (3 * samples + 2 * side + 1);
}

/* Decode and clip of every box of every class but background, then the class-wise NMS
 * around the built-in kernel. Inputs: class logits, deltas, proposals. */
static void rule_detections(const struct sb_graph *g, const struct sb_node *n, struct sb_cost *c)
{
    const struct sb_shape logits = input_of(g, n, 0)->shape;
    const int64_t kept = n->u.region.post_nms_top_k;
    const int64_t batch = kept ? n->shape.n / kept : 0;
    const int64_t classes = logits.c - 1;
    const int64_t boxes = logits.n * classes;
    c->region_ops = 28 * boxes + batch * (classes * (2 * kept + 1) + 2 * kept + 3) + 4;
    c->region_adds = 8 * boxes + batch * kept;
}

static const rule_fn rules[SB_OP_COUNT] = {
    [SB_OP_INPUT] = rule_nothing,
    [SB_OP_CONV] = rule_conv,
    [SB_OP_DWCONV] = rule_dwconv,
    [SB_OP_DECONV] = rule_deconv,
    [SB_OP_FC] = rule_fc,
    [SB_OP_BATCHNORM] = rule_batchnorm,
    [SB_OP_ACT] = rule_act,
    [SB_OP_ADD] = rule_add,
    [SB_OP_MUL] = rule_mul,
    [SB_OP_SCALE] = rule_scale,
    [SB_OP_MAXPOOL] = rule_maxpool,
    [SB_OP_GLOBAL_AVG] = rule_global_avg,
    [SB_OP_GLOBAL_MAX] = rule_nothing, /* the profiler has no rule for maxima */
    [SB_OP_RESIZE] = rule_resize,
    [SB_OP_SOFTMAX] = rule_softmax,
    [SB_OP_PROPOSALS] = rule_proposals,
    [SB_OP_ROI_ALIGN] = rule_roi_align,
    [SB_OP_DETECTIONS] = rule_detections,
    [SB_OP_SELECT] = rule_nothing, /* a gather */
};

void sb_cost_add(struct sb_cost *sum, const struct sb_cost *cost)
{
    /* all fields are int64_t, so the struct is an array of them */
    static_assert(sizeof(struct sb_cost) % sizeof(int64_t) == 0, "sb_cost holds int64_t only");
    int64_t *to = (int64_t *)sum;
    const int64_t *from = (const int64_t *)cost;
    for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
        to[i] += from[i];
}

/* Weights that no earlier node has used; marks them used. */
static void count_slots(const struct sb_graph *g, const struct sb_node *n, unsigned char *seen,
                        struct sb_cost *c)
{
    for (int i = 0; i < n->num_slots; i++) {
        const struct sb_slot *slot = &g->slots[n->slots[i]];
        if (seen[n->slots[i]])
            continue;
        seen[n->slots[i]] = 1;
        const int64_t values = (int64_t)sb_slot_count(slot);
        switch (slot->kind) {
        case SB_SLOT_KERNEL:
            c->kernel_values += values;
            c->glorot_kernels += slot->init == SB_INIT_GLOROT;
            c->params += values;
            break;
        case SB_SLOT_GAMMA:
            c->bn_channels += values;
            c->params += values;
            break;
        case SB_SLOT_BIAS:
        case SB_SLOT_BETA:
            c->params += values;
            break;
        case SB_SLOT_MEAN:
        case SB_SLOT_VARIANCE:
            break; /* moving statistics are not trained */
        }
    }
}

/* Every product of the rules is at most (values in and out) x (values of the largest weight per
 * channel, or taps of the window, or 64 for box arithmetic). */
static bool fits(const struct sb_graph *g, const struct sb_node *n)
{
    double values = (double)count(n->shape), factor = 64;
    int64_t channels = n->shape.c; /* the fewest of input and output: a weight has a row for each */
    for (int i = 0; i < n->num_inputs; i++) {
        const struct sb_shape in = input_of(g, n, i)->shape;
        values += (double)count(in);
        channels = in.c < channels ? in.c : channels;
    }
    for (int i = 0; i < n->num_slots; i++) {
        const double weight = (double)sb_slot_count(&g->slots[n->slots[i]]);
        if (weight >= COUNT_LIMIT)
            return false;
        factor = weight / (double)channels > factor ? weight / (double)channels : factor;
    }
    if (n->op == SB_OP_MAXPOOL) {
        const double taps = (double)n->u.window.kernel_h * n->u.window.kernel_w;
        factor = taps > factor ? taps : factor;
    }
    return values * factor < COUNT_LIMIT;
}

static int count_node(const struct sb_graph *g, size_t index, unsigned char *seen,
                      struct sb_cost *c, struct sb_error *err)
{
    const struct sb_node *n = &g->nodes[index];
    memset(c, 0, sizeof(*c));
    if ((unsigned)n->op >= SB_OP_COUNT || !rules[n->op])
        return sb_error_set(err, SB_EUNSUPPORTED, "node '%s': no cost rule for op %d (%s)", n->path,
                            (int)n->op, sb_op_name(n->op));
    if (!fits(g, n))
        return sb_error_set(err, SB_EINVAL, "node '%s': too large to count its operations",
                            n->path);
    rules[n->op](g, n, c);
    count_slots(g, n, seen, c);
    c->nodes = 1;
    c->output_bytes = 4 * count(n->shape);
    for (int i = 0; i < n->num_inputs; i++)
        c->input_bytes += 4 * count(input_of(g, n, i)->shape);
    return 0;
}

/* last[i]: the last node that reads node i; num_nodes for the model's inputs and outputs, i itself
 * when nobody does. */
static void find_last_readers(const struct sb_graph *g, size_t *last)
{
    for (size_t i = 0; i < g->num_nodes; i++) {
        last[i] = i;
        for (int k = 0; k < g->nodes[i].num_inputs; k++)
            last[g->nodes[i].inputs[k]] = i;
    }
    for (size_t i = 0; i < g->num_nodes; i++) {
        if (g->nodes[i].output || g->nodes[i].op == SB_OP_INPUT)
            last[i] = g->num_nodes;
    }
}

static bool is_elementwise(enum sb_op op)
{
    return op == SB_OP_BATCHNORM || op == SB_OP_ACT || op == SB_OP_ADD || op == SB_OP_MUL ||
           op == SB_OP_SCALE;
}

/* True for an element-wise node one of whose inputs dies here and has its size. */
static bool can_overwrite(const struct sb_graph *g, size_t index, const size_t *last)
{
    const struct sb_node *n = &g->nodes[index];
    for (int k = 0; is_elementwise(n->op) && k < n->num_inputs; k++) {
        const size_t in = (size_t)n->inputs[k];
        if (last[in] == index && count(g->nodes[in].shape) == count(n->shape))
            return true;
    }
    return false;
}

/* Bytes of the distinct inputs of a node that nobody reads after it. */
static int64_t dying_bytes(const struct sb_graph *g, size_t index, const size_t *last)
{
    const struct sb_node *n = &g->nodes[index];
    int64_t bytes = last[index] == index ? 4 * count(n->shape) : 0;
    for (int k = 0; k < n->num_inputs; k++) {
        bool repeated = false;
        for (int j = 0; j < k; j++)
            repeated = repeated || n->inputs[j] == n->inputs[k];
        if (!repeated && last[n->inputs[k]] == index)
            bytes += 4 * count(input_of(g, n, k)->shape);
    }
    return bytes;
}

static void find_live_peak(const struct sb_graph *g, const size_t *last, struct sb_costs *out)
{
    int64_t alive = 0;
    for (size_t i = 0; i < g->num_nodes; i++) {
        const int64_t own = 4 * count(g->nodes[i].shape);
        const int64_t peak = alive + (can_overwrite(g, i, last) ? 0 : own);
        if (peak > out->live_peak_bytes) {
            out->live_peak_bytes = peak;
            out->live_peak_node = i;
        }
        alive += own - dying_bytes(g, i, last);
    }
}

int sb_costs_count(struct sb_costs *out, const struct sb_graph *graph, struct sb_error *err)
{
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    memset(out, 0, sizeof(*out));
    out->num_nodes = graph->num_nodes;
    out->node = sb_calloc(graph->num_nodes + 1, sizeof(*out->node), tag);
    unsigned char *seen = sb_calloc(graph->num_slots + 1, 1, tag);
    size_t *last = sb_calloc(graph->num_nodes + 1, sizeof(*last), tag);
    int rc = 0;
    if (!out->node || !seen || !last)
        rc = sb_error_nomem(err, "cost tables", graph->num_nodes * sizeof(*out->node));
    for (size_t i = 0; rc == 0 && i < graph->num_nodes; i++) {
        rc = count_node(graph, i, seen, &out->node[i], err);
        if (rc)
            break;
        sb_cost_add(&out->total, &out->node[i]);
        sb_cost_add(&out->level[graph->nodes[i].level], &out->node[i]);
    }
    if (rc == 0) {
        find_last_readers(graph, last);
        find_live_peak(graph, last, out);
    } else {
        sb_costs_release(out);
    }
    sb_free(last);
    sb_free(seen);
    return rc;
}

void sb_costs_release(struct sb_costs *costs)
{
    sb_free(costs->node);
    memset(costs, 0, sizeof(*costs));
}
