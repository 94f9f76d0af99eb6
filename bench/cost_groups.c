/* Sums of costs. See cost_groups.h. */
#include "bench/cost_groups.h"

#include "base/mem.h"

#include <string.h>

static const char *const names[] = {
    [SB_BY_TOTAL] = "total",
    [SB_BY_OP] = "op",
    [SB_BY_BLOCK] = "block",
    [SB_BY_LEVEL] = "level",
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

const char *sb_group_by_name(enum sb_group_by by)
{
    return (unsigned)by < N_NAMES ? names[by] : "unknown";
}

int sb_group_by_parse(const char *name, enum sb_group_by *out, struct sb_error *err)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum sb_group_by)i;
            return 0;
        }
    }
    sb_error_set(err, SB_EINVAL, "cannot group by '%s'", name);
    return sb_error_hint(err, "one of op, block, level, total");
}

static const char *key_of(const struct sb_node *n, enum sb_group_by by)
{
    switch (by) {
    case SB_BY_OP:
        return sb_op_name(n->op);
    case SB_BY_BLOCK:
        return n->block && n->block[0] ? n->block : "none";
    case SB_BY_LEVEL:
        return sb_level_name(n->level);
    case SB_BY_TOTAL:
        break;
    }
    return "all";
}

/* The group of a key, made when there is none; NULL when out of memory. Nodes of one group are
 * mostly neighbours, so the search starts at the end. */
static struct sb_cost_group *group_for(struct sb_cost_groups *g, const char *key)
{
    for (size_t i = g->count; i-- > 0;) {
        if (strcmp(g->items[i].key, key) == 0)
            return &g->items[i];
    }
    if (sb_grow(&g->items, &g->capacity, g->count + 1, sizeof(*g->items),
                SB_MEM_TAG(SB_MEM_DATA, 0)))
        return NULL;
    struct sb_cost_group *fresh = &g->items[g->count++];
    memset(fresh, 0, sizeof(*fresh));
    fresh->key = key;
    return fresh;
}

/* Levels in pyramid order, stem first; those without a node are left out. */
static int add_levels(struct sb_cost_groups *out, const struct sb_costs *costs)
{
    static const enum sb_level order[] = {
        SB_LEVEL_NONE, SB_LEVEL_STEM, SB_LEVEL_1, SB_LEVEL_2, SB_LEVEL_3,
        SB_LEVEL_4,    SB_LEVEL_5,    SB_LEVEL_6, SB_LEVEL_7, SB_LEVEL_HEAD,
    };
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (costs->level[order[i]].nodes == 0)
            continue;
        struct sb_cost_group *group = group_for(out, sb_level_name(order[i]));
        if (!group)
            return SB_ENOMEM;
        group->cost = costs->level[order[i]];
    }
    return 0;
}

int sb_costs_group(struct sb_cost_groups *out, const struct sb_costs *costs,
                   const struct sb_graph *graph, enum sb_group_by by, struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    int rc = by == SB_BY_LEVEL ? add_levels(out, costs) : 0;
    for (size_t i = 0; i < graph->num_nodes && by != SB_BY_LEVEL && rc == 0; i++) {
        struct sb_cost_group *group = group_for(out, key_of(&graph->nodes[i], by));
        if (group)
            sb_cost_add(&group->cost, &costs->node[i]);
        else
            rc = SB_ENOMEM;
    }
    if (rc) {
        sb_cost_groups_release(out);
        return sb_error_nomem(err, "cost groups", graph->num_nodes * sizeof(*out->items));
    }
    return 0;
}

void sb_cost_groups_release(struct sb_cost_groups *groups)
{
    sb_free(groups->items);
    memset(groups, 0, sizeof(*groups));
}
