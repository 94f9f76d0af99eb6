/*
 * Adding nodes and weight slots. Every builder fills a node and its slots' shapes and ends in
 * add_node(), which copies the inputs, infers the shape and appends. See graph.h.
 */
#include "models/graph.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/size.h"
#include "models/graph_shape.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* Copies text into the graph's strings; NULL when out of memory. */
static const char *intern(struct sb_graph *g, const char *text, struct sb_error *err)
{
    char *copy = NULL;
    if (sb_grow(&g->strings, &g->cap_strings, g->num_strings + 1, sizeof(*g->strings), TAG) == 0)
        copy = sb_strdup(text);
    if (!copy) {
        sb_error_nomem(err, "a graph's names", strlen(text) + 1);
        return NULL;
    }
    g->strings[g->num_strings++] = copy;
    return copy;
}

int sb_graph_set_block(struct sb_graph *graph, const char *block, enum sb_level level,
                       struct sb_error *err)
{
    const char *copy = *block ? intern(graph, block, err) : "";
    SB_CHECK(copy, SB_ENOMEM);
    graph->block = copy;
    graph->level = level;
    return 0;
}

void sb_graph_set_init(struct sb_graph *graph, enum sb_init init)
{
    graph->init = init;
}

static void table_insert(struct sb_graph *g, size_t slot)
{
    const char *name = g->slots[slot].name;
    const size_t mask = g->cap_table - 1;
    size_t i = sb_fnv1a(SB_FNV_START, name, strlen(name)) & mask;
    while (g->slot_table[i])
        i = (i + 1) & mask;
    g->slot_table[i] = slot + 1;
}

/* Keeps the table of slot names at most half full. */
static int table_reserve(struct sb_graph *g, struct sb_error *err)
{
    if (2 * (g->num_slots + 1) <= g->cap_table)
        return 0;
    const size_t cap = g->cap_table ? 2 * g->cap_table : 64;
    size_t *fresh = sb_calloc(cap, sizeof(*fresh), TAG);
    if (!fresh)
        return sb_error_nomem(err, "a graph's slot table", cap * sizeof(*fresh));
    sb_free(g->slot_table);
    g->slot_table = fresh;
    g->cap_table = cap;
    for (size_t i = 0; i < g->num_slots; i++)
        table_insert(g, i);
    return 0;
}

static int check_slot_size(const struct sb_slot *slot, const char *name, struct sb_error *err)
{
    const struct sb_shape shape = {slot->shape[0], slot->shape[1], slot->shape[2], slot->shape[3]};
    return sb_shape_check(shape, name, err);
}

static int shared_slot(const struct sb_graph *g, int index, const struct sb_slot *want,
                       struct sb_error *err)
{
    const struct sb_slot *have = &g->slots[index];
    if (have->op == want->op && memcmp(have->shape, want->shape, sizeof(want->shape)) == 0)
        return index;
    return sb_error_set(err, SB_EINVAL,
                        "weights '%s' are shared by a %s of shape (%" PRId64 ", %" PRId64
                        ", %" PRId64 ", %" PRId64 ") and a %s of shape (%" PRId64 ", %" PRId64
                        ", %" PRId64 ", %" PRId64 ")",
                        have->name, sb_op_name(have->op), have->shape[0], have->shape[1],
                        have->shape[2], have->shape[3], sb_op_name(want->op), want->shape[0],
                        want->shape[1], want->shape[2], want->shape[3]);
}

/* The slot "base/kind" with the shape, op and layout of `want`; new unless it exists already. */
static int add_slot(struct sb_graph *g, const char *base, const struct sb_slot *want,
                    struct sb_error *err)
{
    char name[512];
    const int n = snprintf(name, sizeof(name), "%s/%s", base, sb_slot_kind_name(want->kind));
    if (n < 0 || (size_t)n >= sizeof(name))
        return sb_error_set(err, SB_EINVAL, "weights name '%.60s...' is too long", base);
    const int found = sb_graph_find_slot(g, name);
    if (found >= 0)
        return shared_slot(g, found, want, err);
    int rc = check_slot_size(want, name, err);
    if (rc == 0)
        rc = table_reserve(g, err);
    if (rc)
        return rc;
    if (sb_grow(&g->slots, &g->cap_slots, g->num_slots + 1, sizeof(*g->slots), TAG))
        return sb_error_nomem(err, "a graph's weight slots", g->num_slots * sizeof(*g->slots));
    struct sb_slot *slot = &g->slots[g->num_slots];
    *slot = *want;
    slot->name = intern(g, name, err);
    SB_CHECK(slot->name, SB_ENOMEM);
    table_insert(g, g->num_slots);
    return (int)g->num_slots++;
}

/* Adds a slot of `node`; returns 0 or an error. */
static int node_slot(struct sb_graph *g, struct sb_node *node, const char *base,
                     const struct sb_slot *want, struct sb_error *err)
{
    const int index = add_slot(g, base, want, err);
    SB_CHECK(index >= 0, index);
    node->slots[node->num_slots++] = index;
    return 0;
}

/* A one-dimensional slot: bias and BN values per channel. */
static int vector_slot(struct sb_graph *g, struct sb_node *node, const char *base,
                       enum sb_slot_kind kind, int64_t count, struct sb_error *err)
{
    const struct sb_slot want = {
        .kind = kind, .op = node->op, .ndim = 1, .shape = {count, 1, 1, 1}};
    return node_slot(g, node, base, &want, err);
}

static int check_inputs(const struct sb_graph *g, const int *inputs, int num_inputs,
                        const char *path, struct sb_error *err)
{
    for (int i = 0; i < num_inputs; i++) {
        if (inputs[i] < 0)
            return inputs[i];
        if ((size_t)inputs[i] >= g->num_nodes)
            return sb_error_set(err, SB_EINVAL, "%s: input %d does not exist", path, inputs[i]);
    }
    return 0;
}

/* Copies `draft` into the graph; its input indices are checked, its path, block and level set. */
static int add_node(struct sb_graph *g, struct sb_node draft, const int *inputs, int num_inputs,
                    const char *path, struct sb_error *err)
{
    int rc = SB_ENOMEM;
    if (g->num_nodes >= INT_MAX)
        return sb_error_set(err, SB_EINVAL, "%s: too many nodes", path);
    if (sb_grow(&g->nodes, &g->cap_nodes, g->num_nodes + 1, sizeof(*g->nodes), TAG))
        return sb_error_nomem(err, "a graph's nodes", g->num_nodes * sizeof(*g->nodes));
    draft.path = intern(g, path, err);
    SB_CHECK(draft.path, SB_ENOMEM);
    draft.block = g->block;
    draft.level = g->level;
    draft.num_inputs = num_inputs;
    draft.inputs = sb_calloc((size_t)num_inputs, sizeof(*inputs), TAG);
    if (!draft.inputs)
        return sb_error_nomem(err, "a node's inputs", (size_t)num_inputs * sizeof(*inputs));
    if (num_inputs > 0)
        memcpy(draft.inputs, inputs, (size_t)num_inputs * sizeof(*inputs));
    rc = sb_graph_infer(g, &draft, &draft.shape, err);
    if (rc) {
        sb_free(draft.inputs);
        return rc;
    }
    g->nodes[g->num_nodes] = draft;
    return (int)g->num_nodes++;
}

int sb_graph_input(struct sb_graph *graph, const char *path, struct sb_shape shape,
                   struct sb_error *err)
{
    const struct sb_node draft = {.op = SB_OP_INPUT, .shape = shape};
    return add_node(graph, draft, NULL, 0, path, err);
}

/* The convolutions: kernel slot of the given shape, optional bias over `cout` channels. */
static int add_conv(struct sb_graph *g, struct sb_node draft, int input, const char *path,
                    const char *weights, struct sb_slot kernel, int64_t cout, bool bias,
                    struct sb_error *err)
{
    const char *base = weights ? weights : path;
    kernel.kind = SB_SLOT_KERNEL;
    kernel.op = draft.op;
    kernel.init = draft.op == SB_OP_DWCONV ? SB_INIT_GLOROT : g->init;
    int rc = node_slot(g, &draft, base, &kernel, err);
    if (rc == 0 && bias)
        rc = vector_slot(g, &draft, base, SB_SLOT_BIAS, cout, err);
    return rc ? rc : add_node(g, draft, &input, 1, path, err);
}

int sb_graph_conv(struct sb_graph *graph, int input, const char *path, const char *weights,
                  int64_t cout, struct sb_window window, bool bias, struct sb_error *err)
{
    const int rc = check_inputs(graph, &input, 1, path, err);
    SB_CHECK(rc == 0, rc);
    const struct sb_node draft = {.op = SB_OP_CONV, .u.window = window};
    const int64_t cin = graph->nodes[input].shape.c;
    const struct sb_slot kernel = {.ndim = 4,
                                   .shape = {cout, cin, window.kernel_h, window.kernel_w}};
    return add_conv(graph, draft, input, path, weights, kernel, cout, bias, err);
}

int sb_graph_dwconv(struct sb_graph *graph, int input, const char *path, const char *weights,
                    struct sb_window window, bool bias, struct sb_error *err)
{
    const int rc = check_inputs(graph, &input, 1, path, err);
    SB_CHECK(rc == 0, rc);
    const struct sb_node draft = {.op = SB_OP_DWCONV, .u.window = window};
    const int64_t channels = graph->nodes[input].shape.c;
    const struct sb_slot kernel = {.ndim = 4,
                                   .shape = {channels, 1, window.kernel_h, window.kernel_w}};
    return add_conv(graph, draft, input, path, weights, kernel, channels, bias, err);
}

int sb_graph_deconv(struct sb_graph *graph, int input, const char *path, const char *weights,
                    int64_t cout, struct sb_window window, bool bias, struct sb_error *err)
{
    const int rc = check_inputs(graph, &input, 1, path, err);
    SB_CHECK(rc == 0, rc);
    const struct sb_node draft = {.op = SB_OP_DECONV, .u.window = window};
    const int64_t cin = graph->nodes[input].shape.c;
    const struct sb_slot kernel = {.ndim = 4,
                                   .shape = {cin, cout, window.kernel_h, window.kernel_w}};
    return add_conv(graph, draft, input, path, weights, kernel, cout, bias, err);
}

int sb_graph_fc(struct sb_graph *graph, int input, const char *path, const char *weights,
                int64_t cout, bool bias, struct sb_error *err)
{
    const int rc = check_inputs(graph, &input, 1, path, err);
    SB_CHECK(rc == 0, rc);
    const struct sb_node draft = {.op = SB_OP_FC};
    const struct sb_shape in = graph->nodes[input].shape;
    size_t columns = (size_t)in.c;
    if (!sb_mul_size(columns, (size_t)in.h, &columns) ||
        !sb_mul_size(columns, (size_t)in.w, &columns) || columns > INT32_MAX)
        return sb_error_set(err, SB_EINVAL, "%s: too many inputs for a matrix product", path);
    const struct sb_slot kernel = {
        .ndim = 2, .shape = {cout, (int64_t)columns, 1, 1}, .fc_chw = {in.c, in.h, in.w}};
    return add_conv(graph, draft, input, path, weights, kernel, cout, bias, err);
}

int sb_graph_batchnorm(struct sb_graph *graph, int input, const char *path, const char *weights,
                       double epsilon, struct sb_error *err)
{
    static const enum sb_slot_kind kinds[4] = {SB_SLOT_GAMMA, SB_SLOT_BETA, SB_SLOT_MEAN,
                                               SB_SLOT_VARIANCE};
    int rc = check_inputs(graph, &input, 1, path, err);
    SB_CHECK(rc == 0, rc);
    if (!(epsilon > 0.0 && epsilon < 1.0))
        return sb_error_set(err, SB_EINVAL, "%s: epsilon must be above 0 and below 1, got %g", path,
                            epsilon);
    struct sb_node draft = {.op = SB_OP_BATCHNORM, .u.batchnorm.epsilon = epsilon};
    for (int i = 0; i < 4 && rc == 0; i++)
        rc = vector_slot(graph, &draft, weights ? weights : path, kinds[i],
                         graph->nodes[input].shape.c, err);
    return rc ? rc : add_node(graph, draft, &input, 1, path, err);
}

/* Ops without slots. */
static int add_plain(struct sb_graph *g, struct sb_node draft, const int *inputs, int num_inputs,
                     const char *path, struct sb_error *err)
{
    const int rc = check_inputs(g, inputs, num_inputs, path, err);
    return rc ? rc : add_node(g, draft, inputs, num_inputs, path, err);
}

int sb_graph_act(struct sb_graph *graph, int input, const char *path, enum sb_act act,
                 struct sb_error *err)
{
    const struct sb_node draft = {.op = SB_OP_ACT, .u.act.kind = act};
    return add_plain(graph, draft, &input, 1, path, err);
}

int sb_graph_add(struct sb_graph *graph, const int *inputs, int num_inputs, const char *path,
                 struct sb_error *err)
{
    const struct sb_node draft = {.op = SB_OP_ADD};
    if (num_inputs < 2)
        return sb_error_set(err, SB_EINVAL, "%s: add needs at least two inputs", path);
    return add_plain(graph, draft, inputs, num_inputs, path, err);
}

int sb_graph_mul(struct sb_graph *graph, int x, int y, const char *path, struct sb_error *err)
{
    const struct sb_node draft = {.op = SB_OP_MUL};
    const int inputs[2] = {x, y};
    return add_plain(graph, draft, inputs, 2, path, err);
}

int sb_graph_scale(struct sb_graph *graph, int input, const char *path, double factor,
                   struct sb_error *err)
{
    const struct sb_node draft = {.op = SB_OP_SCALE, .u.scale.factor = factor};
    return add_plain(graph, draft, &input, 1, path, err);
}

int sb_graph_maxpool(struct sb_graph *graph, int input, const char *path, struct sb_window window,
                     struct sb_error *err)
{
    const struct sb_node draft = {.op = SB_OP_MAXPOOL, .u.window = window};
    return add_plain(graph, draft, &input, 1, path, err);
}

int sb_graph_unary(struct sb_graph *graph, enum sb_op op, int input, const char *path,
                   struct sb_error *err)
{
    const struct sb_node draft = {.op = op};
    if (op != SB_OP_GLOBAL_AVG && op != SB_OP_GLOBAL_MAX && op != SB_OP_SOFTMAX)
        return sb_error_set(err, SB_EINVAL, "%s: %s is no unary op", path, sb_op_name(op));
    return add_plain(graph, draft, &input, 1, path, err);
}

int sb_graph_resize(struct sb_graph *graph, int input, const char *path, int64_t h, int64_t w,
                    struct sb_error *err)
{
    const struct sb_node draft = {.op = SB_OP_RESIZE, .shape = {1, 1, h, w}};
    return add_plain(graph, draft, &input, 1, path, err);
}

int sb_graph_repeat(struct sb_graph *graph, int input, const char *path, int64_t factor,
                    struct sb_error *err)
{
    const bool known = input >= 0 && (size_t)input < graph->num_nodes; /* else add_plain refuses */
    const struct sb_shape in = known ? graph->nodes[input].shape : (struct sb_shape){1, 1, 1, 1};
    struct sb_node draft = {.op = SB_OP_RESIZE, .shape = {1, 1, 0, 0}, .u.resize.repeats = true};
    if (__builtin_mul_overflow(in.h, factor, &draft.shape.h) ||
        __builtin_mul_overflow(in.w, factor, &draft.shape.w))
        return sb_error_set(err, SB_EINVAL, "%s: enlarging by %lld is too large", path,
                            (long long)factor);
    return add_plain(graph, draft, &input, 1, path, err);
}

int sb_graph_region(struct sb_graph *graph, enum sb_op op, const int *inputs, int num_inputs,
                    const char *path, struct sb_shape shape, const struct sb_region_params *params,
                    struct sb_error *err)
{
    const struct sb_node draft = {.op = op, .shape = shape, .u.region = *params};
    if (op != SB_OP_PROPOSALS && op != SB_OP_ROI_ALIGN && op != SB_OP_DETECTIONS)
        return sb_error_set(err, SB_EINVAL, "%s: %s is no region op", path, sb_op_name(op));
    return add_plain(graph, draft, inputs, num_inputs, path, err);
}

int sb_graph_select(struct sb_graph *graph, int x, int rows, const char *path, struct sb_error *err)
{
    const struct sb_node draft = {.op = SB_OP_SELECT};
    const int inputs[2] = {x, rows};
    return add_plain(graph, draft, inputs, 2, path, err);
}

int sb_graph_output(struct sb_graph *graph, int node, const char *name, struct sb_error *err)
{
    const int rc = check_inputs(graph, &node, 1, name, err);
    SB_CHECK(rc == 0, rc);
    if (sb_graph_find_output(graph, name) >= 0)
        return sb_error_set(err, SB_EINVAL, "two outputs are named '%s'", name);
    if (graph->nodes[node].output)
        return sb_error_set(err, SB_EINVAL, "%s is output '%s' and '%s'", graph->nodes[node].path,
                            graph->nodes[node].output, name);
    graph->nodes[node].output = intern(graph, name, err);
    return graph->nodes[node].output ? 0 : SB_ENOMEM;
}
