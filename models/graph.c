/*
 * The graph object: life cycle, names, sizes and look-ups. Nodes are added in graph_build.c, shapes
 * inferred in graph_shape.c, invariants checked in graph_check.c. See graph.h.
 */
#include "models/graph.h"

#include "base/hash.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct sb_graph *sb_graph_new(const char *name, struct sb_error *err)
{
    struct sb_graph *g = sb_calloc(1, sizeof(*g), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (g)
        g->name = sb_strdup(name);
    if (!g || !g->name) {
        sb_error_nomem(err, "a graph", sizeof(*g));
        sb_graph_free(&g);
        return NULL;
    }
    g->block = "";
    return g;
}

void sb_graph_free(struct sb_graph **graph)
{
    struct sb_graph *g = *graph;
    *graph = NULL;
    if (!g)
        return;
    for (size_t i = 0; i < g->num_nodes; i++)
        sb_free(g->nodes[i].inputs);
    for (size_t i = 0; i < g->num_strings; i++)
        sb_free(g->strings[i]);
    sb_free(g->nodes);
    sb_free(g->slots);
    sb_free(g->strings);
    sb_free(g->slot_table);
    sb_free(g->name);
    sb_free(g);
}

const char *sb_op_name(enum sb_op op)
{
    static const char *const names[] = {
        [SB_OP_INPUT] = "input",
        [SB_OP_CONV] = "conv",
        [SB_OP_DWCONV] = "dwconv",
        [SB_OP_DECONV] = "deconv",
        [SB_OP_FC] = "fc",
        [SB_OP_BATCHNORM] = "batchnorm",
        [SB_OP_ACT] = "act",
        [SB_OP_ADD] = "add",
        [SB_OP_MUL] = "mul",
        [SB_OP_SCALE] = "scale",
        [SB_OP_MAXPOOL] = "maxpool",
        [SB_OP_GLOBAL_AVG] = "global_avg",
        [SB_OP_GLOBAL_MAX] = "global_max",
        [SB_OP_RESIZE] = "resize",
        [SB_OP_SOFTMAX] = "softmax",
        [SB_OP_PROPOSALS] = "proposals",
        [SB_OP_ROI_ALIGN] = "roi_align",
        [SB_OP_DETECTIONS] = "detections",
        [SB_OP_SELECT] = "select",
    };
    _Static_assert(sizeof(names) / sizeof(names[0]) == SB_OP_COUNT, "every op has a name");
    return (size_t)op < SB_OP_COUNT ? names[op] : "unknown";
}

const char *sb_act_name(enum sb_act act)
{
    switch (act) {
    case SB_ACT_NONE:
        return "none";
    case SB_ACT_RELU:
        return "relu";
    case SB_ACT_SWISH:
        return "swish";
    case SB_ACT_SIGMOID:
        return "sigmoid";
    }
    return "unknown";
}

const char *sb_slot_kind_name(enum sb_slot_kind kind)
{
    switch (kind) {
    case SB_SLOT_KERNEL:
        return "kernel";
    case SB_SLOT_BIAS:
        return "bias";
    case SB_SLOT_GAMMA:
        return "gamma";
    case SB_SLOT_BETA:
        return "beta";
    case SB_SLOT_MEAN:
        return "moving_mean";
    case SB_SLOT_VARIANCE:
        return "moving_variance";
    }
    return "unknown";
}

const char *sb_shape_text(struct sb_shape shape, char buf[SB_SHAPE_TEXT])
{
    snprintf(buf, SB_SHAPE_TEXT, "(%" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64 ")", shape.n,
             shape.c, shape.h, shape.w);
    return buf;
}

bool sb_shape_equal(struct sb_shape a, struct sb_shape b)
{
    return a.n == b.n && a.c == b.c && a.h == b.h && a.w == b.w;
}

size_t sb_shape_count(struct sb_shape shape)
{
    return (size_t)shape.n * (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
}

size_t sb_slot_count(const struct sb_slot *slot)
{
    return (size_t)slot->shape[0] * (size_t)slot->shape[1] * (size_t)slot->shape[2] *
           (size_t)slot->shape[3];
}

int sb_graph_find_output(const struct sb_graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->num_nodes; i++) {
        const char *output = graph->nodes[i].output;
        if (output && strcmp(output, name) == 0)
            return (int)i;
    }
    return -1;
}

int sb_graph_find_slot(const struct sb_graph *graph, const char *name)
{
    if (graph->cap_table == 0)
        return -1;
    const size_t mask = graph->cap_table - 1;
    for (size_t i = sb_fnv1a(SB_FNV_START, name, strlen(name)) & mask; graph->slot_table[i];
         i = (i + 1) & mask) {
        const size_t slot = graph->slot_table[i] - 1;
        if (strcmp(graph->slots[slot].name, name) == 0)
            return (int)slot;
    }
    return -1;
}

size_t sb_graph_params(const struct sb_graph *graph)
{
    size_t total = 0;
    for (size_t i = 0; i < graph->num_slots; i++) {
        const struct sb_slot *slot = &graph->slots[i];
        if (slot->kind != SB_SLOT_MEAN && slot->kind != SB_SLOT_VARIANCE)
            total += sb_slot_count(slot);
    }
    return total;
}
