/* Re-checks a finished graph: what the builders promise, and what only the whole can tell. */
#include "base/mem.h"
#include "models/graph.h"
#include "models/graph_shape.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_unique_paths(const struct sb_graph *g, struct sb_error *err)
{
    const size_t n = g->num_nodes;
    const char **names = sb_calloc(n, sizeof(*names), SB_MEM_TAG(SB_MEM_DATA, 0));
    int rc = 0;
    if (!names)
        return sb_error_nomem(err, "a graph's names", n * sizeof(*names));
    for (size_t i = 0; i < n; i++)
        names[i] = g->nodes[i].path;
    qsort(names, n, sizeof(*names), compare_names);
    for (size_t i = 1; i < n && rc == 0; i++) {
        if (strcmp(names[i - 1], names[i]) == 0)
            rc = sb_error_set(err, SB_EINVAL, "two nodes have the path '%s'", names[i]);
    }
    sb_free(names);
    return rc;
}

/* Slots an op must have: 0 is none, -1 is one or two (kernel and optional bias). */
static int slots_of(enum sb_op op)
{
    switch (op) {
    case SB_OP_CONV:
    case SB_OP_DWCONV:
    case SB_OP_DECONV:
    case SB_OP_FC:
        return -1;
    case SB_OP_BATCHNORM:
        return 4;
    default:
        return 0;
    }
}

static int check_links(const struct sb_graph *g, size_t index, struct sb_error *err)
{
    const struct sb_node *n = &g->nodes[index];
    if ((size_t)n->op >= SB_OP_COUNT)
        return sb_error_set(err, SB_EUNSUPPORTED, "%s: unknown op %d", n->path, (int)n->op);
    if ((n->num_inputs == 0) != (n->op == SB_OP_INPUT))
        return sb_error_set(err, SB_EINVAL, "%s: %s has %d inputs", n->path, sb_op_name(n->op),
                            n->num_inputs);
    for (int i = 0; i < n->num_inputs; i++) {
        if (n->inputs[i] < 0 || (size_t)n->inputs[i] >= index)
            return sb_error_set(err, SB_EINVAL, "%s: input %d is not an earlier node", n->path,
                                n->inputs[i]);
    }
    const int want = slots_of(n->op);
    const bool count_ok = want < 0 ? n->num_slots == 1 || n->num_slots == 2 : n->num_slots == want;
    for (int i = 0; i < n->num_slots; i++) {
        if (!count_ok || n->slots[i] < 0 || (size_t)n->slots[i] >= g->num_slots)
            return sb_error_set(err, SB_EINVAL, "%s: bad weight slots", n->path);
    }
    return count_ok ? 0 : sb_error_set(err, SB_EINVAL, "%s: weight slots missing", n->path);
}

static int check_shape(const struct sb_graph *g, const struct sb_node *n, struct sb_error *err)
{
    struct sb_shape shape;
    char have[SB_SHAPE_TEXT], want[SB_SHAPE_TEXT];
    const int rc = sb_graph_infer(g, n, &shape, err);
    if (rc || sb_shape_equal(shape, n->shape))
        return rc;
    return sb_error_set(err, SB_EINVAL, "%s: shape is %s, inferred %s", n->path,
                        sb_shape_text(n->shape, have), sb_shape_text(shape, want));
}

/* Every node must lead to an output: nothing is computed in vain. */
static int check_used(const struct sb_graph *g, struct sb_error *err)
{
    bool *used = sb_calloc(g->num_nodes, sizeof(*used), SB_MEM_TAG(SB_MEM_DATA, 0));
    int rc = 0;
    if (!used)
        return sb_error_nomem(err, "a graph's nodes", g->num_nodes);
    for (size_t i = g->num_nodes; i-- > 0 && rc == 0;) {
        const struct sb_node *n = &g->nodes[i];
        if (!used[i] && !n->output)
            rc = sb_error_set(err, SB_EINVAL, "%s: nothing uses its output", n->path);
        for (int k = 0; k < n->num_inputs; k++)
            used[n->inputs[k]] = true;
    }
    sb_free(used);
    return rc;
}

int sb_graph_check(const struct sb_graph *graph, struct sb_error *err)
{
    if (graph->num_nodes == 0)
        return sb_error_set(err, SB_EINVAL, "graph '%s' is empty", graph->name);
    for (size_t i = 0; i < graph->num_nodes; i++) {
        int rc = check_links(graph, i, err);
        if (rc == 0)
            rc = check_shape(graph, &graph->nodes[i], err);
        if (rc)
            return rc;
    }
    const int rc = check_unique_paths(graph, err);
    return rc ? rc : check_used(graph, err);
}
