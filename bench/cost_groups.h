/*
 * Costs summed by op, level or block, in the order in which a reader expects them: levels from
 * stem to head, ops and blocks as they first appear in the graph.
 */
#ifndef SB_BENCH_COST_GROUPS_H
#define SB_BENCH_COST_GROUPS_H

#include "base/error.h"
#include "bench/costs.h"
#include "models/graph.h"

#include <stddef.h>

enum sb_group_by { SB_BY_TOTAL, SB_BY_OP, SB_BY_BLOCK, SB_BY_LEVEL };

struct sb_cost_group {
    const char *key; /* "conv", "backbone/block14", "L3"; borrowed from the graph or static */
    struct sb_cost cost;
};

struct sb_cost_groups {
    struct sb_cost_group *items; /* owned */
    size_t count, capacity;
};

/* BY_TOTAL gives one group with the key "all". */
int sb_costs_group(struct sb_cost_groups *out, const struct sb_costs *costs,
                   const struct sb_graph *graph, enum sb_group_by by, struct sb_error *err);
void sb_cost_groups_release(struct sb_cost_groups *groups);

/* "total", "op", "block", "level" */
const char *sb_group_by_name(enum sb_group_by by);
int sb_group_by_parse(const char *name, enum sb_group_by *out, struct sb_error *err);

#endif
