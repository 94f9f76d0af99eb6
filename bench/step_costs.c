/* From costs of nodes to costs of steps. See step_costs.h. */
#include "bench/step_costs.h"

#include "base/mem.h"

#include <string.h>

#define TAG  SB_MEM_TAG(SB_MEM_DATA, 0)
#define NONE SIZE_MAX

/* owner[i] := the first step named after node i, NONE for the others: a later step of that name
 * copies its output into another layout. */
static void find_named(const struct sb_plan *plan, const struct sb_graph *graph, size_t *owner)
{
    for (size_t i = 0; i < graph->num_nodes; i++)
        owner[i] = NONE;
    size_t node = 0; /* steps follow the graph's order, so the search goes on from the last hit */
    for (size_t s = 0; s < sb_plan_num_steps(plan); s++) {
        struct sb_step_info info;
        sb_plan_step_info(plan, s, &info);
        for (size_t tried = 0; tried < graph->num_nodes; tried++) {
            const size_t i = (node + tried) % graph->num_nodes;
            if (strcmp(graph->nodes[i].path, info.path) == 0) {
                if (owner[i] == NONE)
                    owner[i] = s;
                node = i;
                break;
            }
        }
    }
}

/* Unnamed nodes belong to the step of their first reader that has one; readers come later, so one
 * backward walk settles all. */
static void hand_down(const struct sb_graph *graph, size_t *owner)
{
    for (size_t i = graph->num_nodes; i-- > 0;) {
        const struct sb_node *n = &graph->nodes[i];
        for (int k = 0; k < n->num_inputs && owner[i] != NONE; k++) {
            if (owner[n->inputs[k]] == NONE && graph->nodes[n->inputs[k]].op != SB_OP_INPUT)
                owner[n->inputs[k]] = owner[i];
        }
    }
}

/* Takes from each step's reads what its nodes read from each other, and what is never in memory. */
static void leave_out_inner_reads(struct sb_cost *steps, const struct sb_plan *plan,
                                  const struct sb_graph *graph, const size_t *owner)
{
    for (size_t i = 0; i < graph->num_nodes; i++) {
        const struct sb_node *n = &graph->nodes[i];
        for (int k = 0; k < n->num_inputs && owner[i] != NONE; k++) {
            const size_t from = owner[n->inputs[k]];
            struct sb_step_info info = {.output_bytes = 1}; /* of an input of the model */
            if (from != NONE)
                sb_plan_step_info(plan, from, &info);
            if (from == owner[i] || info.output_bytes == 0)
                steps[owner[i]].input_bytes -=
                    4 * (int64_t)sb_shape_count(graph->nodes[n->inputs[k]].shape);
        }
    }
}

int sb_step_costs(struct sb_cost **steps, const struct sb_plan *plan, const struct sb_graph *graph,
                  const struct sb_costs *costs, struct sb_error *err)
{
    const size_t num_steps = sb_plan_num_steps(plan);
    size_t *owner = sb_calloc(graph->num_nodes + 1, sizeof(*owner), TAG);
    *steps = sb_calloc(num_steps + 1, sizeof(**steps), TAG);
    int rc = 0;
    if (!owner || !*steps) {
        rc = sb_error_nomem(err, "costs of steps", num_steps * sizeof(**steps));
    } else {
        find_named(plan, graph, owner);
        hand_down(graph, owner);
    }
    for (size_t i = 0; rc == 0 && i < graph->num_nodes; i++) {
        if (owner[i] != NONE)
            sb_cost_add(&(*steps)[owner[i]], &costs->node[i]);
        else if (graph->nodes[i].op != SB_OP_INPUT)
            rc = sb_error_set(err, SB_EINTERNAL, "node '%s' is computed by no step of the plan",
                              graph->nodes[i].path);
    }
    if (rc == 0)
        leave_out_inner_reads(*steps, plan, graph, owner);
    sb_free(owner);
    if (rc) {
        sb_free(*steps);
        *steps = NULL;
    }
    return rc;
}
