/* Building small networks. See support_net.h; the oracle's ops are in support_oracle.c. */
#include "tests/engine/support_net.h"

#include "base/mem.h"
#include "base/rng.h"
#include "tests/engine/support_oracle.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

static struct sb_error err;

static void *need(void *p)
{
    assert_non_null(p);
    return p;
}

static int node(int index)
{
    if (index < 0)
        assert_ok(index, &err);
    return index;
}

static const char *layer(struct net *net, const char *kind)
{
    static char name[64];
    snprintf(name, sizeof(name), "%s%d", kind, net->layers++);
    return name;
}

void net_init(struct net *net, struct sb_shape input)
{
    memset(net, 0, sizeof(*net));
    net->graph = need(sb_graph_new("net", &err));
    assert_ok(sb_graph_set_block(net->graph, "block", SB_LEVEL_3, &err), &err);
    node(sb_graph_input(net->graph, "input", input, &err));
}

void net_release(struct net *net)
{
    for (size_t i = 0; net->values && i < net->graph->num_nodes; i++)
        sb_free(net->values[i]);
    sb_free(net->values);
    sb_free(net->input);
    sb_free(net->weights.slots);
    sb_free(net->weights.arena);
    sb_graph_free(&net->graph);
}

struct sb_window net_window(int kernel, int stride, int pad)
{
    return (struct sb_window){kernel, kernel, stride, stride, pad, pad, pad, pad};
}

int net_conv(struct net *net, int input, int64_t cout, struct sb_window window)
{
    return node(
        sb_graph_conv(net->graph, input, layer(net, "conv"), NULL, cout, window, true, &err));
}

int net_conv_shared(struct net *net, int input, int like)
{
    const struct sb_node *n = &net->graph->nodes[like];
    const int64_t cout = n->shape.c;
    const struct sb_window window = n->u.window;
    char weights[64];
    snprintf(weights, sizeof(weights), "%s", n->path);
    return node(
        sb_graph_conv(net->graph, input, layer(net, "conv"), weights, cout, window, true, &err));
}

int net_dwconv(struct net *net, int input, struct sb_window window)
{
    return node(sb_graph_dwconv(net->graph, input, layer(net, "dwconv"), NULL, window, true, &err));
}

int net_deconv(struct net *net, int input, int64_t cout, struct sb_window window)
{
    return node(
        sb_graph_deconv(net->graph, input, layer(net, "deconv"), NULL, cout, window, true, &err));
}

int net_fc(struct net *net, int input, int64_t cout)
{
    return node(sb_graph_fc(net->graph, input, layer(net, "fc"), NULL, cout, true, &err));
}

int net_batchnorm(struct net *net, int input)
{
    return node(sb_graph_batchnorm(net->graph, input, layer(net, "bn"), NULL, 1e-3, &err));
}

int net_act(struct net *net, int input, enum sb_act act)
{
    return node(sb_graph_act(net->graph, input, layer(net, "act"), act, &err));
}

int net_add(struct net *net, int a, int b)
{
    const int inputs[2] = {a, b};
    return node(sb_graph_add(net->graph, inputs, 2, layer(net, "add"), &err));
}

int net_add3(struct net *net, int a, int b, int c)
{
    const int inputs[3] = {a, b, c};
    return node(sb_graph_add(net->graph, inputs, 3, layer(net, "add"), &err));
}

int net_mul(struct net *net, int x, int y)
{
    return node(sb_graph_mul(net->graph, x, y, layer(net, "mul"), &err));
}

int net_scale(struct net *net, int input, double factor)
{
    return node(sb_graph_scale(net->graph, input, layer(net, "scale"), factor, &err));
}

int net_maxpool(struct net *net, int input, struct sb_window window)
{
    return node(sb_graph_maxpool(net->graph, input, layer(net, "maxpool"), window, &err));
}

int net_unary(struct net *net, enum sb_op op, int input)
{
    return node(sb_graph_unary(net->graph, op, input, layer(net, sb_op_name(op)), &err));
}

int net_resize(struct net *net, int input, int64_t h, int64_t w)
{
    return node(sb_graph_resize(net->graph, input, layer(net, "resize"), h, w, &err));
}

void net_output(struct net *net, int index)
{
    char name[32];
    int n = 0;
    for (size_t i = 0; i < net->graph->num_nodes; i++)
        n += net->graph->nodes[i].output != NULL;
    snprintf(name, sizeof(name), "out%d", n);
    assert_ok(sb_graph_output(net->graph, index, name, &err), &err);
}

static float draw(struct sb_rng *rng, const struct sb_slot *slot, size_t fan_in)
{
    const double x = sb_rng_normal(rng);
    switch (slot->kind) {
    case SB_SLOT_KERNEL:
        return (float)(x * sqrt(2.0 / (double)fan_in));
    case SB_SLOT_GAMMA:
        return (float)(1 + 0.3 * x);
    case SB_SLOT_VARIANCE:
        return (float)(0.5 + fabs(x));
    default:
        return (float)(0.3 * x);
    }
}

static void fill_weights(struct net *net, struct sb_rng *rng)
{
    const struct sb_graph *g = net->graph;
    size_t total = 0;
    for (size_t i = 0; i < g->num_slots; i++)
        total += sb_slot_count(&g->slots[i]);
    net->weights.num_slots = g->num_slots;
    net->weights.slots = need(sb_calloc(g->num_slots, sizeof(float *), TAG));
    net->weights.arena = need(sb_calloc(total, sizeof(float), TAG));
    float *p = net->weights.arena;
    for (size_t i = 0; i < g->num_slots; i++) {
        const struct sb_slot *slot = &g->slots[i];
        const size_t count = sb_slot_count(slot);
        net->weights.slots[i] = p;
        for (size_t k = 0; k < count; k++)
            *p++ = draw(rng, slot, count / (size_t)slot->shape[0]);
    }
}

void net_fill(struct net *net, uint64_t seed)
{
    struct sb_rng rng = sb_rng_seed(seed);
    fill_weights(net, &rng);
    const size_t n = sb_shape_count(net->graph->nodes[0].shape);
    net->input = need(sb_calloc(n, sizeof(float), TAG));
    for (size_t i = 0; i < n; i++)
        net->input[i] = (float)sb_rng_normal(&rng);
    net->values = need(sb_calloc(net->graph->num_nodes, sizeof(double *), TAG));
    for (size_t i = 0; i < net->graph->num_nodes; i++)
        net->values[i] =
            need(sb_calloc(sb_shape_count(net->graph->nodes[i].shape), sizeof(double), TAG));
    net_run_oracle(net);
}

void net_run_oracle(struct net *net)
{
    const size_t n = sb_shape_count(net->graph->nodes[0].shape);
    for (size_t i = 0; i < n; i++)
        net->values[0][i] = (double)net->input[i];
    for (size_t i = 1; i < net->graph->num_nodes; i++)
        oracle_run(net->graph, &net->weights, (int)i, net->values);
}

static void assert_close(const char *name, const float *got, const double *want, size_t n,
                         double tolerance)
{
    double max = 0;
    for (size_t i = 0; i < n; i++)
        max = fabs(want[i]) > max ? fabs(want[i]) : max;
    for (size_t i = 0; i < n; i++) {
        if (!(fabs((double)got[i] - want[i]) <= tolerance * (1 + max)))
            fail_msg("%s[%zu] = %.9g, expected %.9g", name, i, (double)got[i], want[i]);
    }
}

void net_assert_plan(const struct net *net, struct sb_plan *plan, double tolerance)
{
    memcpy(sb_plan_input(plan, 0, NULL), net->input,
           sb_shape_count(net->graph->nodes[0].shape) * sizeof(float));
    assert_ok(sb_plan_run(plan, NULL, &err), &err);
    assert_true(sb_plan_num_outputs(plan) > 0);
    for (size_t i = 0; i < sb_plan_num_outputs(plan); i++) {
        const char *name = sb_plan_output_name(plan, i);
        const int index = sb_graph_find_output(net->graph, name);
        struct sb_shape shape;
        const float *got = sb_plan_output(plan, name, &shape);
        assert_true(sb_shape_equal(shape, net->graph->nodes[index].shape));
        assert_close(name, got, net->values[index], sb_shape_count(shape), tolerance);
    }
}

struct sb_plan_options net_options(void)
{
    struct sb_plan_options options;
    sb_plan_options_defaults(&options);
    options.threads = 2;
    return options;
}

struct sb_plan *net_plan(const struct net *net, const struct sb_plan_options *options)
{
    const struct sb_plan_options defaults = net_options();
    struct sb_plan *plan =
        sb_plan_new(net->graph, &net->weights, options ? options : &defaults, &err);
    if (!plan)
        assert_ok(err.code, &err);
    return plan;
}

void net_assert_options(const struct net *net, const struct sb_plan_options *options)
{
    struct sb_plan *plan = net_plan(net, options);
    net_assert_plan(net, plan, 2e-6);
    sb_plan_free(&plan);
}

void net_assert_engines(const struct net *net)
{
    struct sb_plan_options options = net_options();
    options.engine = SB_ENGINE_OPENBLAS;
    net_assert_options(net, &options);
    options.engine = SB_ENGINE_NATIVE;
    for (int cpu = 0; cpu <= (int)sb_cpu_detect(); cpu++) {
        options.cpu = (enum sb_cpu)cpu;
        net_assert_options(net, &options);
    }
}
