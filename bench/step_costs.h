/*
 * Costs per executed step. A plan fuses nodes (conv, batch norm, activation, residual add), so the
 * cost of a step is that of the node it is named after and of every node before it that no other
 * step names. What it reads is what comes from other steps.
 */
#ifndef SB_BENCH_STEP_COSTS_H
#define SB_BENCH_STEP_COSTS_H

#include "base/error.h"
#include "bench/costs.h"
#include "engine/plan.h"
#include "models/graph.h"

/* steps[i] of step i; owned by the caller (sb_free). Every node but the model's inputs ends up in
 * exactly one step; SB_EINTERNAL when a node is in none (the plan does not compute it). */
int sb_step_costs(struct sb_cost **steps, const struct sb_plan *plan, const struct sb_graph *graph,
                  const struct sb_costs *costs, struct sb_error *err);

#endif
